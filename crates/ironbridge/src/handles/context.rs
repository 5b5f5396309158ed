//! A Python context manager, entered and left from Rust.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::{Borrowed, Py, ffi, intern};

use super::callback::panicked;
use super::place::origin;
use crate::error::{Error, Result};
use crate::interpreter::{attach, attach_started};

/// A Python context manager, whose `with … as value` gives a `T`.
///
/// [`run`](Self::run) is Python's `with` block; [`enter`](Self::enter) gives a guard, which leaves it when dropped.
///
/// ```
/// use ironbridge::{Context, Session};
///
/// let session = Session::new()?;
/// session.run("
/// from contextlib import contextmanager
/// steps = []
///
/// @contextmanager
/// def transaction(name):
///     steps.append(f'begin {name}')
///     try:
///         yield len(name)
///     except ValueError:
///         steps.append('roll back')   # and hide the error
///     else:
///         steps.append('commit')
/// ")?;
/// let transaction = session.call::<Context<usize>, _>("transaction", ("first",))?;
/// assert_eq!(transaction.run(|length| Ok(length + 1))?, Some(6));
///
/// let transaction = session.call::<Context<usize>, _>("transaction", ("second",))?;
/// let hidden = transaction.run(|_| session.run("int('many')"))?;
/// assert_eq!(hidden, None);
/// assert_eq!(
///     session.get::<Vec<String>>("steps")?,
///     ["begin first", "commit", "begin second", "roll back"]
/// );
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// Whether it can be entered twice, one after the other or one in the other, is up to the context manager, as in
/// Python: a lock can be entered again, a generator's context once.
pub struct Context<T> {
    manager: Py<PyAny>,
    value: PhantomData<fn() -> T>,
}

impl<T> Context<T>
where
    T: for<'py> FromPyObjectOwned<'py>,
{
    /// Enters it: calls `__enter__`.
    ///
    /// # Errors
    ///
    /// What `__enter__` raised; or its value is no `T`: then the context has been left again, by that error.
    ///
    /// ```
    /// # use ironbridge::{Context, python};
    /// let lock = python! { -> Context<bool> =>
    ///     import threading
    ///     lock = threading.Lock()
    ///     lock
    /// }?;
    /// let guard = lock.enter()?;
    /// assert!(*guard);
    /// assert!(python! { -> bool => lock.locked() }?);
    /// guard.exit()?;
    /// assert!(!python! { -> bool => lock.locked() }?);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn enter(&self) -> Result<Guard<T>> {
        let location = Location::caller();
        attach_started(|py| {
            let (value, left) = self.enter_attached(py, location)?;
            Ok(Guard {
                value,
                left: Some(left),
                location,
            })
        })
    }

    /// Runs `f` inside, as a `with` block does: `f` gets the value of `__enter__`, and its error goes to `__exit__`,
    /// with type, value and traceback. `Ok(None)` says that `__exit__` has suppressed it.
    ///
    /// A panic of `f` leaves the context by a `RuntimeError` with its text, and then goes on.
    ///
    /// # Errors
    ///
    /// What [`enter`](Self::enter) may give; the error of `f`, unless it is suppressed; or what `__exit__` raised.
    #[track_caller]
    pub fn run<R>(&self, f: impl FnOnce(T) -> Result<R>) -> Result<Option<R>> {
        let location = Location::caller();
        let (value, left) = attach_started(|py| self.enter_attached(py, location))?;
        match catch_unwind(AssertUnwindSafe(|| f(value))) {
            Ok(Ok(result)) => {
                attach_started(|py| left.leave(py, None))
                    .map_err(|error| located(error, location))?;
                Ok(Some(result))
            }
            Ok(Err(error)) => attach_started(|py| left.leave_by(py, error, location)),
            Err(panic) => {
                // The panic goes on whatever happens here.
                let _ = attach(|py| left.leave_by_panic(py, &*panic));
                resume_unwind(panic)
            }
        }
    }

    fn enter_attached(
        &self,
        py: Python<'_>,
        location: &'static Location<'static>,
    ) -> Result<(T, Entered)> {
        let manager = self.manager.bind(py);
        let enter = || {
            // On the type, as `with` does; `__exit__` before `__enter__` is called.
            let kind = manager.get_type();
            let exit = kind.getattr(intern!(py, "__exit__"))?;
            let value = kind.getattr(intern!(py, "__enter__"))?.call1((manager,))?;
            PyResult::Ok((value, exit))
        };
        let (value, exit) =
            enter().map_err(|error| Error::from_python(py, error, origin(location)))?;
        let entered = Entered {
            manager: self.manager.clone_ref(py),
            exit: exit.unbind(),
        };
        match value.extract::<T>() {
            Ok(value) => Ok((value, entered)),
            Err(error) => {
                let error = error.into();
                let error =
                    Error::result::<T>(&value, error, "the context's value", origin(location));
                // Suppressed or not, there is no value to go on with.
                match entered.leave(py, Some(&error.to_exception(py))) {
                    Ok(_) => Err(error),
                    Err(other) => Err(Error::from_python(py, other, origin(location))),
                }
            }
        }
    }
}

/// A context that has been entered and is to be left.
struct Entered {
    manager: Py<PyAny>,
    exit: Py<PyAny>,
}

impl Entered {
    /// Calls `__exit__`, while `error` is the exception that is being handled; whether it is suppressed.
    fn leave(&self, py: Python<'_>, error: Option<&PyErr>) -> PyResult<bool> {
        let (manager, exit) = (self.manager.bind(py), self.exit.bind(py));
        let Some(error) = error else {
            exit.call1((manager, py.None(), py.None(), py.None()))?;
            return Ok(false);
        };
        let _handled = Handled::new(error.value(py).as_any());
        let arguments = (
            manager,
            error.get_type(py),
            error.value(py),
            error.traceback(py),
        );
        exit.call1(arguments)?.is_truthy()
    }

    /// Leaves by an error: gives it back, or what `__exit__` raised, or nothing where it was suppressed.
    fn leave_by<R>(
        &self,
        py: Python<'_>,
        error: Error,
        location: &'static Location<'static>,
    ) -> Result<Option<R>> {
        let raised = error.to_exception(py);
        match self.leave(py, Some(&raised)) {
            Ok(true) => Ok(None),
            Ok(false) => Err(error),
            // `raise` in an `__exit__` may mean the same exception again.
            Err(other) if other.value(py).is(raised.value(py)) => Err(error),
            Err(other) => Err(Error::from_python(py, other, origin(location))),
        }
    }

    /// Leaves by a panic, which nothing suppresses.
    fn leave_by_panic(&self, py: Python<'_>, panic: &(dyn Any + Send)) {
        let raised = panicked(py, "a closure run in a context", panic);
        if let Err(error) = self.leave(py, Some(&raised))
            && !error.value(py).is(raised.value(py))
        {
            error.write_unraisable(py, Some(self.manager.bind(py)));
        }
    }
}

/// Makes an exception the one that is being handled (`sys.exc_info()`), until dropped: what is raised meanwhile has it
/// as its context.
struct Handled<'py> {
    before: Option<Bound<'py, PyAny>>,
    py: Python<'py>,
}

impl<'py> Handled<'py> {
    fn new(exception: &Bound<'py, PyAny>) -> Self {
        let py = exception.py();
        // SAFETY: attached. The first gives a new reference, or null where nothing is being handled; the second takes
        // a reference of its own to an exception.
        let before = unsafe {
            let before = Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetHandledException());
            ffi::PyErr_SetHandledException(exception.as_ptr());
            before
        };
        Self { before, py }
    }
}

impl Drop for Handled<'_> {
    fn drop(&mut self) {
        let before = match &self.before {
            Some(before) => before.clone(),
            None => self.py.None().into_bound(self.py),
        };
        // SAFETY: attached (`py`); the exception that was handled before, or `None` for nothing.
        unsafe { ffi::PyErr_SetHandledException(before.as_ptr()) };
    }
}

#[cold]
fn located(error: PyErr, location: &'static Location<'static>) -> Error {
    attach_started(|py| Error::from_python(py, error, origin(location)))
}

/// A context that has been entered; derefs to the value of its `__enter__`.
///
/// Dropped, it leaves the context: `__exit__(None, None, None)`, or during a panic with a `RuntimeError`, so that a
/// transaction is not committed by a panic. For this a drop attaches to the interpreter: do not hold a lock meanwhile
/// that attached code waits for. What `__exit__` raises then goes to `sys.unraisablehook`; [`exit`](Self::exit) gives
/// it.
///
/// An error of Rust's that passes by (`?`) is not known to the guard, which leaves as if all were well. Use
/// [`Context::run`] where that matters.
#[must_use = "a guard that is dropped at once leaves the context at once"]
pub struct Guard<T> {
    value: T,
    /// Gone when it has been left.
    left: Option<Entered>,
    location: &'static Location<'static>,
}

impl<T> Guard<T> {
    /// Leaves the context.
    ///
    /// # Errors
    ///
    /// What `__exit__` raised.
    #[track_caller]
    pub fn exit(mut self) -> Result<()> {
        let location = Location::caller();
        let Some(entered) = self.left.take() else {
            return Ok(());
        };
        attach_started(|py| {
            entered
                .leave(py, None)
                .map_err(|error| Error::from_python(py, error, origin(location)))
        })?;
        Ok(())
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        let Some(entered) = self.left.take() else {
            return;
        };
        // Where Python is at its end already, nothing can be left any more.
        let _ = attach(|py| {
            if std::thread::panicking() {
                entered.leave_by_panic(py, &"a panic unwound through a context's guard");
            } else if let Err(error) = entered.leave(py, None) {
                error.write_unraisable(py, Some(entered.manager.bind(py)));
            }
        });
    }
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("value", &self.value)
            .field("entered_at", &format_args!("{}", self.location))
            .finish_non_exhaustive()
    }
}

impl<T> FromPyObject<'_, '_> for Context<T> {
    type Error = PyErr;

    /// Takes a context manager: an object whose type has `__enter__` and `__exit__`.
    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let kind = object.get_type();
        if kind.hasattr(intern!(py, "__enter__"))? && kind.hasattr(intern!(py, "__exit__"))? {
            return Ok(Self {
                manager: object.to_owned().unbind(),
                value: PhantomData,
            });
        }
        let name = kind.name()?;
        let hint = if kind.hasattr(intern!(py, "__aenter__"))? {
            "; it is an asynchronous one"
        } else {
            ""
        };
        Err(PyTypeError::new_err(format!(
            "'{name}' object is not a context manager (it has no `__enter__` and `__exit__`{hint})"
        )))
    }
}

impl<'py, T> IntoPyObject<'py> for Context<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Infallible> {
        Ok(self.manager.into_bound(py))
    }
}

impl<'a, 'py, T> IntoPyObject<'py> for &'a Context<T> {
    type Target = PyAny;
    type Output = Borrowed<'a, 'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.manager.bind_borrowed(py))
    }
}

impl<T> fmt::Debug for Context<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}
