//! Rust values on their way into a block.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::{BoundObject, PyErr};

use super::CallSite;
use crate::convert::private::{Each, Find, Found, Keyed, Whole, located};
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
        for<'e> &'e T: IntoPyObject<'py>,
    {
        let slice: &'t [T] = self.0;
        convert(py, slice, site, index, || {
            <Each<Whole> as Find<'py, [T]>>::find(slice, py)
        })
    }
}

impl<'a, T> Captured<'a, Vec<T>> {
    /// Vectors are captured by reference as all values are; of them the element that does not convert can be named.
    #[inline]
    pub fn capture<'py>(
        &self,
        py: Python<'py>,
        site: &'static CallSite,
        index: usize,
    ) -> Result<Bound<'py, PyAny>>
    where
        &'a Vec<T>: IntoPyObject<'py>,
        for<'e> &'e T: IntoPyObject<'py>,
    {
        convert(py, self.0, site, index, || {
            <Each<Whole> as Find<'py, Vec<T>>>::find(self.0, py)
        })
    }
}

impl<'a, K, V, S> Captured<'a, HashMap<K, V, S>> {
    /// Likewise.
    #[inline]
    pub fn capture<'py>(
        &self,
        py: Python<'py>,
        site: &'static CallSite,
        index: usize,
    ) -> Result<Bound<'py, PyAny>>
    where
        &'a HashMap<K, V, S>: IntoPyObject<'py>,
        for<'e> &'e K: IntoPyObject<'py>,
        for<'e> &'e V: IntoPyObject<'py>,
    {
        convert(py, self.0, site, index, || {
            <Keyed<Whole> as Find<'py, HashMap<K, V, S>>>::find(self.0, py)
        })
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
        convert(py, self.0, site, index, || None)
    }
}

#[inline]
fn convert<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    value: T,
    site: &'static CallSite,
    index: usize,
    find: impl FnOnce() -> Option<Found>,
) -> Result<Bound<'py, PyAny>> {
    match value.into_pyobject(py) {
        Ok(object) => Ok(object.into_bound().into_any()),
        Err(error) => {
            let error = located(py, error.into(), find());
            Err(failed::<T>(py, error, site, index))
        }
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
