//! Why bindings could not be made.

use std::fmt;
use std::path::PathBuf;

use ironbridge_python_ast::declarations::ReadError;

/// Why bindings could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The module was not found, could not be read, or is no Python.
    Read(ReadError),
    /// A name of `only` that the module does not export.
    UnknownName {
        /// The name.
        name: String,
        /// The module.
        module: String,
        /// The names that it exports.
        exports: Vec<String>,
    },
    /// The bindings could not be written.
    Write(PathBuf, std::io::Error),
    /// `OUT_DIR` is not set: this is no build script.
    NoOutDir,
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::UnknownName {
                name,
                module,
                exports,
            } => {
                write!(f, "`{module}` has no public name `{name}`; it has ")?;
                if exports.is_empty() {
                    return f.write_str("none");
                }
                let shown = exports.iter().take(20).map(String::as_str);
                f.write_str(&shown.collect::<Vec<_>>().join(", "))?;
                match exports.len() {
                    0..=20 => Ok(()),
                    more => write!(f, " and {} more", more - 20),
                }
            }
            Self::Write(path, error) => write!(f, "{} cannot be written: {error}", path.display()),
            Self::NoOutDir => f.write_str(
                "OUT_DIR is not set: call `write_to_out_dir` in a build script, or `write_to` with a path",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Write(_, error) => Some(error),
            _ => None,
        }
    }
}
