//! The floor: the same work written by hand against the C API, attach included.
//!
//! Nothing here checks more than a person in a hurry would; it is what the library is measured by, not an example.

use std::ffi::{CStr, CString};
use std::ptr;

use crate::ffi;
use anyhow::{Result, ensure};

/// Runs `f` attached, by `PyGILState_Ensure` and `Release` of a thread whose state is kept.
#[inline]
pub(crate) fn attached<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: the interpreter runs for the whole of the benches; ensure and release are paired.
    unsafe {
        let state = ffi::PyGILState_Ensure();
        let result = f();
        ffi::PyGILState_Release(state);
        result
    }
}

/// A Python object that lives as long as the process.
#[derive(Clone, Copy)]
pub(crate) struct Object(pub(crate) *mut ffi::PyObject);

// SAFETY: the pointers are used by one thread at a time, attached.
unsafe impl Send for Object {}

/// Runs definitions and gives what they name `name`.
pub(crate) fn define(code: &str, name: &CStr) -> Result<Object> {
    let code = CString::new(code)?;
    attached(|| {
        // SAFETY: attached; strings end in NUL; the namespace is leaked on purpose, and the item lives in it.
        unsafe {
            let namespace = ffi::PyDict_New();
            ffi::PyDict_SetItemString(
                namespace,
                c"__builtins__".as_ptr(),
                ffi::PyEval_GetBuiltins(),
            );
            let result = ffi::PyRun_StringFlags(
                code.as_ptr(),
                ffi::Py_file_input,
                namespace,
                namespace,
                ptr::null_mut(),
            );
            ensure!(!result.is_null(), "the floor's code raised");
            let item = ffi::PyDict_GetItemString(namespace, name.as_ptr());
            ensure!(!item.is_null(), "the floor's code does not define {name:?}");
            ffi::Py_INCREF(item);
            Ok(Object(item))
        }
    })
}

/// Calls with `N` borrowed arguments and gives a new reference, or null with an exception set.
///
/// # Safety
///
/// Attached, with live objects.
#[inline]
pub(crate) unsafe fn vectorcall<const N: usize>(
    function: Object,
    arguments: [*mut ffi::PyObject; N],
) -> *mut ffi::PyObject {
    // SAFETY: as the caller promises.
    unsafe { ffi::PyObject_Vectorcall(function.0, arguments.as_ptr(), N, ptr::null_mut()) }
}
