//! Where Python is: the installation or virtual environment that the interpreter runs as.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::Result;

/// A Python environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    executable: PathBuf,
    prefix: PathBuf,
}

impl Environment {
    /// The environment of `VIRTUAL_ENV`, else the linked interpreter.
    pub fn discover() -> Result<Self> {
        match std::env::var_os("VIRTUAL_ENV") {
            Some(prefix) => Self::at(PathBuf::from(prefix)),
            None => Ok(Self::of(PathBuf::from(env!(
                "IRONBRIDGE_LINKED_EXECUTABLE"
            )))),
        }
    }

    /// The environment in the directory `prefix`, or of the executable `prefix`.
    pub fn at(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.is_file() {
            return Ok(Self::of(path.to_owned()));
        }
        Ok(Self::of(path.join("bin").join("python")))
    }

    fn of(executable: PathBuf) -> Self {
        let prefix = executable
            .parent()
            .and_then(Path::parent)
            .unwrap_or(Path::new("/"))
            .to_owned();
        Self { executable, prefix }
    }

    /// Its `python`.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Its `sys.prefix`.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Does its version fit the linked libpython?
    pub fn check_linked_version(&self) -> Result<()> {
        Ok(())
    }

    /// Why this one, in lines for a person.
    pub fn explain(&self) -> impl fmt::Display {
        format!("environment {}", self.prefix.display())
    }
}
