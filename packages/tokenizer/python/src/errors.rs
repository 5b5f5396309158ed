//! Which exception each kind of error is.

use std::error::Error as _;
use std::io;

use ironbpe::{Error, ErrorKind};
use pyo3::PyErr;
use pyo3::exceptions::{PyIndexError, PyKeyboardInterrupt, PyRuntimeError, PyValueError};

/// The exception of an error.
pub(crate) fn exception(error: Error) -> PyErr {
    let message = error.to_string();
    with_message(&error, message)
}

/// The exception of an error of one of several items.
pub(crate) fn of_item((place, error): (usize, Error)) -> PyErr {
    let message = format!("item {place}: {error}");
    with_message(&error, message)
}

fn with_message(error: &Error, message: String) -> PyErr {
    match error.kind() {
        ErrorKind::Io => {
            let source = error
                .source()
                .and_then(|source| source.downcast_ref::<io::Error>());
            let kind = source.map_or(io::ErrorKind::Other, io::Error::kind);
            // Which is `FileNotFoundError` and so on.
            io::Error::new(kind, message).into()
        }
        ErrorKind::UnknownId => PyIndexError::new_err(message),
        ErrorKind::Interrupted => PyKeyboardInterrupt::new_err(message),
        ErrorKind::Format
        | ErrorKind::Pattern
        | ErrorKind::Setting
        | ErrorKind::DisallowedSpecial
        | ErrorKind::Utf8
        | ErrorKind::Inexpressible => PyValueError::new_err(message),
        _ => PyRuntimeError::new_err(message),
    }
}
