//! Tuple structs, which are tuples in Python.

use pyo3::Borrowed;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::conversion::{Mismatch, Place, Problem, is_failed_conversion};

/// A tuple whose items are read.
#[derive(Debug)]
pub struct Items<'a, 'py> {
    tuple: Borrowed<'a, 'py, PyTuple>,
    subject: &'static str,
}

impl<'a, 'py> Items<'a, 'py> {
    /// Takes a tuple of that length.
    pub fn open(
        object: Borrowed<'a, 'py, PyAny>,
        length: usize,
        subject: &'static str,
    ) -> PyResult<Self> {
        match object.cast::<PyTuple>() {
            Ok(tuple) if tuple.len() == length => Ok(Self { tuple, subject }),
            _ => Err(Mismatch::error(
                subject,
                &object,
                Place::Whole,
                Problem::Expected(format!("a tuple of {length}").into()),
            )),
        }
    }

    /// An item.
    pub fn item<T: FromPyObjectOwned<'py>>(&self, index: usize) -> PyResult<T> {
        let item = self.tuple.get_item(index)?;
        item.extract::<T>().map_err(|error| {
            let error = error.into();
            if !is_failed_conversion(item.py(), &error) {
                return error;
            }
            Mismatch::error(
                self.subject,
                &self.tuple.to_owned().into_any(),
                Place::Item(index, item.clone().unbind()),
                Problem::Inner(std::any::type_name::<T>(), error),
            )
        })
    }
}
