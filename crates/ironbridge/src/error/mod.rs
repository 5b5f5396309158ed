//! The one error of this crate: what was asked, what was found, where, and what to do.
//!
//! [`Error`] is opaque and one pointer wide. Its [`ErrorKind`] says what failed; an error that began as a Python
//! exception carries the [`Exception`], which knows its type and message at once and reads the rest (notes, causes,
//! frames) from the interpreter on first demand.
//!
//! `{}` prints one line, `{:#}` the whole story.

mod report;

use std::fmt;

pub use report::Report;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What failed. New kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// A value could not be converted between Rust and Python.
    Conversion,
    /// A call took longer than it was given.
    Timeout,
    /// A call was cancelled before it finished.
    Cancelled,
    /// Python code asked the process to exit (`SystemExit`).
    SystemExit,
    /// Python code was interrupted from the keyboard (`KeyboardInterrupt`).
    KeyboardInterrupt,
}

/// An error of Ironbridge or of the Python it ran.
pub struct Error(Box<Repr>);

enum Repr {
    Report { kind: ErrorKind, report: Report },
}

impl Error {
    /// An error of the given kind that says `asked_and_found` in one line; details, help and a source can follow.
    pub(crate) fn report(kind: ErrorKind, report: Report) -> Self {
        Self(Box::new(Repr::Report { kind, report }))
    }

    /// An environment was not found, could not be made, or does not fit.
    pub(crate) fn environment(report: impl Into<Report>) -> Self {
        Self::report(ErrorKind::Environment, report.into())
    }

    /// The interpreter could not be started.
    pub(crate) fn start(report: impl Into<Report>) -> Self {
        Self::report(ErrorKind::Start, report.into())
    }

    /// What failed.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Repr::Report { kind, .. } => *kind,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Repr::Report { report, .. } => report.fmt(f),
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
        match &*self.0 {
            Repr::Report { report, .. } => report.source(),
        }
    }
}
