//! Rust values on their way into a block.

use pyo3::prelude::*;
use pyo3::{BoundObject, PyErr};

use super::CallSite;
use crate::error::{Error, Result};

/// A captured variable, borrowed.
#[derive(Debug)]
pub struct Captured<'a, T: ?Sized>(pub &'a T);

impl<'t, T> Captured<'_, &'t [T]> {
    /// Slices are captured as what they point to: `PyO3` converts `&[T]` but not `&&[T]`.
    #[inline]
    pub fn capture<'py>(
        &self,
        py: Python<'py>,
        site: &'static CallSite,
        index: usize,
    ) -> Result<Bound<'py, PyAny>>
    where
        &'t [T]: IntoPyObject<'py>,
    {
        let slice: &'t [T] = self.0;
        convert(py, slice, site, index)
    }
}

/// Captures every other value by reference.
pub trait CaptureByTrait<'a, T: ?Sized + 'a> {
    /// Converts the value to a Python object, or says which capture cannot be converted and why.
    fn capture<'py>(
        &self,
        py: Python<'py>,
        site: &'static CallSite,
        index: usize,
    ) -> Result<Bound<'py, PyAny>>
    where
        &'a T: IntoPyObject<'py>;
}

impl<'a, T: ?Sized> CaptureByTrait<'a, T> for Captured<'a, T> {
    #[inline]
    fn capture<'py>(
        &self,
        py: Python<'py>,
        site: &'static CallSite,
        index: usize,
    ) -> Result<Bound<'py, PyAny>>
    where
        &'a T: IntoPyObject<'py>,
    {
        convert(py, self.0, site, index)
    }
}

#[inline]
fn convert<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    value: T,
    site: &'static CallSite,
    index: usize,
) -> Result<Bound<'py, PyAny>> {
    match value.into_pyobject(py) {
        Ok(object) => Ok(object.into_bound().into_any()),
        Err(error) => Err(failed::<T>(py, error.into(), site, index)),
    }
}

#[cold]
fn failed<T>(py: Python<'_>, error: PyErr, site: &'static CallSite, index: usize) -> Error {
    let name = site.source().captures.get(index).copied().unwrap_or("?");
    Error::capture(
        py,
        name,
        std::any::type_name::<T>().trim_start_matches('&'),
        error,
        site.source().origin(),
    )
}
