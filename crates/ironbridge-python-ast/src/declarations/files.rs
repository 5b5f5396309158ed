//! Where modules lie on disk.

use std::path::{Path, PathBuf};

use super::library::{ReadError, Root};
use super::model::Module;

pub(super) fn read(name: &str, path: &Path) -> Result<Module, ReadError> {
    let bytes = std::fs::read(path).map_err(|error| ReadError::Io(path.to_owned(), error))?;
    let source = String::from_utf8(bytes).map_err(|error| {
        ReadError::Io(
            path.to_owned(),
            std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        )
    })?;
    let source = source.strip_prefix('\u{feff}').unwrap_or(&source);
    Module::read(name, path, source).map_err(|diagnostics| ReadError::Syntax {
        path: path.to_owned(),
        source: source.to_owned(),
        diagnostics,
    })
}

/// The directory from which a file is imported, and the dotted name by which it is.
pub(super) fn root_and_name(file: &Path) -> (PathBuf, String) {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy());
    let mut parts: Vec<String> = match stem.as_deref() {
        None | Some("__init__") => Vec::new(),
        Some(stem) => vec![stem.to_owned()],
    };
    let mut directory = file.parent().unwrap_or(Path::new("")).to_owned();
    while init_of(&directory).is_some() {
        let Some(name) = directory
            .file_name()
            .map(|it| it.to_string_lossy().into_owned())
        else {
            break;
        };
        parts.push(name.strip_suffix("-stubs").unwrap_or(&name).to_owned());
        if !directory.pop() {
            break;
        }
    }
    parts.reverse();
    (directory, parts.join("."))
}

/// Whether a directory holds what is installed, and not one project.
pub(super) fn is_environment(directory: &Path) -> bool {
    directory.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        matches!(
            &*name,
            "site-packages" | "dist-packages" | "stdlib" | "typeshed" | "stubs"
        ) || name.starts_with("python3")
            || name == "Lib"
    }) || directory.join("typing.py").is_file()
        || directory.join("typing.pyi").is_file()
}

pub(super) fn init_of(directory: &Path) -> Option<PathBuf> {
    ["__init__.pyi", "__init__.py"]
        .map(|name| directory.join(name))
        .into_iter()
        .find(|file| file.is_file())
}

pub(super) fn file_of(roots: &[Root], name: &str) -> Option<PathBuf> {
    roots
        .iter()
        .find_map(|root| find_file(&root.directory, name))
}

/// The file of a module in one directory: stubs packages first, then stubs beside the source, then the source.
pub(super) fn find_file(root: &Path, name: &str) -> Option<PathBuf> {
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|it| it.is_alphanumeric() || it == '_');
    if !name.split('.').all(is_name) {
        return None;
    }
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    [format!("{first}-stubs"), first.to_owned()]
        .into_iter()
        .find_map(|first| {
            let mut path = root.join(first);
            path.extend(rest.split('.').filter(|part| !part.is_empty()));
            let with = |extension: &str| {
                let mut name = path.clone().into_os_string();
                name.push(extension);
                PathBuf::from(name)
            };
            [
                path.join("__init__.pyi"),
                with(".pyi"),
                path.join("__init__.py"),
                with(".py"),
            ]
            .into_iter()
            .find(|file| file.is_file())
        })
}
