//! The mutex.

use std::sync::{PoisonError, TryLockError};

use pyo3::Python;
use pyo3::sync::MutexExt;

use crate::interpreter::is_attached;

pub use std::sync::MutexGuard;

/// A lock with one holder at a time, like [`std::sync::Mutex`], that lets the interpreter go while it waits, and is never
/// poisoned.
///
/// ```
/// use ironbridge::sync::Mutex;
///
/// static CALLS: Mutex<u64> = Mutex::new(0);
///
/// let calls = ironbridge::attach(|_py| {
///     let mut calls = CALLS.lock();
///     *calls += 1;
///     *calls
/// })?;
/// assert_eq!(calls, 1);
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// A mutex that is open.
    pub const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// Locks, and waits for it where it must: detached.
    ///
    /// A thread that holds it already waits for itself, for ever.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        match self.try_lock() {
            Some(guard) => guard,
            None => self.wait(),
        }
    }

    /// Locks, where nobody holds it.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[cold]
    fn wait(&self) -> MutexGuard<'_, T> {
        let locked = if is_attached() {
            Python::attach(|py| self.0.lock_py_attached(py))
        } else {
            self.0.lock()
        };
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, without locking: whoever has it mutably is alone.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
