//! Types of `serde` between Rust and Python.

mod de;
mod failure;
mod ser;

use pyo3::Borrowed;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::failure::Failure;
use crate::error::conversion::{Mismatch, Place, Problem, Unconvertible};

/// Any type of `serde`, as Python's own: structs and maps are dicts, sequences lists, tuples tuples.
///
/// For types of other crates, and where a type has its `serde` attributes already. Your own types convert faster and
/// with more choice by [`#[derive(Python)]`](macro@crate::Python).
///
/// | `serde` | Python |
/// | --- | --- |
/// | `bool`, integers, floats, `str`, `char` | `bool`, `int`, `float`, `str` |
/// | bytes | `bytes`; from Python `bytearray` too |
/// | unit, `None` | `None` |
/// | sequence | `list`; from Python any sequence or set |
/// | tuple, tuple struct | `tuple`; from Python any sequence |
/// | map | `dict`; from Python any mapping |
/// | struct | `dict`; from Python also an object, by its attributes |
/// | enum | `"Variant"`, or `{"Variant": content}` |
///
/// What does not fit is an error with its path, as with the derive.
///
/// ```
/// use ironbridge::{Session, convert::Serde};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct Job {
///     job_name: String,
///     #[serde(default)]
///     retries: u8,
/// }
///
/// let session = Session::new()?;
/// let Serde(job) = session.eval::<Serde<Job>>("{'jobName': 'nightly'}")?;
/// assert_eq!(job, Job { job_name: "nightly".to_owned(), retries: 0 });
/// session.set("job", Serde(job))?;
/// assert_eq!(session.eval::<i64>("job['retries']")?, 0);
///
/// let error = session.eval::<Serde<Job>>("{'jobName': 'nightly', 'retries': 300}").unwrap_err();
/// assert_eq!(error.to_string(), "the expression.retries: expected u8, found int 300");
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serde<T>(pub T);

impl<T> std::ops::Deref for Serde<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Serde<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: DeserializeOwned> FromPyObject<'_, '_> for Serde<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match T::deserialize(de::Deserializer::new(&object)) {
            Ok(value) => Ok(Self(value)),
            Err(failure) => Err(refused::<T>(&object, failure)),
        }
    }
}

#[cold]
fn refused<T>(object: &Bound<'_, PyAny>, failure: Failure) -> PyErr {
    match failure.into_parts() {
        Ok((path, text)) => Mismatch::error(
            std::any::type_name::<T>(),
            object,
            Place::Whole,
            Problem::At(path, text),
        ),
        Err(raised) => raised,
    }
}

impl<'py, T: Serialize> IntoPyObject<'py> for &Serde<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        self.0
            .serialize(ser::Serializer(py))
            .map_err(|failure| match failure.into_parts() {
                Ok((path, text)) => {
                    let name = std::any::type_name::<T>();
                    Unconvertible::error(py, name, path, name, PyTypeError::new_err(text))
                }
                Err(raised) => raised,
            })
    }
}

impl<'py, T: Serialize> IntoPyObject<'py> for Serde<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[inline]
    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        (&self).into_pyobject(py)
    }
}
