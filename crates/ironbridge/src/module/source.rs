//! Where a module comes from, and loading it from there.

use std::fmt;
use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule};

use crate::interpreter::start::bootstrap;

/// A module's name and the place that it is loaded from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) place: Place,
}

/// A place that modules are loaded from.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Wherever Python's own `import` finds it.
    Import,
    /// A directory that is put on `sys.path`.
    Directory(PathBuf),
    /// Text that the program carries.
    Text(String),
}

impl Source {
    /// Imports the module.
    pub(super) fn import<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyModule>> {
        let module = match &self.place {
            Place::Import => return py.import(&*self.name),
            Place::Directory(directory) => {
                let directory = python_path(directory);
                helper(py, "import_from_directory")?.call1((&self.name, directory))?
            }
            Place::Text(text) => helper(py, "import_text")?.call1((&self.name, text))?,
        };
        Ok(module.cast_into()?)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.place {
            Place::Import => Ok(()),
            Place::Directory(directory) => write!(f, " from directory {}", directory.display()),
            Place::Text(_) => f.write_str(" from text in the program"),
        }
    }
}

/// A function of `loading.py`.
pub(super) fn helper<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static LOADING: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let make = || {
        let text = include_str!("loading.py");
        let first = bootstrap(py, "loading.py", text, "import_text")?;
        let names = first.getattr("__globals__")?;
        Ok::<_, PyErr>(names.cast_into::<PyDict>()?.unbind())
    };
    LOADING
        .get_or_try_init(py, make)?
        .bind(py)
        .as_any()
        .get_item(name)
}

/// The path as Python's import system wants it: absolute, and on Windows without the prefix of extended-length paths,
/// which `canonicalize` adds and which import does not take.
fn python_path(directory: &Path) -> PathBuf {
    let absolute = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    match absolute.to_str() {
        Some(text) => PathBuf::from(without_extended_prefix(text).into_owned()),
        None => absolute,
    }
}

/// `\\?\C:\models` is `C:\models`, and `\\?\UNC\host\share` is `\\host\share`.
fn without_extended_prefix(path: &str) -> std::borrow::Cow<'_, str> {
    if let Some(share) = path.strip_prefix(r"\\?\UNC\") {
        format!(r"\\{share}").into()
    } else {
        path.strip_prefix(r"\\?\").unwrap_or(path).into()
    }
}

#[cfg(test)]
mod tests {
    use super::without_extended_prefix;

    #[test]
    fn extended_length_paths_lose_their_prefix() {
        for (path, python) in [
            (r"\\?\C:\models\mine", r"C:\models\mine"),
            (r"\\?\UNC\host\share\models", r"\\host\share\models"),
            (r"C:\models", r"C:\models"),
            ("/srv/größe und mehr", "/srv/größe und mehr"),
        ] {
            assert_eq!(without_extended_prefix(path), python);
        }
    }
}
