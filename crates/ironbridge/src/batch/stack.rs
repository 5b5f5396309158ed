//! Arrays as items and as results: stacked along a new first axis, and taken apart along it.

use ndarray::{ArrayView, Axis, Dimension, RemoveAxis};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::items::{Gather, Items};
use super::outcomes::{Outcomes, Scatter, ScatterPython};
use crate::arrays::{Array, Element};
use crate::error::{Error, ErrorKind, Report, Result};

impl<T, D> Gather for Array<T, D>
where
    T: Element,
    D: RemoveAxis + 'static,
    D::Smaller: Dimension<Larger = D> + 'static,
{
    type Item = Array<T, D::Smaller>;
    type Key = Box<[usize]>;

    fn key(item: &Self::Item) -> Box<[usize]> {
        item.shape().into()
    }

    fn gather(items: Items<Self::Item>) -> Result<Self> {
        if let [only] = &*items {
            return Ok(only.as_only_row());
        }
        let views: Vec<ArrayView<'_, T, D::Smaller>> =
            items.iter().map(|item| item.view()).collect();
        let stacked = ndarray::stack(Axis(0), &views);
        stacked.map(Self::from).map_err(|error| {
            let report = Report::new(format!("arrays do not fit into one: {error}"));
            Error::report(ErrorKind::Conversion, report)
        })
    }
}

impl<T, D> Scatter for Array<T, D>
where
    T: Element,
    D: RemoveAxis + 'static,
    D::Smaller: 'static,
{
    type Item = Array<T, D::Smaller>;

    fn scatter(self) -> Vec<Result<Self::Item>> {
        self.rows().map(Ok).collect()
    }
}

/// One array of all results; or a list of results, in which exceptions may be.
#[derive(Debug)]
pub enum Rows<T: Element, D: RemoveAxis> {
    /// The first axis counts the items.
    Array(Array<T, D>),
    /// As they are.
    List(Outcomes<Array<T, D::Smaller>>),
}

impl<T: Element, D> Scatter for Rows<T, D>
where
    D: RemoveAxis + 'static,
    D::Smaller: 'static,
{
    type Item = Array<T, D::Smaller>;

    fn scatter(self) -> Vec<Result<Self::Item>> {
        match self {
            Self::Array(array) => array.scatter(),
            Self::List(list) => list.scatter(),
        }
    }
}

impl<T: Element, D> ScatterPython for Array<T, D>
where
    D: RemoveAxis + 'static,
    D::Smaller: 'static,
{
    type Read = Rows<T, D>;
}

impl<'py, T: Element, D: RemoveAxis> FromPyObject<'_, 'py> for Rows<T, D> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyList>() {
            return Ok(Self::List(object.extract()?));
        }
        Ok(Self::Array(object.extract()?))
    }
}
