//! Python classes that derived types stand for, imported on first use.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyModuleNotFoundError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use pyo3::{Borrowed, ffi};

use super::names::Names;
use crate::error::conversion::{Mismatch, Place, Problem};

/// How often modules were loaded anew in this process; after the first time classes are looked up each time.
static RELOADS: AtomicUsize = AtomicUsize::new(0);

/// Says that a module was loaded anew, so that its classes are others than those that were kept.
pub fn module_was_reloaded() {
    RELOADS.fetch_add(1, Ordering::Release);
}

#[inline]
fn is_current() -> bool {
    RELOADS.load(Ordering::Acquire) == 0
}

/// A class, by its dotted name.
pub struct Class {
    path: &'static str,
    class: PyOnceLock<Py<PyAny>>,
}

impl Class {
    /// Not imported yet.
    pub const fn new(path: &'static str) -> Self {
        Self {
            path,
            class: PyOnceLock::new(),
        }
    }

    /// The class, imported on first use.
    pub fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if !is_current() {
            return import(py, self.path);
        }
        let class = self
            .class
            .get_or_try_init(py, || import(py, self.path).map(Bound::unbind));
        Ok(class?.bind(py).clone())
    }

    /// Calls the class with keywords.
    pub fn call<'py, const N: usize>(
        &self,
        py: Python<'py>,
        names: &Names<N>,
        values: &[Bound<'py, PyAny>; N],
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = self.get(py)?;
        let names = names.tuple(py)?;
        let arguments = values.each_ref().map(Bound::as_ptr);
        // SAFETY: attached. `arguments` holds as many live objects as `names`, a tuple of strings, has names; they are
        // kept by `values` until the call is over. The result is a new reference, or null with an exception set.
        unsafe {
            let result =
                ffi::PyObject_Vectorcall(class.as_ptr(), arguments.as_ptr(), 0, names.as_ptr());
            Bound::from_owned_ptr_or_err(py, result)
        }
    }

    /// Calls the class with the dict as keywords.
    pub fn call_with<'py>(&self, keywords: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        self.get(keywords.py())?.call((), Some(keywords))
    }
}

/// Imports the longest part of the dotted name that is a module, and takes the rest from it.
fn import<'py>(py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyAny>> {
    let mut end = path.len();
    while let Some(dot) = path[..end].rfind('.') {
        let (module, names) = (&path[..dot], &path[dot + 1..]);
        match py.import(module) {
            Ok(module) => {
                return names
                    .split('.')
                    .try_fold(module.into_any(), |object, name| object.getattr(name));
            }
            Err(error)
                if module.contains('.')
                    && error.is_instance_of::<PyModuleNotFoundError>(py)
                    && names_module(py, &error, module) =>
            {
                end = dot;
            }
            Err(error) => return Err(error),
        }
    }
    py.import(path).map(Bound::into_any)
}

/// Whether it is that module which was not found, not one that it imports.
fn names_module(py: Python<'_>, error: &PyErr, module: &str) -> bool {
    let name = error.value(py).getattr("name");
    name.is_ok_and(|name| name.extract::<String>().is_ok_and(|name| name == module))
}

/// The members of an `Enum` that the variants of a Rust enum stand for.
pub struct Members<const N: usize> {
    class: Class,
    subject: &'static str,
    names: [&'static str; N],
    objects: PyOnceLock<[Py<PyAny>; N]>,
}

impl<const N: usize> Members<N> {
    /// The variants' members, by name.
    pub const fn new(class: &'static str, subject: &'static str, names: [&'static str; N]) -> Self {
        Self {
            class: Class::new(class),
            subject,
            names,
            objects: PyOnceLock::new(),
        }
    }

    /// Which member the object is.
    pub fn index(&self, object: Borrowed<'_, '_, PyAny>) -> PyResult<usize> {
        let py = object.py();
        let found = self.with(py, |members| {
            members.iter().position(|member| object.is(member))
        })?;
        found.ok_or_else(|| {
            let wanted = format!(
                "a member of {} ({})",
                self.class.path,
                self.names.join(", ")
            );
            Mismatch::error(
                self.subject,
                &object,
                Place::Whole,
                Problem::Expected(wanted.into()),
            )
        })
    }

    /// The member of a variant.
    pub fn member<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, |members| members[index].bind(py).clone())
    }

    fn with<R>(&self, py: Python<'_>, f: impl FnOnce(&[Py<PyAny>; N]) -> R) -> PyResult<R> {
        if !is_current() {
            return self.look_up(py).map(|members| f(&members));
        }
        self.objects.get_or_try_init(py, || self.look_up(py)).map(f)
    }

    fn look_up(&self, py: Python<'_>) -> PyResult<[Py<PyAny>; N]> {
        let class = self.class.get(py)?;
        let mut members = Vec::with_capacity(N);
        for name in self.names {
            let member = class.getattr_opt(name)?.ok_or_else(|| {
                let problem = format!("{} has no member `{name}`", self.class.path);
                Mismatch::error(self.subject, &class, Place::Whole, Problem::Text(problem))
            })?;
            members.push(member.unbind());
        }
        members
            .try_into()
            .map_err(|_| pyo3::exceptions::PyRuntimeError::new_err("as many members as names"))
    }
}
