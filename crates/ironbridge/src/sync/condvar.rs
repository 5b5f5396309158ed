//! Waiting until something about a locked value has changed.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use pyo3::Python;

use super::MutexGuard;
use crate::interpreter::is_attached;

/// Waits until something about the value of a [`Mutex`](super::Mutex) has changed, like [`std::sync::Condvar`], and lets
/// the interpreter go meanwhile.
///
/// ```
/// use std::thread;
///
/// use ironbridge::sync::{Condvar, Mutex};
///
/// static READY: Mutex<bool> = Mutex::new(false);
/// static CHANGED: Condvar = Condvar::new();
///
/// # fn main() -> ironbridge::Result<()> {
/// let other = thread::spawn(|| -> ironbridge::Result<()> {
///     ironbridge::attach(|_py| *READY.lock() = true)?;
///     CHANGED.notify_all();
///     Ok(())
/// });
/// ironbridge::attach(|_py| {
///     let ready = CHANGED.wait_while(READY.lock(), |ready| !*ready);
///     assert!(*ready);
/// })?;
/// # other.join().expect("no panic")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Condvar(std::sync::Condvar);

impl Condvar {
    /// One that nobody waits for.
    pub const fn new() -> Self {
        Self(std::sync::Condvar::new())
    }

    /// Opens the lock, waits to be notified, and locks again. It may come back without having been notified: ask for what
    /// was waited for, or use [`wait_while`](Self::wait_while).
    ///
    /// # Panics
    ///
    /// In a `__traverse__`; where it is used with two mutexes.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        detached(|| self.0.wait(guard).unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits as long as `condition` gives true. It is asked before, and whenever this was notified, as attached as the
    /// thread was.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait) does.
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        while condition(&mut *guard) {
            guard = self.wait(guard);
        }
        guard
    }

    /// Waits to be notified, but no longer than `limit`, and not for the lock. Gives whether the time was up.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait) does.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let (guard, result) = detached(|| {
            let waited = self.0.wait_timeout(guard, limit);
            waited.unwrap_or_else(PoisonError::into_inner)
        });
        (guard, result.timed_out())
    }

    /// Waits as long as `condition` gives true, but no longer than `limit`. Gives whether it still did when the time was up.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait) does.
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, T>, bool) {
        let begun = Instant::now();
        while condition(&mut *guard) {
            let Some(left) = limit.checked_sub(begun.elapsed()) else {
                return (guard, true);
            };
            (guard, _) = self.wait_timeout(guard, left);
        }
        (guard, false)
    }

    /// Wakes one of those that wait.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Runs a wait detached. Nothing else: it may not use the interpreter, nor what a guard guards.
fn detached<R>(wait: impl FnOnce() -> R) -> R {
    /// What stays on its thread.
    struct SameThread<T>(T);

    // SAFETY: `Python::detach` runs its closure on the calling thread. It asks for `Send` only to keep out what borrows
    // from the interpreter. Guards are not `Send`, since their thread must open the lock, and it does. Whatever they guard
    // is not touched by the waits of this file.
    unsafe impl<T> Send for SameThread<T> {}

    impl<R, F: FnOnce() -> R> SameThread<F> {
        fn run(self) -> SameThread<R> {
            SameThread((self.0)())
        }
    }

    if !is_attached() {
        return wait();
    }
    let wait = SameThread(wait);
    Python::attach(|py| py.detach(move || wait.run())).0
}
