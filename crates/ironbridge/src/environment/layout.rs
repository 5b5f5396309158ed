//! What lies in an environment's directory, and the version of its Python, read without running it where that can be.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::PythonVersion;
use crate::Result;
use crate::error::{Error, Report};

/// An environment on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) prefix: PathBuf,
    pub(super) executable: PathBuf,
    pub(super) version: PythonVersion,
}

impl Layout {
    /// Reads the environment in a directory, or of an executable.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Self::of_directory(&path);
        }
        if path.is_file() {
            return Self::of_executable(&path);
        }
        Err(Error::environment(
            Report::new(format!("there is no environment at {}", path.display()))
                .detail("found", "nothing of that name")
                .help(make_it(&path)),
        ))
    }

    fn of_directory(prefix: &Path) -> Result<Self> {
        let executable = executable_of(prefix);
        if !executable.is_file() {
            let dangling = executable.is_symlink();
            let found = if dangling {
                format!("{} points to a Python that is gone", executable.display())
            } else {
                format!("it has no {}", executable.display())
            };
            return Err(Error::environment(
                Report::new(format!("{} is no working environment", prefix.display()))
                    .detail("found", found)
                    .help(make_it(prefix)),
            ));
        }
        let version = match read_config(prefix)? {
            Some(config) => config.version,
            None => version_of_conda(prefix),
        };
        let version = match version.or_else(|| version_of_installation(prefix)) {
            Some(version) => version,
            None => ask(&executable)?,
        };
        Ok(Self {
            prefix: prefix.to_owned(),
            executable,
            version,
        })
    }

    fn of_executable(executable: &Path) -> Result<Self> {
        let directory = executable.parent().unwrap_or(Path::new("/"));
        // A virtual environment's configuration stands above its `bin`, or beside the executable.
        for prefix in directory.parent().into_iter().chain([directory]) {
            if let Some(config) = read_config(prefix)? {
                let version = match config.version {
                    Some(version) => version,
                    None => ask(executable)?,
                };
                return Ok(Self {
                    prefix: prefix.to_owned(),
                    executable: executable.to_owned(),
                    version,
                });
            }
        }
        let resolved = fs::canonicalize(executable).unwrap_or_else(|_| executable.to_owned());
        let prefix = resolved
            .parent()
            .and_then(Path::parent)
            .unwrap_or(directory);
        let named = resolved.file_name().and_then(|name| {
            let name = name.to_str()?;
            name.strip_prefix("python")?.parse::<PythonVersion>().ok()
        });
        let version = match named {
            Some(version) => version,
            None => ask(executable)?,
        };
        Ok(Self {
            prefix: prefix.to_owned(),
            executable: executable.to_owned(),
            version,
        })
    }
}

/// Where a virtual environment keeps its `python`.
pub(super) fn executable_of(prefix: &Path) -> PathBuf {
    if cfg!(windows) {
        let in_scripts = prefix.join("Scripts").join("python.exe");
        if in_scripts.exists() {
            in_scripts
        } else {
            prefix.join("python.exe")
        }
    } else {
        prefix.join("bin").join("python")
    }
}

/// Where an environment keeps its scripts.
pub(super) fn scripts_of(prefix: &Path) -> PathBuf {
    prefix.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

pub(super) fn site_packages(prefix: &Path, version: PythonVersion) -> PathBuf {
    if cfg!(windows) {
        prefix.join("Lib").join("site-packages")
    } else {
        let python = format!("python{}.{}", version.major, version.minor);
        prefix.join("lib").join(python).join("site-packages")
    }
}

/// What `pyvenv.cfg` says.
struct Config {
    version: Option<PythonVersion>,
}

/// Reads `pyvenv.cfg`; `None` where there is none. A `home` that is gone is an error: such an environment cannot start.
fn read_config(prefix: &Path) -> Result<Option<Config>> {
    let path = prefix.join("pyvenv.cfg");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Error::environment(
                Report::new(format!("cannot read {}", path.display())).caused_by(error),
            ));
        }
    };
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim())
        })
    };
    if let Some(home) = value("home")
        && !Path::new(home).is_dir()
    {
        return Err(Error::environment(
            Report::new(format!(
                "the environment {} was made from a Python that is gone",
                prefix.display()
            ))
            .detail("its home", home)
            .help(make_it(prefix)),
        ));
    }
    // venv writes `version`, uv and virtualenv `version_info`.
    let version = value("version").or_else(|| value("version_info"));
    Ok(Some(Config {
        version: version.and_then(|version| version.parse().ok()),
    }))
}

/// Conda keeps a record of each package, `python-3.12.4-h5148396_1.json` among them.
fn version_of_conda(prefix: &Path) -> Option<PythonVersion> {
    names_in(&prefix.join("conda-meta")).find_map(|name| {
        let version = name.strip_prefix("python-")?.split('-').next()?;
        version.starts_with('3').then(|| version.parse().ok())?
    })
}

/// An installation has a directory `lib/python3.X`; where it has several, none of them tells.
fn version_of_installation(prefix: &Path) -> Option<PythonVersion> {
    let library = prefix.join("lib");
    let mut versions = names_in(&library).filter_map(|name| {
        let version = name.strip_prefix("python")?.parse().ok()?;
        let landmark = library.join(&name).join("os.py");
        landmark.exists().then_some(version)
    });
    let first = versions.next()?;
    versions.next().is_none().then_some(first)
}

fn names_in(directory: &Path) -> impl Iterator<Item = String> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
}

/// Runs the interpreter to learn its version: only where nothing on disk tells.
fn ask(executable: &Path) -> Result<PythonVersion> {
    let failed = |found: String| {
        Error::environment(
            Report::new(format!("{} does not run as Python", executable.display()))
                .detail("asked", "its version, by -c \"import sys; …\"")
                .detail("found", found)
                .help("name another interpreter, or mend this one"),
        )
    };
    let output = Command::new(executable)
        .args([
            "-I",
            "-c",
            "import sys; print('%d.%d.%d' % sys.version_info[:3])",
        ])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.parse().map_err(|()| {
        let said = String::from_utf8_lossy(&output.stderr);
        failed(format!("{}: {}{}", output.status, text.trim(), said.trim()))
    })
}

fn make_it(prefix: &Path) -> String {
    format!(
        "make it anew: python{} -m venv --clear {}",
        PythonVersion::linked(),
        prefix.display()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Layout, executable_of};
    use crate::ErrorKind;

    fn fake(config: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let executable = executable_of(directory.path());
        fs::create_dir_all(executable.parent().unwrap()).unwrap();
        fs::write(&executable, "").unwrap();
        fs::write(directory.path().join("pyvenv.cfg"), config).unwrap();
        directory
    }

    #[test]
    fn the_version_is_read_from_either_spelling() {
        for config in [
            "home = /\nversion = 3.9.2\n",
            "home=/\nversion_info = 3.9.2.final.0\n",
        ] {
            let directory = fake(config);
            let layout = Layout::read(directory.path()).unwrap();
            assert_eq!(layout.version.to_string(), "3.9.2");
            let again = Layout::read(&layout.executable).unwrap();
            assert_eq!(again, layout, "by its executable it is the same");
        }
    }

    #[test]
    fn a_home_that_is_gone_is_an_error_with_the_mend() {
        let directory = fake("home = /no/such/python\nversion = 3.11.1\n");
        let error = Layout::read(directory.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment);
        let story = format!("{error:#}");
        assert!(
            story.contains("/no/such/python") && story.contains("-m venv --clear"),
            "{story}"
        );
    }

    #[test]
    fn an_empty_directory_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let story = format!("{:#}", Layout::read(directory.path()).unwrap_err());
        assert!(story.contains("is no working environment"), "{story}");
    }
}
