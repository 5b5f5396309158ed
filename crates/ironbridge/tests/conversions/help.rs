//! What the tests share.

use std::fmt::Debug;

use ironbridge::pyo3::IntoPyObjectExt as _;
use ironbridge::pyo3::conversion::FromPyObjectOwned;
use ironbridge::pyo3::prelude::*;
use ironbridge::{Error, ErrorKind, Result, Session};

/// A session with `code` in it.
pub(crate) fn session(code: &str) -> Session {
    let session = Session::new().unwrap();
    session.run(code).unwrap();
    session
}

/// The value of an expression.
pub(crate) fn get<T>(code: &str) -> Result<T>
where
    T: for<'py> FromPyObjectOwned<'py>,
{
    Session::new().unwrap().eval::<T>(code)
}

/// The one line of the error that the conversion of an expression's value to `T` gives.
pub(crate) fn refusal<T>(code: &str) -> String
where
    T: for<'py> FromPyObjectOwned<'py> + Debug,
{
    refusal_in::<T>(&Session::new().unwrap(), code)
}

/// [`refusal`], in a session.
pub(crate) fn refusal_in<T>(session: &Session, code: &str) -> String
where
    T: for<'py> FromPyObjectOwned<'py> + Debug,
{
    let error = session.eval::<T>(code).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion, "{error:#}");
    error.to_string()
}

/// What `repr()` shows of a value that went to Python.
pub(crate) fn shown<T>(value: T) -> String
where
    T: for<'py> IntoPyObject<'py>,
{
    try_shown(value).unwrap()
}

/// [`shown`], or why it did not go.
pub(crate) fn try_shown<T>(value: T) -> Result<String>
where
    T: for<'py> IntoPyObject<'py>,
{
    ironbridge::attach(|py| {
        let object = value.into_bound_py_any(py).map_err(Error::from)?;
        Ok(object.repr()?.to_string())
    })?
}
