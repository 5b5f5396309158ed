//! Enums whose variants are values of a `Literal`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyString};
use pyo3::{Borrowed, IntoPyObjectExt};

use crate::error::conversion::{Mismatch, Place, Problem};

/// The value of a variant.
#[derive(Debug, Clone, Copy)]
pub enum Literal {
    /// `"red"`
    Str(&'static str),
    /// `1`
    Int(i64),
    /// `True`
    Bool(bool),
}

impl Literal {
    fn shown(self) -> String {
        match self {
            Self::Str(text) => format!("'{text}'"),
            Self::Int(number) => number.to_string(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
        }
    }

    /// Whether the object is this value: of the same type, so that `True` is not 1.
    fn is(self, object: Borrowed<'_, '_, PyAny>) -> bool {
        match self {
            Self::Str(text) => object
                .cast::<PyString>()
                .is_ok_and(|object| object.to_str().is_ok_and(|object| object == text)),
            Self::Int(number) => {
                object.is_instance_of::<PyInt>()
                    && !object.is_instance_of::<PyBool>()
                    && object.extract::<i64>().is_ok_and(|object| object == number)
            }
            Self::Bool(value) => object
                .cast::<PyBool>()
                .is_ok_and(|object| object.is_true() == value),
        }
    }
}

/// The values of the variants of an enum, in their order.
pub struct Literals<const N: usize> {
    subject: &'static str,
    values: [Literal; N],
    objects: PyOnceLock<[Py<PyAny>; N]>,
}

impl<const N: usize> Literals<N> {
    /// Of the Rust type of that name.
    pub const fn new(subject: &'static str, values: [Literal; N]) -> Self {
        Self {
            subject,
            values,
            objects: PyOnceLock::new(),
        }
    }

    /// Which value the object is.
    pub fn index(&self, object: Borrowed<'_, '_, PyAny>) -> PyResult<usize> {
        // Most often it is the object that was interned here, or by the code that made it.
        if let Some(objects) = self.objects.get(object.py())
            && let Some(index) = objects.iter().position(|value| object.is(value))
        {
            return Ok(index);
        }
        self.find(object)
            .ok_or_else(|| Mismatch::error(self.subject, &object, Place::Whole, self.expected()))
    }

    /// Which value the object, a tag, is; `source` is what it stands in, under that name.
    pub fn index_of_tag(
        &self,
        source: Borrowed<'_, '_, PyAny>,
        name: &'static str,
        tag: Borrowed<'_, '_, PyAny>,
    ) -> PyResult<usize> {
        self.find(tag).ok_or_else(|| {
            let place = Place::Field(name.into(), Some(tag.to_owned().unbind()));
            Mismatch::error(self.subject, &source, place, self.expected())
        })
    }

    /// Whether the object is the value of that variant.
    pub fn is(&self, object: Borrowed<'_, '_, PyAny>, index: usize) -> PyResult<()> {
        let value = self.values[index];
        if value.is(object) {
            return Ok(());
        }
        let expected = Problem::Expected(value.shown().into());
        Err(Mismatch::error(
            self.subject,
            &object,
            Place::Whole,
            expected,
        ))
    }

    fn find(&self, object: Borrowed<'_, '_, PyAny>) -> Option<usize> {
        self.values.iter().position(|value| value.is(object))
    }

    /// The object of a variant.
    pub fn object<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        let objects = self.objects.get_or_try_init(py, || {
            let mut objects = Vec::with_capacity(N);
            for value in self.values {
                objects.push(match value {
                    Literal::Str(text) => PyString::intern(py, text).into_any().unbind(),
                    Literal::Int(number) => number.into_py_any(py)?,
                    Literal::Bool(value) => value.into_py_any(py)?,
                });
            }
            <[Py<PyAny>; N]>::try_from(objects)
                .map_err(|_| pyo3::exceptions::PyRuntimeError::new_err("as many as values"))
        });
        Ok(objects?[index].bind(py).clone())
    }

    fn expected(&self) -> Problem {
        let shown: Vec<_> = self.values.iter().map(|value| value.shown()).collect();
        Problem::Expected(shown.join(" or ").into())
    }
}
