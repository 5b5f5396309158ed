//! Reading the fields of a derived struct from a Python object: a mapping by keys, anything else by attributes.

use std::borrow::Cow;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList,
    PyMapping, PySet, PyString, PyTuple,
};
use pyo3::{Borrowed, ffi};

use super::names::Name;
use super::quick::Quick;
use crate::error::conversion::{Mismatch, Place, Problem, is_failed_conversion};

/// From which objects a struct takes its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Mappings by keys, other objects by attributes.
    Any,
    /// Mappings only.
    Mappings,
    /// Attributes only, of mappings too.
    Attributes,
}

/// How the fields of one object are read.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Straight from the table of a dict.
    Dict,
    /// By `in` and `[]`.
    Mapping,
    Attributes,
}

/// An object whose fields are read.
#[derive(Debug)]
pub struct Source<'a, 'py> {
    object: Borrowed<'a, 'py, PyAny>,
    way: Way,
    subject: &'static str,
}

impl<'a, 'py> Source<'a, 'py> {
    /// Looks how the fields of the object are to be read; `subject` is the Rust type they are for.
    #[inline]
    pub fn open(
        object: Borrowed<'a, 'py, PyAny>,
        from: From,
        subject: &'static str,
    ) -> PyResult<Self> {
        if from != From::Attributes && object.is_exact_instance_of::<PyDict>() {
            return Ok(Self {
                object,
                way: Way::Dict,
                subject,
            });
        }
        Self::open_other(object, from, subject)
    }

    #[inline(never)]
    fn open_other(
        object: Borrowed<'a, 'py, PyAny>,
        from: From,
        subject: &'static str,
    ) -> PyResult<Self> {
        let way = if from == From::Attributes {
            Way::Attributes
        } else if object.is_instance_of::<PyDict>() && reads_as_dict(&object) {
            Way::Dict
        } else if object.cast::<PyMapping>().is_ok() {
            Way::Mapping
        } else {
            Way::Attributes
        };
        let source = Self {
            object,
            way,
            subject,
        };
        match way {
            Way::Attributes if from == From::Mappings => Err(source.expected("a dict".into())),
            Way::Attributes if is_plain(&object) => Err(source.expected(subject.into())),
            _ => Ok(source),
        }
    }

    /// The token of the attached thread.
    #[inline]
    pub fn py(&self) -> Python<'py> {
        self.object.py()
    }

    /// The object.
    #[inline]
    pub fn object(&self) -> Borrowed<'a, 'py, PyAny> {
        self.object
    }

    /// A field of a dict whose value is of the very type; none where another way must say more.
    #[cfg(not(Py_GIL_DISABLED))]
    #[inline]
    pub(super) fn quick<T: Quick>(&self, name: &Name) -> Option<T> {
        let Way::Dict = self.way else { return None };
        // SAFETY: attached; `open` chose this way for a dict, and the name is a str. The item is borrowed from the dict,
        // null where there is none, or with an exception set that a key's `__eq__` raised. It stays in the dict while
        // it is read: that runs no Python code, and no other thread runs meanwhile.
        unsafe {
            let item = ffi::PyDict_GetItemWithError(self.object.as_ptr(), name.string.as_ptr());
            if item.is_null() {
                if !ffi::PyErr_Occurred().is_null() {
                    ffi::PyErr_Clear();
                }
                return None;
            }
            T::quick(Borrowed::from_ptr(self.py(), item))
        }
    }

    /// Other threads may change the dict meanwhile: the way that holds a reference is the only one.
    #[cfg(Py_GIL_DISABLED)]
    #[inline]
    pub(super) fn quick<T: Quick>(&self, name: &Name) -> Option<T> {
        let Way::Dict = self.way else { return None };
        let value = self.get(name).ok().flatten()?;
        T::quick(value.as_borrowed())
    }

    /// A field that must be there.
    #[inline]
    pub fn required<T: FromPyObjectOwned<'py>>(&self, name: &Name) -> PyResult<T> {
        match self.get(name)? {
            Some(value) => self.extract(name, &value),
            None => Err(self.missing(name)),
        }
    }

    /// A field that may be missing.
    #[inline]
    pub fn optional<T: FromPyObjectOwned<'py>>(&self, name: &Name) -> PyResult<Option<T>> {
        match self.get(name)? {
            Some(value) => self.extract(name, &value).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn extract<T: FromPyObjectOwned<'py>>(
        &self,
        name: &Name,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<T> {
        match value.extract::<T>() {
            Ok(value) => Ok(value),
            Err(error) => Err(self.failed(
                name.text.into(),
                std::any::type_name::<T>(),
                value,
                error.into(),
            )),
        }
    }

    /// The value of a field, if it is there.
    #[inline]
    pub(super) fn get(&self, name: &Name) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Way::Dict = self.way {
            // SAFETY: `open` chose this way for a dict or an instance of a subclass of it.
            let dict = unsafe { self.object.cast_unchecked::<PyDict>() };
            return dict.get_item(name.string.bind(self.py()));
        }
        self.get_other(name)
    }

    #[inline(never)]
    fn get_other(&self, name: &Name) -> PyResult<Option<Bound<'py, PyAny>>> {
        let string = name.string.bind(self.py());
        match self.way {
            // Asked first: a mapping may make up what is missing.
            Way::Mapping if self.object.contains(string)? => self.object.get_item(string).map(Some),
            Way::Mapping => Ok(None),
            Way::Dict | Way::Attributes => attribute(&self.object, string),
        }
    }

    /// The value of the tag of a union.
    pub fn tag(&self, name: &Name) -> PyResult<Bound<'py, PyAny>> {
        match self.get(name)? {
            Some(value) => Ok(value),
            None => Err(self.missing(name)),
        }
    }

    /// Refuses keys that no field has. Objects may have other attributes.
    pub fn deny_unknown(&self, known: impl Fn(&str) -> bool) -> PyResult<()> {
        if let Way::Attributes = self.way {
            return Ok(());
        }
        for key in self.keys()? {
            let key = key?;
            let is_known = key
                .cast::<PyString>()
                .is_ok_and(|key| key.to_str().is_ok_and(&known));
            if !is_known {
                let shown = key
                    .repr()
                    .map_or_else(|_| "?".to_owned(), |r| r.to_string());
                return Err(self.error(
                    Place::Whole,
                    Problem::Text(format!(
                        "unknown key {shown}; `{}` has no such field",
                        self.subject
                    )),
                ));
            }
        }
        Ok(())
    }

    /// The keys, or the names in `__dict__`.
    pub(super) fn keys(&self) -> PyResult<impl Iterator<Item = PyResult<Bound<'py, PyAny>>>> {
        match self.way {
            Way::Dict | Way::Mapping => self.object.call_method0("keys")?.try_iter(),
            Way::Attributes => {
                match attribute(&self.object, pyo3::intern!(self.py(), "__dict__"))? {
                    Some(names) => names.call_method0("keys")?.try_iter(),
                    None => PyTuple::empty(self.py()).try_iter(),
                }
            }
        }
    }

    /// The value of a key or attribute that is there.
    pub(super) fn value_of(&self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        match self.way {
            Way::Dict | Way::Mapping => self.object.get_item(name),
            Way::Attributes => self.object.getattr(name),
        }
    }

    /// An error of a field's value; or what Python code raised, as it is.
    #[cold]
    #[inline(never)]
    pub(super) fn failed(
        &self,
        name: Cow<'static, str>,
        rust_type: &'static str,
        value: &Bound<'py, PyAny>,
        error: PyErr,
    ) -> PyErr {
        if !is_failed_conversion(self.py(), &error) {
            return error;
        }
        self.error(
            Place::Field(name, Some(value.clone().unbind())),
            Problem::Inner(rust_type, error),
        )
    }

    #[cold]
    #[inline(never)]
    fn missing(&self, name: &Name) -> PyErr {
        self.error(Place::Field(name.text.into(), None), Problem::Missing)
    }

    #[cold]
    pub(super) fn expected(&self, what: Cow<'static, str>) -> PyErr {
        self.error(Place::Whole, Problem::Expected(what))
    }

    #[cold]
    pub(super) fn error(&self, place: Place, problem: Problem) -> PyErr {
        Mismatch::error(self.subject, &self.object, place, problem)
    }
}

/// Whether `[]` of an instance of a subclass of dict is that of dict: a `__missing__` may be there, which is not asked.
fn reads_as_dict(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: live type objects. A dict and its subclasses have the table of mapping functions, which is set when the
    // type is made; its entry is a plain field.
    unsafe {
        let subscript = |kind: *mut ffi::PyTypeObject| {
            (*(*kind).tp_as_mapping).mp_subscript.map(|f| f as usize)
        };
        subscript(ffi::Py_TYPE(object.as_ptr())) == subscript(&raw mut ffi::PyDict_Type)
    }
}

/// An attribute, if there is one. What a property raises is raised, an `AttributeError` too.
fn attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Some(value) = object.getattr_opt(name)? {
        return Ok(Some(value));
    }
    if !object.get_type().hasattr(name)? {
        return Ok(None);
    }
    // The class has it, the object not: an empty slot, which is missing, or a property that raises.
    match object.getattr(name) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.traceback(object.py()).is_some() => Err(error),
        Err(_) => Ok(None),
    }
}

/// Whether the object is of a plain built-in type, which has no fields. Without this any number would do for a struct
/// whose fields all have defaults.
fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    object.is_none()
        || object.is_exact_instance_of::<PyString>()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
        || object.is_exact_instance_of::<PyBytes>()
        || object.is_exact_instance_of::<PyByteArray>()
        || object.is_exact_instance_of::<PySet>()
        || object.is_exact_instance_of::<PyFrozenSet>()
        || object.is_exact_instance_of::<PyComplex>()
}
