//! What one method knows of its call: its place in the contract and the names it passes, made once per process.

use std::fmt;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

/// A method of a handle.
pub struct Site {
    pub(super) index: usize,
    /// The member's name in Python.
    pub(super) name: &'static str,
    /// The names of the parameters, for errors.
    pub(super) parameters: &'static [&'static str],
    /// The names of those that are passed by name, in order.
    keywords: &'static [&'static str],
    interned: PyOnceLock<Py<PyString>>,
    names: PyOnceLock<Py<PyTuple>>,
}

impl Site {
    /// A method that has not been called yet.
    pub const fn new(
        index: usize,
        name: &'static str,
        parameters: &'static [&'static str],
        keywords: &'static [&'static str],
    ) -> Self {
        Self {
            index,
            name,
            parameters,
            keywords,
            interned: PyOnceLock::new(),
            names: PyOnceLock::new(),
        }
    }

    /// The member's name, as the interpreter keeps it.
    #[inline]
    pub(super) fn interned<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.interned
            .get_or_init(py, || PyString::intern(py, self.name).unbind())
            .bind(py)
    }

    /// All names that may be passed; `None` where there are none.
    #[inline]
    pub(super) fn names<'py>(&self, py: Python<'py>) -> PyResult<Option<&Bound<'py, PyTuple>>> {
        if self.keywords.is_empty() {
            return Ok(None);
        }
        let make = || {
            let names = self.keywords.iter().map(|name| PyString::intern(py, name));
            Ok::<_, PyErr>(PyTuple::new(py, names.collect::<Vec<_>>())?.unbind())
        };
        Ok(Some(self.names.get_or_try_init(py, make)?.bind(py)))
    }

    /// The name of a parameter, as the interpreter keeps it.
    pub(super) fn keyword<'py>(
        &self,
        py: Python<'py>,
        parameter: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let name = self.parameters.get(parameter).copied().unwrap_or_default();
        let place = self.keywords.iter().position(|keyword| *keyword == name);
        match (place, self.names(py)?) {
            (Some(place), Some(names)) => names.get_item(place),
            _ => Ok(PyString::intern(py, name).into_any()),
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
