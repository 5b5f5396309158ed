//! Channels: values that go from thread to thread.

use std::fmt;
use std::time::{Duration, Instant};

use crate::interpreter::detach;

pub use crossbeam_channel::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

/// A channel that takes any number of values, like [`std::sync::mpsc::channel`]: sending never waits. Both ends clone, and
/// each value is received once.
///
/// ```
/// use std::thread;
///
/// use pyo3::{IntoPyObjectExt, Py, PyAny};
///
/// # fn main() -> ironbridge::Result<()> {
/// let (sender, receiver) = ironbridge::sync::channel::<Py<PyAny>>();
/// let other = thread::spawn(move || {
///     ironbridge::attach(|py| sender.send(7.into_py_any(py).expect("an int")))
/// });
/// let seven: i64 = ironbridge::attach(|py| {
///     let object = receiver.recv().expect("a value"); // detached while it waits
///     object.extract(py).expect("an int")
/// })?;
/// assert_eq!(seven, 7);
/// # other.join().expect("no panic")?.expect("received");
/// # Ok(())
/// # }
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = crossbeam_channel::unbounded();
    (Sender(sender), Receiver(receiver))
}

/// A channel that holds up to `capacity` values, like [`std::sync::mpsc::sync_channel`]: sending waits where it is full,
/// detached. With 0 a value goes from hand to hand.
pub fn sync_channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = crossbeam_channel::bounded(capacity);
    (Sender(sender), Receiver(receiver))
}

/// The end of a channel that sends.
pub struct Sender<T>(crossbeam_channel::Sender<T>);

impl<T: Send> Sender<T> {
    /// Sends a value; where the channel is full, waits for room, detached.
    ///
    /// # Errors
    ///
    /// All receivers are gone; the error has the value.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        match self.0.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(value)) => Err(SendError(value)),
            Err(TrySendError::Full(value)) => detach(|| self.0.send(value)),
        }
    }

    /// Sends a value, where there is room.
    ///
    /// # Errors
    ///
    /// The channel is full, or all receivers are gone; the error has the value.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.0.try_send(value)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The end of a channel that receives.
pub struct Receiver<T>(crossbeam_channel::Receiver<T>);

impl<T: Send> Receiver<T> {
    /// The next value; waits for it, detached.
    ///
    /// # Errors
    ///
    /// The channel is empty and all senders are gone.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    pub fn recv(&self) -> Result<T, RecvError> {
        match self.0.try_recv() {
            Ok(value) => Ok(value),
            Err(TryRecvError::Disconnected) => Err(RecvError),
            Err(TryRecvError::Empty) => detach(|| self.0.recv()),
        }
    }

    /// The next value; waits for it, detached, but no longer than `limit`.
    ///
    /// # Errors
    ///
    /// The time was up; or the channel is empty and all senders are gone.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, RecvTimeoutError> {
        match self.0.try_recv() {
            Ok(value) => Ok(value),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => detach(|| self.0.recv_timeout(limit)),
        }
    }

    /// As [`recv_timeout`](Self::recv_timeout), until a moment.
    ///
    /// # Errors
    ///
    /// As [`recv_timeout`](Self::recv_timeout).
    ///
    /// # Panics
    ///
    /// As [`recv_timeout`](Self::recv_timeout).
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    }

    /// The next value, where there is one.
    ///
    /// # Errors
    ///
    /// The channel is empty.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.0.try_recv()
    }

    /// The values that come, until all senders are gone; each is waited for, detached.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a, T: Send> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The values that come through a channel; see [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T>(&'a Receiver<T>);

impl<T: Send> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}
