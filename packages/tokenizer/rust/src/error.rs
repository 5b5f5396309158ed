//! The one error.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// What this crate's functions give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in which file if there is one, and what to do.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    help: Option<&'static str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Which kind of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file could not be read or written.
    Io,
    /// A file, or bytes that were loaded, are not of the format, are cut off, or contradict themselves.
    Format,
    /// A pattern does not compile, or gave up on a text.
    Pattern,
    /// A setting that makes no sense: a vocabulary of fewer than 256 tokens, a special token that is empty.
    Setting,
    /// An id that no token has.
    UnknownId,
    /// A special token stands in a text where it is not allowed.
    DisallowedSpecial,
    /// The bytes are no UTF-8.
    Utf8,
    /// What the format cannot hold.
    Inexpressible,
    /// It was asked to stop.
    Interrupted,
}

impl Error {
    /// An error of the kind, with what was asked and what was found.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            help: None,
            source: None,
        }))
    }

    /// Names the file.
    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// Says which of several things it is about.
    pub(crate) fn of_item(mut self, at: usize) -> Self {
        let message = &self.0.message;
        self.0.message = format!("item {at}: {message}");
        self
    }

    /// Says what to do.
    pub(crate) fn help(mut self, help: &'static str) -> Self {
        self.0.help = Some(help);
        self
    }

    /// Keeps what caused it.
    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Which kind it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file that it is about.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(path) = &inner.path {
            write!(f, "{}: ", path.display())?;
        }
        f.write_str(&inner.message)?;
        if let Some(help) = inner.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.to_string())
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(&**source)
    }
}
