//! The one error of this crate: what was asked, what was found, where, and what to do.
//!
//! [`Error`] is opaque and one pointer wide. Its [`ErrorKind`] says what failed; an error that began as a Python
//! exception carries the [`Exception`], which knows its type and message at once and reads the rest (notes, causes,
//! frames) from the interpreter on first demand.
//!
//! `{}` prints one line, `{:#}` the whole story.
//!
//! ```
//! use ironbridge::{ErrorKind, Session};
//!
//! let error = Session::new()?.run("int('many')").unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Exception);
//! assert_eq!(error.to_string(), "ValueError: invalid literal for int() with base 10: 'many'");
//! assert!(format!("{error:#}").contains("Traceback (most recent call last):"));
//! # Ok::<(), ironbridge::Error>(())
//! ```
//!
//! It turns back into the same Python exception where it crosses into Python again: `PyErr::from(error)`.

pub(crate) mod conversion;
mod exception;
mod into_python;
mod origin;
mod report;
mod story;

use std::fmt;
use std::sync::Arc;

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

pub use exception::Exception;
#[cfg(feature = "tokio")]
pub(crate) use exception::take_raised;
pub use origin::Origin;
pub use report::Report;
pub use story::{Cause, Frame, Story};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The longest message in an error's one line, in characters; `{:#}` and [`Exception::message`] have all of it.
const LONGEST_LINE: usize = 1000;

/// What failed. New kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ErrorKind {
    /// An environment was not found, could not be made, or does not fit the linked interpreter.
    Environment,
    /// The interpreter could not be started.
    Start,
    /// A Python module could not be imported.
    Import,
    /// Python code raised an exception.
    Exception,
    /// A Python module does not fit the trait that declares it.
    Contract,
    /// A value could not be converted between Rust and Python.
    Conversion,
    /// A call took longer than it was given.
    Timeout,
    /// A call was cancelled before it finished.
    Cancelled,
    /// A bounded queue had no room for a call that would not wait.
    QueueFull,
    /// A device or the host has not enough memory: `MemoryError`, `torch.cuda.OutOfMemoryError`.
    OutOfMemory,
    /// `Models` knows no model by that name, or knows it by another type.
    Model,
    /// What was asked of a device cannot be had: no driver, no such device, not supported by it.
    Device,
    /// Python code asked the process to exit (`SystemExit`).
    SystemExit,
    /// Python code was interrupted from the keyboard (`KeyboardInterrupt`).
    KeyboardInterrupt,
}

/// An error of Ironbridge or of the Python it ran.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    cause: What,
}

enum What {
    Report(Report),
    Exception(Exception),
    /// Another's, whom it befell too.
    Shared(Arc<Error>),
}

impl Error {
    pub(crate) fn report(kind: ErrorKind, report: Report) -> Self {
        let cause = What::Report(report);
        Self(Box::new(Inner { kind, cause }))
    }

    /// The same error for one more of those whom it befell.
    pub(crate) fn shared(error: &Arc<Self>) -> Self {
        let (kind, cause) = (error.kind(), What::Shared(Arc::clone(error)));
        Self(Box::new(Inner { kind, cause }))
    }

    /// An environment was not found, could not be made, or does not fit.
    pub(crate) fn environment(report: impl Into<Report>) -> Self {
        Self::report(ErrorKind::Environment, report.into())
    }

    /// The interpreter could not be started.
    pub(crate) fn start(report: impl Into<Report>) -> Self {
        Self::report(ErrorKind::Start, report.into())
    }

    /// A Python exception, raised by the call at `origin`.
    #[cold]
    pub(crate) fn from_python(py: Python<'_>, error: PyErr, origin: Option<Origin>) -> Self {
        Self::from_value(py, error.into_value(py).into_bound(py), origin)
    }

    /// The exception that is set, taken: what a call that gave no result left.
    #[cold]
    pub(crate) fn take_raised(py: Python<'_>, origin: impl Into<Option<Origin>>) -> Self {
        let origin = origin.into();
        match exception::take_raised(py) {
            Some(value) => Self::from_value(py, value, origin),
            None => Self::from_python(py, PyErr::fetch(py), origin),
        }
    }

    fn from_value(
        py: Python<'_>,
        value: Bound<'_, PyBaseException>,
        origin: Option<Origin>,
    ) -> Self {
        let (kind, exception) = Exception::read(py, value, origin);
        let cause = What::Exception(exception);
        Self(Box::new(Inner { kind, cause }))
    }

    /// A Rust value that cannot become a Python object.
    #[cold]
    pub(crate) fn capture(
        py: Python<'_>,
        name: &str,
        rust_type: &str,
        error: PyErr,
        origin: Origin,
    ) -> Self {
        let (report, source) = conversion::into_python(py, name, rust_type, error);
        Self::conversion(py, report, Some(source), Some(origin))
    }

    /// A Python value that is not the `T` that was asked for; or what Python code raised while it was read.
    #[cold]
    pub(crate) fn result<T>(
        value: &Bound<'_, PyAny>,
        error: PyErr,
        what: &str,
        origin: impl Into<Option<Origin>>,
    ) -> Self {
        let origin = origin.into();
        if !conversion::is_failed_conversion(value.py(), &error) {
            return Self::from_python(value.py(), error, origin);
        }
        let (report, source) = conversion::from_python::<T>(value, error, what);
        Self::conversion(value.py(), report, source, origin)
    }

    fn conversion(
        py: Python<'_>,
        mut report: Report,
        source: Option<PyErr>,
        origin: Option<Origin>,
    ) -> Self {
        if let Some(origin) = origin {
            report = report.detail("at", origin.to_string());
        }
        if let Some(source) = source {
            report = report.caused_by(Self::from_python(py, source, origin));
        }
        Self::report(ErrorKind::Conversion, report)
    }

    /// What failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The Python exception, where the error began as one. Several callers can share one that failed them all.
    pub fn exception(&self) -> Option<&Exception> {
        match &self.0.cause {
            What::Exception(exception) => Some(exception),
            What::Shared(error) => error.exception(),
            // One that says more about another error of its kind.
            What::Report(report) => report
                .source()
                .and_then(|source| source.downcast_ref::<Self>())
                .filter(|source| source.kind() == self.kind())
                .and_then(Self::exception),
        }
    }

    /// The exit code that Python code asked for: of `sys.exit(3)` it is 3, of `sys.exit()` 0, of `sys.exit("text")` 1.
    /// `None` where the error is no [`ErrorKind::SystemExit`].
    pub fn exit_code(&self) -> Option<i32> {
        if self.kind() != ErrorKind::SystemExit {
            return None;
        }
        let exception = self.exception()?;
        crate::interpreter::attach_started(|py| {
            let code = exception.value(py).getattr("code").ok()?;
            if code.is_none() {
                Some(0)
            } else {
                Some(code.extract().unwrap_or(1))
            }
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            What::Report(report) => report.fmt(f),
            What::Shared(error) => fmt::Display::fmt(error, f),
            What::Exception(exception) if f.alternate() => {
                write!(f, "{}", exception.story())?;
                match exception.origin() {
                    Some(origin) => write!(f, "\n  called from Rust at {origin}"),
                    None => Ok(()),
                }
            }
            What::Exception(exception) => {
                f.write_str(exception.type_name())?;
                let message = exception.message();
                if message.is_empty() {
                    return Ok(());
                }
                let first_line = message.lines().next().unwrap_or_default();
                let shown = story::cut(first_line, LONGEST_LINE);
                write!(f, ": {shown}")?;
                if first_line.len() < message.trim_end().len() && !shown.ends_with('…') {
                    f.write_str(" …")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Error {
    /// The whole story, so that `fn main() -> Result<(), ironbridge::Error>` prints what a person needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            What::Report(report) => report.source(),
            What::Shared(error) => std::error::Error::source(&**error),
            What::Exception(_) => None,
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Error {
    /// `kind`, `message` (the one line), and of an exception its `story`.
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut fields = serializer.serialize_struct("Error", 3)?;
        fields.serialize_field("kind", &self.kind())?;
        fields.serialize_field("message", &self.to_string())?;
        fields.serialize_field("story", &self.exception().map(Exception::story))?;
        fields.end()
    }
}
