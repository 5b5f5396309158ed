//! How deep a conversion may be nested: values in themselves, or nested without end, are a `RecursionError`.
//!
//! Python's own limit does not do alone. It is made for the stack of Python's main thread, and a conversion runs on any
//! thread of Rust.

use std::marker::PhantomData;

use pyo3::exceptions::PyRecursionError;
use pyo3::ffi;
use pyo3::prelude::*;

/// So much of the thread's stack is left for what one level calls, in bytes.
const RESERVE: usize = 128 * 1024;

/// One level of a nested conversion, until it is dropped.
pub struct Level<'py>(PhantomData<Python<'py>>);

/// One level deeper.
#[inline]
pub fn deeper(py: Python<'_>) -> PyResult<Level<'_>> {
    if stacker::remaining_stack().is_some_and(|left| left < RESERVE) {
        return Err(too_deep());
    }
    // SAFETY: attached; the text ends in NUL. What was entered is left when the level is dropped.
    if unsafe { ffi::Py_EnterRecursiveCall(c" while converting to Rust".as_ptr()) } == 0 {
        Ok(Level(PhantomData))
    } else {
        Err(PyErr::fetch(py))
    }
}

#[cold]
fn too_deep() -> PyErr {
    PyRecursionError::new_err(
        "the stack of this thread is too small to convert a value nested so deep",
    )
}

impl Drop for Level<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: attached, as the lifetime says; made by `deeper`, which entered.
        unsafe { ffi::Py_LeaveRecursiveCall() }
    }
}
