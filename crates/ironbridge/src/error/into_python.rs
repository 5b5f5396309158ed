//! Between `PyO3`'s error and ours: an error that crosses into Python again is the exception that it was.

use pyo3::exceptions::{
    PyImportError, PyInterruptedError, PyKeyboardInterrupt, PyMemoryError, PyRuntimeError,
    PySystemExit, PyTimeoutError, PyTypeError,
};
use pyo3::prelude::*;

use super::{Error, ErrorKind, What};

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match &error.0.cause {
            // Of no exception, it may be made before there is an interpreter.
            What::Report(_) if error.exception().is_none() => error.report_as_exception(),
            _ => crate::interpreter::attach_started(|py| error.to_exception(py)),
        }
    }
}

impl Error {
    /// The exception that it is in Python: where it began as one the same object, with its traceback.
    pub(crate) fn to_exception(&self, py: Python<'_>) -> PyErr {
        match &self.0.cause {
            What::Exception(exception) => PyErr::from_value(exception.value(py).clone().into_any()),
            What::Shared(error) => error.to_exception(py),
            What::Report(_) => {
                let error = self.report_as_exception();
                // One that says more about an exception: that is its cause in Python too.
                if let Some(exception) = self.exception() {
                    let cause = PyErr::from_value(exception.value(py).clone().into_any());
                    error.set_cause(py, Some(cause));
                }
                error
            }
        }
    }

    fn report_as_exception(&self) -> PyErr {
        let text = format!("{self:#}");
        match self.kind() {
            ErrorKind::Conversion => PyTypeError::new_err(text),
            ErrorKind::Timeout => PyTimeoutError::new_err(text),
            ErrorKind::Cancelled => PyInterruptedError::new_err(text),
            ErrorKind::Import | ErrorKind::Contract => PyImportError::new_err(text),
            ErrorKind::SystemExit => PySystemExit::new_err(text),
            ErrorKind::KeyboardInterrupt => PyKeyboardInterrupt::new_err(text),
            ErrorKind::OutOfMemory => PyMemoryError::new_err(text),
            ErrorKind::Environment
            | ErrorKind::Start
            | ErrorKind::Exception
            | ErrorKind::QueueFull
            | ErrorKind::Model
            | ErrorKind::Device => PyRuntimeError::new_err(text),
        }
    }
}

impl From<PyErr> for Error {
    /// So that `?` works where `PyO3` is used directly.
    fn from(error: PyErr) -> Self {
        crate::interpreter::attach_started(|py| Self::from_python(py, error, None))
    }
}
