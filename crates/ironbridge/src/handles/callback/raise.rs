//! Rust's errors and panics as Python exceptions.

use std::any::Any;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::signature::Boxed;
use crate::error::Error;

/// The exception that an error is: itself where it began as one, else a `RuntimeError` with its sources as notes.
#[cold]
pub(super) fn raise(py: Python<'_>, error: Boxed) -> PyErr {
    let error = match error.downcast::<Error>() {
        Ok(error) => return error.to_exception(py),
        Err(error) => error,
    };
    let error = match error.downcast::<PyErr>() {
        Ok(error) => return *error,
        Err(error) => error,
    };
    let raised = PyRuntimeError::new_err(error.to_string());
    let mut source = error.source();
    let mut cause = None;
    while let Some(error) = source {
        note(py, &raised, &format!("because: {error}"));
        if let Some(error) = error.downcast_ref::<Error>() {
            cause = cause.or_else(|| Some(error.to_exception(py)));
        }
        source = error.source();
    }
    if cause.is_some() {
        raised.set_cause(py, cause);
    }
    raised
}

/// The exception that a panic is: a `RuntimeError` with the panic's text.
#[cold]
pub(in super::super) fn panicked(py: Python<'_>, what: &str, panic: &(dyn Any + Send)) -> PyErr {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let raised = PyRuntimeError::new_err(text.unwrap_or("a Rust panic").to_owned());
    note(py, &raised, &format!("a panic of Rust code: {what}"));
    raised
}

/// Adds a note; an exception without it is better than none.
fn note(py: Python<'_>, raised: &PyErr, text: &str) {
    let _ = raised.value(py).call_method1("add_note", (text,));
}
