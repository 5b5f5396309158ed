//! The lock of many readers or one writer.

use std::sync::{PoisonError, TryLockError};

use pyo3::Python;
use pyo3::sync::RwLockExt;

use crate::interpreter::is_attached;

pub use std::sync::{RwLockReadGuard, RwLockWriteGuard};

/// A lock with many readers or one writer, like [`std::sync::RwLock`], that lets the interpreter go while it waits, and is
/// never poisoned.
///
/// ```
/// use ironbridge::sync::RwLock;
///
/// static MODEL: RwLock<String> = RwLock::new(String::new());
///
/// ironbridge::attach(|_py| "small".clone_into(&mut MODEL.write()))?;
/// assert_eq!(*MODEL.read(), "small");
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct RwLock<T>(std::sync::RwLock<T>);

impl<T> RwLock<T> {
    /// A lock that is open.
    pub const fn new(value: T) -> Self {
        Self(std::sync::RwLock::new(value))
    }

    /// Locks for reading, and waits for it where it must: detached.
    ///
    /// A thread that reads already should not ask again: a writer that came between may be waited for, and waits itself.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    #[inline]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        match self.try_read() {
            Some(guard) => guard,
            None => self.wait_to_read(),
        }
    }

    /// Locks for writing, and waits for it where it must: detached.
    ///
    /// A thread that holds it already waits for itself, for ever.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    #[inline]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        match self.try_write() {
            Some(guard) => guard,
            None => self.wait_to_write(),
        }
    }

    /// Locks for reading, where nobody writes.
    #[inline]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        match self.0.try_read() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Locks for writing, where nobody reads or writes.
    #[inline]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        match self.0.try_write() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[cold]
    fn wait_to_read(&self) -> RwLockReadGuard<'_, T> {
        let locked = if is_attached() {
            Python::attach(|py| self.0.read_py_attached(py))
        } else {
            self.0.read()
        };
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn wait_to_write(&self) -> RwLockWriteGuard<'_, T> {
        let locked = if is_attached() {
            Python::attach(|py| self.0.write_py_attached(py))
        } else {
            self.0.write()
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

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
