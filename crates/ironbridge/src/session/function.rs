//! A Python function that is looked up once and called often.

use std::fmt;
use std::panic::Location;

use pyo3::call::PyCallArgs;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;

use super::Session;
use crate::error::{Error, Origin, Result};
use crate::interpreter::attach_started;

/// A callable of a session, held: a call finds no name and is one vectorcall.
///
/// It stays the same function where the session's name is given another value later.
///
/// ```
/// # let session = ironbridge::Session::new()?;
/// session.run("def area(width, height): return width * height")?;
/// let area = session.function("area")?;
/// assert_eq!(area.call::<f64, _>((2.0, 3.5))?, 7.0);
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub struct Function {
    name: String,
    callable: Py<PyAny>,
}

impl Session {
    /// A function of the session, or of Python's own, by its name.
    ///
    /// # Errors
    ///
    /// There is no such name, or its value cannot be called.
    #[track_caller]
    pub fn function(&self, name: &str) -> Result<Function> {
        let origin = Origin::caller(Location::caller());
        attach_started(|py| {
            let callable = self.lookup(py, name, origin)?;
            if !callable.is_callable() {
                let message = format!(
                    "'{name}' in the session cannot be called: {}",
                    callable.get_type()
                );
                let error = pyo3::exceptions::PyTypeError::new_err(message);
                return Err(Error::from_python(py, error, Some(origin)));
            }
            Ok(Function {
                name: name.to_owned(),
                callable: callable.unbind(),
            })
        })
    }
}

impl Function {
    /// Calls it with a tuple of arguments.
    ///
    /// # Errors
    ///
    /// What the function raised, or that its result is no `T`.
    #[track_caller]
    #[inline]
    pub fn call<T, A>(&self, arguments: A) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        A: for<'py> PyCallArgs<'py>,
    {
        let location = Location::caller();
        attach_started(|py| call_object(self.callable.bind(py), &self.name, arguments, location))
    }
}

/// Calls `callable` with a tuple of arguments; errors name it and the place of the call.
#[inline]
pub(super) fn call_object<'py, T, A>(
    callable: &Bound<'py, PyAny>,
    name: &str,
    arguments: A,
    location: &'static Location<'static>,
) -> Result<T>
where
    T: FromPyObjectOwned<'py>,
    A: PyCallArgs<'py>,
{
    let value = callable.call1(arguments).map_err(|error| {
        Error::from_python(callable.py(), error, Some(Origin::caller(location)))
    })?;
    value.extract::<T>().map_err(|error| {
        Error::result::<T>(
            &value,
            error.into(),
            &format!("{name}()"),
            Origin::caller(location),
        )
    })
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
