//! Values behind a pointer, which `PyO3` does not convert; recursive types need them.

use std::rc::Rc;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

/// A `Box<T>`, `Arc<T>` or `Rc<T>` on its way from Python.
#[derive(Debug)]
pub struct Boxed<P>(pub P);

macro_rules! boxed {
    ($($pointer:ident),*) => {$(
        impl<'a, 'py, T: FromPyObject<'a, 'py>> FromPyObject<'a, 'py> for Boxed<$pointer<T>> {
            type Error = T::Error;

            fn extract(object: Borrowed<'a, 'py, PyAny>) -> Result<Self, Self::Error> {
                T::extract(object).map(|value| Self($pointer::new(value)))
            }
        }
    )*};
}
boxed!(Box, Arc, Rc);

/// Counts one level of a nested conversion until it is dropped.
pub struct Level<'py>(Python<'py>);

/// One level deeper. Values nested without end, or in themselves, are a `RecursionError`.
#[inline]
pub fn deeper(py: Python<'_>) -> PyResult<Level<'_>> {
    // SAFETY: attached; the text ends in NUL. What was entered is left when the level is dropped.
    if unsafe { ffi::Py_EnterRecursiveCall(c" while converting to Rust".as_ptr()) } == 0 {
        Ok(Level(py))
    } else {
        Err(PyErr::fetch(py))
    }
}

impl Drop for Level<'_> {
    #[inline]
    fn drop(&mut self) {
        let _attached = self.0;
        // SAFETY: attached, as the token says; made by `deeper`, which entered.
        unsafe { ffi::Py_LeaveRecursiveCall() }
    }
}
