//! What keeps an array's memory alive: a capsule at the end of its chain of bases.
//!
//! Python can hold a capsule but do nothing with it: it has no buffer, so NumPy will not make an array over it
//! writable, and nothing in it can be reached. Its name says how the memory may be used.

use std::ffi::{CStr, c_void};
use std::sync::Arc;

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Nobody writes this memory any more.
pub(super) const FROZEN: &CStr = c"ironbridge.frozen";
/// The arrays over this memory may be writable; no Rust value looks at it.
pub(super) const OWNED: &CStr = c"ironbridge.owned";

/// A value that is dropped with the capsule, by a thread that is attached.
pub(super) fn hold<'py, M: Send + Sync + 'static>(
    py: Python<'py>,
    memory: M,
    name: &'static CStr,
) -> PyResult<Bound<'py, PyAny>> {
    hold_shared(py, Arc::new(memory), name)
}

/// [`hold`] for a value that others hold too.
pub(super) fn hold_shared<'py, M: Send + Sync + 'static>(
    py: Python<'py>,
    memory: Arc<M>,
    name: &'static CStr,
) -> PyResult<Bound<'py, PyAny>> {
    unsafe extern "C" fn drop_value<M>(capsule: *mut ffi::PyObject) {
        // SAFETY: called once, by CPython, for a capsule that `hold_shared::<M>` made, which owned this count.
        unsafe { drop(Arc::from_raw(pointer(capsule).cast::<M>())) }
    }
    let pointer = Arc::into_raw(memory);
    // SAFETY: the destructor is the one for this pointer.
    let capsule = unsafe { make(py, pointer.cast_mut().cast(), name, drop_value::<M>) };
    if capsule.is_err() {
        // SAFETY: no capsule took it.
        drop(unsafe { Arc::from_raw(pointer) });
    }
    capsule
}

/// A Python object that is dropped with the capsule.
pub(super) fn hold_object<'py>(
    object: Bound<'py, PyAny>,
    name: &'static CStr,
) -> PyResult<Bound<'py, PyAny>> {
    unsafe extern "C" fn drop_object(capsule: *mut ffi::PyObject) {
        // SAFETY: called once, by CPython, attached; the capsule owned the reference.
        unsafe { ffi::Py_DECREF(pointer(capsule).cast()) }
    }
    let py = object.py();
    // SAFETY: the destructor is the one for this pointer.
    let capsule = unsafe { make(py, object.as_ptr().cast(), name, drop_object) };
    if capsule.is_ok() {
        // Its reference is the capsule's now.
        let _ = object.into_ptr();
    }
    capsule
}

/// # Safety
///
/// `destructor` takes capsules of `pointer`.
unsafe fn make<'py>(
    py: Python<'py>,
    pointer: *mut c_void,
    name: &'static CStr,
    destructor: unsafe extern "C" fn(*mut ffi::PyObject),
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: attached; the name is static, the pointer not null; a new reference or null with an exception set.
    unsafe {
        let capsule = ffi::PyCapsule_New(pointer, name.as_ptr(), Some(destructor));
        if capsule.is_null() {
            return Err(PyErr::take(py).unwrap_or_else(|| PyMemoryError::new_err("no capsule")));
        }
        Ok(Bound::from_owned_ptr(py, capsule))
    }
}

/// # Safety
///
/// Attached, with a capsule of this module.
unsafe fn pointer(capsule: *mut ffi::PyObject) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { ffi::PyCapsule_GetPointer(capsule, ffi::PyCapsule_GetName(capsule)) }
}

/// Is it a capsule of that name?
///
/// # Safety
///
/// Attached, with a live object.
pub(super) unsafe fn is(object: *mut ffi::PyObject, name: &CStr) -> bool {
    // SAFETY: as the caller promises; any object may be asked.
    unsafe { ffi::PyCapsule_IsValid(object, name.as_ptr()) == 1 }
}

/// Says how the memory may be used from now on; of other objects than capsules of this module, nothing.
pub(super) fn rename(object: &Bound<'_, PyAny>, name: &'static CStr) {
    // SAFETY: attached, a live object; the name is static, and the capsule one of this module.
    unsafe {
        let pointer = object.as_ptr();
        if is(pointer, FROZEN) || is(pointer, OWNED) {
            ffi::PyCapsule_SetName(pointer, name.as_ptr());
        }
    }
}
