//! What a command fails with: one line, and the code that the process ends with.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::error::{Error, ErrorKind};

#[derive(Debug)]
pub(super) enum Failure {
    /// The command was called in a wrong way.
    Usage(String),
    /// It could not be done.
    Failed(String),
    /// It was asked to stop.
    Interrupted,
    /// Nobody reads the output any more.
    Unread,
}

impl Failure {
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// Reading or writing that failed, and at what.
    pub(super) fn io(place: impl Display, error: &io::Error) -> Self {
        Self::Failed(format!("{place}: {error}"))
    }

    pub(super) fn at(path: &Path, error: &io::Error) -> Self {
        Self::io(path.display(), error)
    }

    /// Writing to standard output that failed.
    pub(super) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Unread
        } else {
            Self::io("standard output", error)
        }
    }

    /// Says what went wrong, and gives the code.
    #[allow(clippy::print_stderr)] // A program talks to a person.
    pub(super) fn tell(self) -> ExitCode {
        match self {
            Self::Usage(text) => {
                eprintln!("error: {text}");
                ExitCode::from(2)
            }
            Self::Failed(text) => {
                eprintln!("error: {text}");
                ExitCode::FAILURE
            }
            Self::Interrupted => ExitCode::from(super::output::INTERRUPTED),
            Self::Unread => ExitCode::SUCCESS,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Interrupted => Self::Interrupted,
            // Settings come from the command line.
            ErrorKind::Setting => Self::Usage(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}
