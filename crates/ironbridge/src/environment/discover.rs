//! Finding the environment that is there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use super::layout::{self, Layout};
use super::{Environment, PythonVersion, Source};
use crate::Result;
use crate::error::{Error, Report};

/// What discovery looks at.
pub(super) struct Surroundings {
    pub(super) virtual_env: Option<OsString>,
    pub(super) conda_prefix: Option<OsString>,
    pub(super) directory: Option<PathBuf>,
}

impl Surroundings {
    pub(super) fn of_process() -> Self {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        Self {
            virtual_env: variable("VIRTUAL_ENV"),
            conda_prefix: variable("CONDA_PREFIX"),
            directory: env::current_dir().ok(),
        }
    }
}

pub(super) fn discover(surroundings: &Surroundings) -> Result<Environment> {
    let mut looked_at = Vec::new();
    let variables = [
        ("VIRTUAL_ENV", &surroundings.virtual_env, Source::VirtualEnv),
        ("CONDA_PREFIX", &surroundings.conda_prefix, Source::Conda),
    ];
    for (name, value, source) in variables {
        let Some(prefix) = value else {
            looked_at.push(format!("{name}: not set"));
            continue;
        };
        let prefix = Path::new(prefix);
        looked_at.push(format!("{name}: {}", prefix.display()));
        let layout = Layout::read(prefix).map_err(|error| {
            Error::environment(
                Report::new(format!(
                    "{name} names no environment that works: {}",
                    prefix.display()
                ))
                .caused_by(error)
                .help(format!("unset {name}, or let it name an environment")),
            )
        })?;
        return Ok(Environment::new(layout, source, looked_at));
    }
    if let Some(prefix) = nearest_dot_venv(surroundings.directory.as_deref()) {
        looked_at.push(format!(".venv: {}", prefix.display()));
        let layout = Layout::read(&prefix)?;
        return Ok(Environment::new(layout, Source::DotVenv, looked_at));
    }
    looked_at.push(".venv: none from the working directory upward".to_owned());
    let mut environment = linked()?;
    looked_at.append(&mut environment.looked_at);
    environment.looked_at = looked_at;
    Ok(environment)
}

/// The nearest `.venv` that is a virtual environment.
fn nearest_dot_venv(directory: Option<&Path>) -> Option<PathBuf> {
    directory?
        .ancestors()
        .map(|ancestor| ancestor.join(".venv"))
        .find(|candidate| candidate.join("pyvenv.cfg").exists())
}

/// The linked interpreter; where it was moved, one of its version beside its library or on `PATH`.
pub(super) fn linked() -> Result<Environment> {
    let version = PythonVersion::linked();
    let name = format!("python{version}{}", env::consts::EXE_SUFFIX);
    let recorded = PathBuf::from(env!("IRONBRIDGE_LINKED_EXECUTABLE"));
    let library = Path::new(env!("IRONBRIDGE_LINKED_LIB_DIR"));
    let beside = library
        .parent()
        .map(|prefix| layout::scripts_of(prefix).join(&name));
    let on_path = env::var_os("PATH")
        .map(|path| {
            env::split_paths(&path)
                .map(|entry| entry.join(&name))
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();

    let mut looked_at = Vec::new();
    for candidate in [recorded].into_iter().chain(beside).chain(on_path) {
        if candidate.as_os_str().is_empty() {
            continue;
        }
        if !is_executable(&candidate) {
            looked_at.push(format!(
                "linked interpreter: not at {}",
                candidate.display()
            ));
            continue;
        }
        looked_at.push(format!("linked interpreter: {}", candidate.display()));
        let layout = Layout::read(&candidate)?;
        return Ok(Environment::new(layout, Source::Linked, looked_at));
    }
    Err(Error::environment(
        Report::new(format!(
            "there is no Python {version}, which the program is linked with"
        ))
        .detail("looked at", looked_at.join("\n"))
        .help(format!(
            "install Python {version}, or name an environment made with one: VIRTUAL_ENV, or \
                 `Interpreter::builder().environment(...)`"
        )),
    ))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::Source;
    use super::super::layout::executable_of;
    use super::{Surroundings, discover};

    fn make(prefix: &Path) {
        let executable = executable_of(prefix);
        fs::create_dir_all(executable.parent().unwrap()).unwrap();
        fs::write(executable, "").unwrap();
        fs::write(prefix.join("pyvenv.cfg"), "home = /\nversion = 3.11.4\n").unwrap();
    }

    #[test]
    fn the_documented_order_is_kept_and_explained() {
        let root = tempfile::tempdir().unwrap();
        let (virtual_env, conda) = (root.path().join("virtual"), root.path().join("conda"));
        let inner = root.path().join("project/deep/down");
        fs::create_dir_all(&inner).unwrap();
        let dot_venv = root.path().join("project/.venv");
        for prefix in [&virtual_env, &conda, &dot_venv] {
            make(prefix);
        }

        let mut surroundings = Surroundings {
            virtual_env: Some(virtual_env.into()),
            conda_prefix: Some(conda.into()),
            directory: Some(inner),
        };
        let source = |surroundings: &Surroundings| {
            let environment = discover(surroundings).unwrap();
            (environment.source(), environment.explain().to_string())
        };
        assert_eq!(source(&surroundings).0, Source::VirtualEnv);
        surroundings.virtual_env = None;
        assert_eq!(source(&surroundings).0, Source::Conda);
        surroundings.conda_prefix = None;
        let (found, explained) = source(&surroundings);
        assert_eq!(found, Source::DotVenv);
        for line in [
            "VIRTUAL_ENV: not set",
            "CONDA_PREFIX: not set",
            ".venv: ",
            "chosen: ",
            "version: 3.11.4",
        ] {
            assert!(
                explained.contains(line),
                "{line:?} is missing in:\n{explained}"
            );
        }
        surroundings.directory = None;
        assert_eq!(source(&surroundings).0, Source::Linked);
    }

    #[test]
    fn a_variable_that_names_nothing_is_no_reason_to_look_further() {
        let surroundings = Surroundings {
            virtual_env: Some("/no/such/environment".into()),
            conda_prefix: None,
            directory: None,
        };
        let story = format!("{:#}", discover(&surroundings).unwrap_err());
        assert!(
            story.contains("VIRTUAL_ENV names no environment"),
            "{story}"
        );
        assert!(story.contains("unset VIRTUAL_ENV"), "{story}");
    }
}
