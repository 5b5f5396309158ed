//! Rust values on their way into a block.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::{IntoPyObjectExt, PyErr};

use super::CallSite;
use crate::convert::private::{Each, Find, Found, Keyed, Whole, located};
use crate::error::{Error, Result};

/// A captured variable, borrowed.
#[derive(Debug)]
pub struct Captured<'a, T: ?Sized>(pub &'a T);

/// Values whose elements are converted one by one.
pub trait Container {}

/// How a container is captured: an element that does not convert can be named.
pub trait Elements<'a, 'py>: Container {
    /// Converts the container.
    fn object(&'a self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
    /// Finds the element that does not convert.
    fn find(&self, py: Python<'py>) -> Option<Found>;
}

impl<'a, C: Container> Captured<'a, C> {
    /// Converts the container, or says which element cannot be converted and why.
    #[inline]
    pub fn capture<'py>(
        &self,
        py: Python<'py>,
        site: &'static CallSite,
        index: usize,
    ) -> Result<Bound<'py, PyAny>>
    where
        C: Elements<'a, 'py>,
    {
        self.0.object(py).map_err(|error| {
            let error = located(py, error, self.0.find(py));
            failed::<C>(py, error, site, index)
        })
    }
}

impl<T> Container for &[T] {}

/// Slices are captured as what they point to: `PyO3` converts `&[T]` but not `&&[T]`.
impl<'py, 't, T> Elements<'_, 'py> for &'t [T]
where
    &'t [T]: IntoPyObject<'py>,
    for<'e> &'e T: IntoPyObject<'py>,
{
    #[inline]
    fn object(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (*self).into_bound_py_any(py)
    }

    fn find(&self, py: Python<'py>) -> Option<Found> {
        <Each<Whole> as Find<'py, [T]>>::find(self, py)
    }
}

impl<T> Container for Vec<T> {}

impl<'a, 'py, T: 'a> Elements<'a, 'py> for Vec<T>
where
    &'a Vec<T>: IntoPyObject<'py>,
    for<'e> &'e T: IntoPyObject<'py>,
{
    #[inline]
    fn object(&'a self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn find(&self, py: Python<'py>) -> Option<Found> {
        <Each<Whole> as Find<'py, Vec<T>>>::find(self, py)
    }
}

impl<K, V, S> Container for HashMap<K, V, S> {}

impl<'a, 'py, K: 'a, V: 'a, S: 'a> Elements<'a, 'py> for HashMap<K, V, S>
where
    &'a HashMap<K, V, S>: IntoPyObject<'py>,
    for<'e> &'e K: IntoPyObject<'py>,
    for<'e> &'e V: IntoPyObject<'py>,
{
    #[inline]
    fn object(&'a self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn find(&self, py: Python<'py>) -> Option<Found> {
        <Keyed<Whole> as Find<'py, HashMap<K, V, S>>>::find(self, py)
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
        match self.0.into_bound_py_any(py) {
            Ok(object) => Ok(object),
            Err(error) => Err(failed::<&T>(py, error, site, index)),
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
