//! What is done, or filled, once.

use std::fmt;
use std::ops::Deref;

use super::Mutex;

/// A cell that is filled once, like [`std::sync::OnceLock`]. Who needs it while another thread fills it waits detached, so
/// that what fills it may call Python.
///
/// ```
/// use ironbridge::sync::OnceLock;
/// use pyo3::prelude::*;
///
/// static PLATFORM: OnceLock<String> = OnceLock::new();
///
/// fn platform() -> PyResult<&'static str> {
///     let asked = PLATFORM.get_or_try_init(|| {
///         Python::attach(|py| py.import("sys")?.getattr("platform")?.extract())
///     });
///     asked.map(String::as_str)
/// }
///
/// # ironbridge::Interpreter::get()?;
/// assert!(!platform()?.is_empty());
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub struct OnceLock<T> {
    value: std::sync::OnceLock<T>,
    /// Held by the thread that fills it, so that the cell itself is never waited for.
    filling: Mutex<()>,
}

impl<T> OnceLock<T> {
    /// An empty cell.
    pub const fn new() -> Self {
        Self {
            value: std::sync::OnceLock::new(),
            filling: Mutex::new(()),
        }
    }

    /// The value, where it was filled.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value, mutably.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Fills it, or gives the value back where it was filled. Waits, detached, while another thread fills it.
    ///
    /// # Panics
    ///
    /// Where it must wait in a `__traverse__`.
    pub fn set(&self, value: T) -> Result<(), T> {
        let _filling = self.filling.lock();
        self.value.set(value)
    }

    /// The value; where there is none it is filled with what `fill` gives. While one thread fills it, the others wait
    /// detached. Where `fill` panics it stays empty, and the next one fills it.
    ///
    /// A `fill` that asks for the same cell waits for itself, for ever.
    ///
    /// # Panics
    ///
    /// Where `fill` does, or where it must wait in a `__traverse__`.
    #[inline]
    pub fn get_or_init(&self, fill: impl FnOnce() -> T) -> &T {
        let filled: Result<&T, std::convert::Infallible> = self.get_or_try_init(|| Ok(fill()));
        match filled {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// As [`get_or_init`](Self::get_or_init), where what fills it can fail. It stays empty then.
    ///
    /// # Panics
    ///
    /// Where `fill` does, or where it must wait in a `__traverse__`.
    #[inline]
    pub fn get_or_try_init<E>(&self, fill: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        match self.value.get() {
            Some(value) => Ok(value),
            None => self.try_init(fill),
        }
    }

    #[cold]
    fn try_init<E>(&self, fill: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let _filling = self.filling.lock();
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let value = fill()?;
        // Nobody else fills it, so this one is stored and no thread waits.
        Ok(self.value.get_or_init(|| value))
    }

    /// Takes the value out, and leaves the cell empty.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }

    /// The value itself.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        Self {
            value: value.into(),
            filling: Mutex::new(()),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Something that is done once, like [`std::sync::Once`]. Who comes while another thread does it waits detached.
///
/// ```
/// use ironbridge::sync::Once;
///
/// static START: Once = Once::new();
///
/// let mut started = 0;
/// START.call_once(|| started += 1);
/// START.call_once(|| started += 1);
/// assert_eq!(started, 1);
/// ```
#[derive(Debug, Default)]
pub struct Once(OnceLock<()>);

impl Once {
    /// One that was not done yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Does it, where it was not done yet; when this returns, it is done. Where `f` panics it counts as not done, and the
    /// next call does it: it is not poisoned.
    ///
    /// # Panics
    ///
    /// As [`OnceLock::get_or_init`] does.
    #[inline]
    pub fn call_once(&self, f: impl FnOnce()) {
        self.0.get_or_init(f);
    }

    /// Was it done?
    #[inline]
    pub fn is_completed(&self) -> bool {
        self.0.get().is_some()
    }
}

/// A value that is made when it is first looked at, like [`std::sync::LazyLock`]. Who needs it while another thread makes
/// it waits detached. Where making it panics, the next one makes it.
///
/// ```
/// use ironbridge::sync::LazyLock;
/// use pyo3::prelude::*;
///
/// static PLATFORM: LazyLock<PyResult<String>> = LazyLock::new(|| {
///     Python::attach(|py| py.import("sys")?.getattr("platform")?.extract())
/// });
///
/// # ironbridge::Interpreter::get()?;
/// assert!(PLATFORM.is_ok());
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    value: OnceLock<T>,
    make: F,
}

impl<T, F: Fn() -> T> LazyLock<T, F> {
    /// A value that `make` makes.
    pub const fn new(make: F) -> Self {
        Self {
            value: OnceLock::new(),
            make,
        }
    }

    /// The value, made now where nobody has looked at it before. The same as `&*lazy`.
    ///
    /// # Panics
    ///
    /// As [`OnceLock::get_or_init`] does.
    #[inline]
    pub fn force(this: &Self) -> &T {
        this.value.get_or_init(&this.make)
    }
}

impl<T, F: Fn() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyLock").field(&self.value.get()).finish()
    }
}
