//! A Python exception, as Rust holds it: type and message at once, the rest when asked.

use std::borrow::Cow;
use std::ffi::CStr;
use std::sync::OnceLock;

use pyo3::exceptions::{PyBaseException, PyUnicodeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyo3::{PyTypeInfo, ffi};

use super::ErrorKind;
use super::origin::Origin;
use super::story::{Story, StoryOptions};

/// An exception that Python code raised.
///
/// Its type and message were read when it was caught. The [`story`](Self::story) (notes, causes, frames) is read from
/// the interpreter on first demand and then needs it no more.
pub struct Exception {
    type_name: Cow<'static, str>,
    message: Box<str>,
    value: Py<PyBaseException>,
    origin: Option<Origin>,
    story: OnceLock<Story>,
}

impl Exception {
    #[inline]
    pub(crate) fn read(
        py: Python<'_>,
        value: Bound<'_, PyBaseException>,
        origin: Option<Origin>,
    ) -> (ErrorKind, Self) {
        let kind = kind_of(&value);
        let exception = Self {
            type_name: type_name(&value),
            message: message(py, &value),
            value: value.unbind(),
            origin,
            story: OnceLock::new(),
        };
        (kind, exception)
    }

    /// The type: `ValueError`, `json.decoder.JSONDecodeError`.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// What `str()` gives for it; what is no Unicode (lone surrogates) is spelled `\udc80`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place in the Rust program that called Python.
    pub fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// The whole story, read on first demand.
    pub fn story(&self) -> &Story {
        self.story
            .get_or_init(|| self.read_story(StoryOptions::default()))
    }

    /// The whole story with the local variables of each frame, as `repr()` shows them, cut short. Read anew at each
    /// call: the locals' `__repr__` runs.
    pub fn story_with_locals(&self) -> Story {
        self.read_story(StoryOptions { locals: true })
    }

    /// The Python object.
    pub fn value<'py>(&self, py: Python<'py>) -> &Bound<'py, PyBaseException> {
        self.value.bind(py)
    }

    /// Whether it is an instance of a Python exception type.
    ///
    /// ```
    /// use ironbridge::{Session, pyo3::exceptions::PyKeyError};
    ///
    /// let error = Session::new()?.run("{}['absent']").unwrap_err();
    /// assert!(error.exception().unwrap().is_instance_of::<PyKeyError>());
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn is_instance_of<T: PyTypeInfo>(&self) -> bool {
        crate::interpreter::attach_started(|py| self.value.bind(py).is_instance_of::<T>())
    }

    fn read_story(&self, options: StoryOptions) -> Story {
        crate::interpreter::attach_started(|py| {
            let mut story = Story::read(self.value.bind(py), options);
            story.origin = self.origin;
            story
        })
    }
}

impl std::fmt::Debug for Exception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exception")
            .field("type_name", &self.type_name)
            .field("message", &self.message)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

fn kind_of(value: &Bound<'_, PyBaseException>) -> ErrorKind {
    // One walk over the bases: nearly all exceptions are of none of these kinds.
    for base in value.get_type().mro().iter_borrowed() {
        // SAFETY: the interpreter's own exception types are there as long as it runs.
        let (import, exit, interrupt, memory) = unsafe {
            (
                ffi::PyExc_ImportError,
                ffi::PyExc_SystemExit,
                ffi::PyExc_KeyboardInterrupt,
                ffi::PyExc_MemoryError,
            )
        };
        let kind = base;
        let base = base.as_ptr();
        if base == import {
            return ErrorKind::Import;
        } else if base == exit {
            return ErrorKind::SystemExit;
        } else if base == interrupt {
            return ErrorKind::KeyboardInterrupt;
        } else if base == memory || is_named_out_of_memory(&kind) {
            return ErrorKind::OutOfMemory;
        }
    }
    ErrorKind::Exception
}

/// Whether a class is some library's `OutOfMemoryError`: `torch.OutOfMemoryError`, once `torch.cuda.OutOfMemoryError`, is
/// a `RuntimeError`. It is known by name, since an error must not import torch.
fn is_named_out_of_memory(kind: &Bound<'_, PyAny>) -> bool {
    const NAME: &[u8] = b"OutOfMemoryError";

    let kind = kind.as_ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: what a method resolution order holds are live type objects; their names are C strings that live as long.
    let name = unsafe { CStr::from_ptr((*kind).tp_name) }.to_bytes();
    name.strip_suffix(NAME)
        .is_some_and(|module| module.is_empty() || module.ends_with(b"."))
}

/// Takes the exception that is set, whole, with its traceback.
///
/// `PyErr::fetch` would do, but goes on with the panic where a Rust function that Python called has panicked; here that
/// is an exception as any other.
pub(crate) fn take_raised(py: Python<'_>) -> Option<Bound<'_, PyBaseException>> {
    #[cfg(Py_3_12)]
    // SAFETY: attached; a new reference, or null where no exception is set.
    let value = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetRaisedException())? };
    #[cfg(not(Py_3_12))]
    // SAFETY: attached. The three are new references, or null where no exception is set; normalised, the second is an
    // exception, which takes the third as its traceback. Each is given back or handed on once.
    let value = unsafe {
        let [mut kind, mut value, mut trace] = [std::ptr::null_mut(); 3];
        ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
        if kind.is_null() {
            return None;
        }
        ffi::PyErr_NormalizeException(&raw mut kind, &raw mut value, &raw mut trace);
        if !trace.is_null() {
            ffi::PyException_SetTraceback(value, trace);
            ffi::Py_DECREF(trace);
        }
        ffi::Py_DECREF(kind);
        Bound::from_owned_ptr_or_opt(py, value)?
    };
    value.cast_into().ok()
}

/// The type's name as tracebacks print it: with its module, unless that is `builtins` or `__main__`.
pub(super) fn type_name(value: &Bound<'_, PyBaseException>) -> Cow<'static, str> {
    let kind = value.get_type();
    // SAFETY: a live type object, whose flags and name may be read. A type that is not on the heap is a static of the
    // interpreter or of an extension, neither of which is ever unloaded; so is its name, a C string.
    unsafe {
        let kind = kind.as_type_ptr();
        if ffi::PyType_HasFeature(kind, ffi::Py_TPFLAGS_HEAPTYPE) == 0 {
            let name: &'static CStr = CStr::from_ptr((*kind).tp_name);
            return name.to_string_lossy();
        }
    }
    let name = kind
        .qualname()
        .map_or_else(|_| "<unnamed>".to_owned(), |name| lossless(&name));
    match kind.module().map(|module| lossless(&module)) {
        Ok(module) if module != "builtins" && module != "__main__" => {
            Cow::Owned(format!("{module}.{name}"))
        }
        _ => Cow::Owned(name),
    }
}

/// `str(value)`, without the call where the type prints its one argument.
pub(super) fn message(py: Python<'_>, value: &Bound<'_, PyBaseException>) -> Box<str> {
    // SAFETY: `value` is an exception, whose layout begins as `PyBaseExceptionObject` does; `args` is a tuple, or null
    // in a half-made object. Both types are live, and `tp_str` is a plain field of theirs.
    let plain = unsafe {
        let str_of = |kind: *mut ffi::PyTypeObject| (*kind).tp_str.map(|str| str as usize);
        let prints_plainly =
            str_of(ffi::Py_TYPE(value.as_ptr())) == str_of(ffi::PyExc_BaseException.cast());
        let arguments = (*value.as_ptr().cast::<ffi::PyBaseExceptionObject>()).args;
        if prints_plainly {
            Bound::from_borrowed_ptr_or_opt(py, arguments)
        } else {
            None
        }
    };
    if let Some(arguments) = plain
        && let Ok(arguments) = arguments.cast_exact::<PyTuple>()
        && arguments.len() == 1
        && let Ok(only) = arguments.get_borrowed_item(0)
        && let Ok(only) = only.cast_exact::<PyString>()
    {
        return match only.to_str() {
            Ok(text) => text.into(),
            Err(_) => lossless(&only).into(),
        };
    }
    match value.str() {
        Ok(text) => lossless(&text).into(),
        Err(_) => "<its str() raised an exception>".into(),
    }
}

/// The text; what is no Unicode is spelled out, as `\udc80`.
pub(super) fn lossless(text: &Bound<'_, PyString>) -> String {
    if let Ok(text) = text.to_str() {
        return text.to_owned();
    }
    text.call_method1("encode", ("utf-8", "backslashreplace"))
        .and_then(|bytes| bytes.extract::<Vec<u8>>())
        .map_or_else(
            |_| text.to_string_lossy().into_owned(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
}

/// Whether the error says that a string holds a lone surrogate.
pub(super) fn is_surrogate_error(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyUnicodeError>(py)
}
