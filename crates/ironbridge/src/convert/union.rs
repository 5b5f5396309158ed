//! Unions without a tag: the variants are tried in their order.

use pyo3::Borrowed;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

use crate::error::conversion::{Mismatch, Place, Problem, is_failed_conversion};

/// The one Python type that a plain Rust type is the counterpart of. Python converts between some of them (`True` is 1,
/// an int does for a float), so a union tries first who is that very type.
#[derive(Debug, Clone, Copy)]
pub enum Plain {
    /// `bool`
    Bool,
    /// `int`, but no `bool`
    Int,
    /// `float`
    Float,
    /// `str`
    Str,
    /// Any other: it is tried in any case.
    Other,
}

impl Plain {
    /// Whether an object is of this type, not only convertible.
    pub fn fits(self, object: Borrowed<'_, '_, PyAny>) -> bool {
        match self {
            Self::Bool => object.is_instance_of::<PyBool>(),
            Self::Int => object.is_instance_of::<PyInt>() && !object.is_instance_of::<PyBool>(),
            Self::Float => object.is_instance_of::<PyFloat>(),
            Self::Str => object.is_instance_of::<PyString>(),
            Self::Other => true,
        }
    }
}

/// The variants of a union that were tried on an object.
#[derive(Debug)]
pub struct Attempts<'a, 'py> {
    object: Borrowed<'a, 'py, PyAny>,
    subject: &'static str,
    failed: Vec<(usize, &'static str, PyErr)>,
}

impl<'a, 'py> Attempts<'a, 'py> {
    /// None yet.
    pub fn new(object: Borrowed<'a, 'py, PyAny>, subject: &'static str) -> Self {
        Self {
            object,
            subject,
            failed: Vec::new(),
        }
    }

    /// The value of a variant, or none where it does not fit. What Python code raised ends the attempts.
    pub fn attempt<T>(
        &mut self,
        index: usize,
        shown: &'static str,
        result: PyResult<T>,
    ) -> PyResult<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_failed_conversion(self.object.py(), &error) => {
                self.failed.push((index, shown, error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The error where no variant fits.
    #[cold]
    pub fn error(mut self) -> PyErr {
        self.failed.sort_by_key(|(index, _, _)| *index);
        let failed = self.failed.into_iter();
        let problem = Problem::NoVariant(failed.map(|(_, shown, error)| (shown, error)).collect());
        Mismatch::error(self.subject, &self.object, Place::Whole, problem)
    }
}

/// Converts the content of a variant with one field.
pub fn only<'py, T: FromPyObjectOwned<'py>>(
    object: Borrowed<'_, 'py, PyAny>,
    subject: &'static str,
) -> PyResult<T> {
    T::extract(object).map_err(|error| {
        let error: PyErr = error.into();
        if !is_failed_conversion(object.py(), &error) {
            return error;
        }
        let problem = Problem::Inner(std::any::type_name::<T>(), error);
        Mismatch::error(subject, &object, Place::Whole, problem)
    })
}
