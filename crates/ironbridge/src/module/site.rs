//! What one method knows of its call: its place in the contract and the names it passes, made once per process.

use std::fmt;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

/// Of so many names each choice is kept; of more, a tuple is made for each call.
const MOST_KEPT: usize = 6;

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
    /// For each choice of names, their tuple.
    choices: PyOnceLock<Box<[PyOnceLock<Py<PyTuple>>]>>,
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
            choices: PyOnceLock::new(),
        }
    }

    /// The member's name in what has it, as the interpreter keeps it: of `Basket.limit` it is `limit`.
    #[inline]
    pub(super) fn interned<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.interned
            .get_or_init(py, || {
                let (_, name) = self.name.rsplit_once('.').unwrap_or(("", self.name));
                PyString::intern(py, name).unbind()
            })
            .bind(py)
    }

    /// All names that may be passed; `None` where there are none.
    #[inline]
    pub(super) fn names<'py>(&self, py: Python<'py>) -> PyResult<Option<&Bound<'py, PyTuple>>> {
        if self.keywords.is_empty() {
            return Ok(None);
        }
        let names = self
            .names
            .get_or_try_init(py, || self.tuple(py, u64::MAX))?;
        Ok(Some(names.bind(py)))
    }

    /// The names of the set bits of `given`, where they are few enough that each choice of them is kept.
    #[inline]
    pub(super) fn kept_names<'py>(
        &self,
        py: Python<'py>,
        given: u64,
    ) -> Option<PyResult<&Bound<'py, PyTuple>>> {
        if self.keywords.len() > MOST_KEPT {
            return None;
        }
        let choices = self.choices.get_or_init(py, || {
            let choices = 1_usize << self.keywords.len();
            (0..choices).map(|_| PyOnceLock::new()).collect()
        });
        let choice = choices.get(usize::try_from(given).ok()?)?;
        let names = choice.get_or_try_init(py, || self.tuple(py, given));
        Some(names.map(|names| names.bind(py)))
    }

    fn tuple(&self, py: Python<'_>, given: u64) -> PyResult<Py<PyTuple>> {
        let names = self.given(given).map(|name| PyString::intern(py, name));
        Ok(PyTuple::new(py, names.collect::<Vec<_>>())?.unbind())
    }

    /// The names of the set bits.
    pub(super) fn given(&self, given: u64) -> impl Iterator<Item = &'static str> {
        let names = self.keywords.iter().enumerate();
        names
            .filter(move |(place, _)| given & (1 << place) != 0)
            .map(|(_, name)| *name)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
