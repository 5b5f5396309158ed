//! The names of a type's fields as Python strings, interned once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

/// A field's name.
#[derive(Debug)]
pub struct Name {
    pub(crate) text: &'static str,
    pub(crate) string: Py<PyString>,
}

/// The names of the fields of a type, in their order.
pub struct Names<const N: usize> {
    texts: [&'static str; N],
    interned: PyOnceLock<[Name; N]>,
    tuple: PyOnceLock<Py<PyTuple>>,
}

impl<const N: usize> Names<N> {
    /// Not interned yet.
    pub const fn new(texts: [&'static str; N]) -> Self {
        Self {
            texts,
            interned: PyOnceLock::new(),
            tuple: PyOnceLock::new(),
        }
    }

    /// The names, interned on first use.
    #[inline]
    pub fn get(&self, py: Python<'_>) -> &[Name; N] {
        match self.interned.get(py) {
            Some(names) => names,
            None => self.intern(py),
        }
    }

    #[cold]
    fn intern(&self, py: Python<'_>) -> &[Name; N] {
        self.interned.get_or_init(py, || {
            self.texts.map(|text| Name {
                text,
                string: PyString::intern(py, text).unbind(),
            })
        })
    }

    /// The names as a tuple, which is how a call takes the names of its keywords.
    pub(super) fn tuple<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyTuple>> {
        let tuple = self.tuple.get_or_try_init(py, || {
            let strings = self.get(py).iter().map(|name| name.string.bind(py));
            PyTuple::new(py, strings).map(Bound::unbind)
        });
        Ok(tuple?.bind(py))
    }
}
