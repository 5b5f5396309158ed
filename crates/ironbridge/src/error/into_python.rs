//! Between `PyO3`'s error and ours: an error that crosses into Python again is the exception that it was.

use pyo3::exceptions::{
    PyImportError, PyInterruptedError, PyKeyboardInterrupt, PyRuntimeError, PySystemExit,
    PyTimeoutError, PyTypeError,
};
use pyo3::prelude::*;

use super::{Error, ErrorKind, What};

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        if let What::Exception(exception) = &error.0.cause {
            return crate::interpreter::attach_started(|py| {
                // The same object, with its traceback.
                PyErr::from_value(exception.value(py).clone().into_any())
            });
        }
        let text = format!("{error:#}");
        match error.kind() {
            ErrorKind::Conversion => PyTypeError::new_err(text),
            ErrorKind::Timeout => PyTimeoutError::new_err(text),
            ErrorKind::Cancelled => PyInterruptedError::new_err(text),
            ErrorKind::Import | ErrorKind::Contract => PyImportError::new_err(text),
            ErrorKind::SystemExit => PySystemExit::new_err(text),
            ErrorKind::KeyboardInterrupt => PyKeyboardInterrupt::new_err(text),
            ErrorKind::Environment | ErrorKind::Start | ErrorKind::Exception => {
                PyRuntimeError::new_err(text)
            }
        }
    }
}

impl From<PyErr> for Error {
    /// So that `?` works where `PyO3` is used directly.
    fn from(error: PyErr) -> Self {
        crate::interpreter::attach_started(|py| Self::from_python(py, error, None))
    }
}
