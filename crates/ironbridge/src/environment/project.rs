//! The environment of a Python project: what its own files ask for.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};

use super::installer::{Installer, Tool, clean};
use super::managed::{ManagedEnvironment, RequirementsFile};
use super::{Environment, PythonVersion, Source};
use crate::Result;
use crate::error::{Error, Report};

pub(super) fn environment(directory: &Path) -> Result<Environment> {
    let own = directory.join(".venv");
    if own.join("pyvenv.cfg").exists() {
        let mut environment = Environment::at(&own)?;
        environment.source = Source::Project;
        environment.looked_at = vec![format!("the project's own .venv: {}", own.display())];
        return Ok(environment);
    }
    let (lock, pyproject, requirements) = (
        directory.join("uv.lock"),
        directory.join("pyproject.toml"),
        directory.join("requirements.txt"),
    );
    let managed = Environment::managed_builder().source(Source::Project);
    if lock.exists() {
        check_python(&pyproject)?;
        return from_lock(directory, &lock, managed);
    }
    if pyproject.exists() {
        check_python(&pyproject)?;
        if let Some(dependencies) = dependencies_of(&pyproject)? {
            return managed.requirements(dependencies).create();
        }
    }
    if requirements.exists() {
        let content = read_with_includes(&requirements, 8)?;
        let file = RequirementsFile {
            path: std::path::absolute(&requirements).unwrap_or(requirements),
            content,
        };
        return managed.file(file).create();
    }
    Err(Error::environment(
        Report::new(format!("{} is no Python project", directory.display()))
            .detail(
                "looked for",
                ".venv, uv.lock, pyproject.toml with [project] dependencies, requirements.txt",
            )
            .help("name the directory that has one of these, or use Environment::managed([...])"),
    ))
}

/// Has uv write out what the lock file says, exactly.
fn from_lock(directory: &Path, lock: &Path, managed: ManagedEnvironment) -> Result<Environment> {
    let Tool::Uv(uv) = Installer::Uv.find().map_err(|error| {
        Error::environment(
            Report::new(format!(
                "{} can only be read by uv, which is not on PATH",
                lock.display()
            ))
            .caused_by(error)
            .help("install it (pip install uv), or make the project's .venv with it"),
        )
    })?
    else {
        return Err(Error::environment(
            "uv was asked for and something else was found",
        ));
    };
    let output = clean(&uv)
        .args([
            "export",
            "--quiet",
            "--frozen",
            "--no-emit-project",
            "--no-dev",
            "--format",
            "requirements-txt",
        ])
        .arg("--project")
        .arg(directory)
        .output();
    let exported = match output {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            return Err(Error::environment(
                Report::new(format!("uv cannot read {}", lock.display()))
                    .detail(
                        "output",
                        String::from_utf8_lossy(&output.stderr).into_owned(),
                    )
                    .help("run `uv lock` in the project"),
            ));
        }
        Err(error) => {
            return Err(Error::environment(
                Report::new("uv cannot be run").caused_by(error),
            ));
        }
    };
    let content = String::from_utf8_lossy(&exported).into_owned();
    // Lives until the environment is made.
    let written = tempfile::Builder::new()
        .suffix(".txt")
        .tempfile()
        .and_then(|file| {
            fs::write(file.path(), &content)?;
            Ok(file)
        });
    let written = written.map_err(|error| {
        Error::environment(Report::new("cannot write a temporary file").caused_by(error))
    })?;
    let file = RequirementsFile {
        path: written.path().to_owned(),
        content,
    };
    managed.file(file).installer(Installer::Uv).create()
}

fn read_toml(path: &Path) -> Result<Option<toml::Table>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = read(path)?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        Error::environment(Report::new(format!("{} is no TOML", path.display())).caused_by(error))
    })?;
    Ok(Some(table))
}

/// Whether the linked version is one that `requires-python` allows.
fn check_python(pyproject: &Path) -> Result<()> {
    let Some(table) = read_toml(pyproject)? else {
        return Ok(());
    };
    let wanted = table
        .get("project")
        .and_then(|project| project.get("requires-python"))
        .and_then(toml::Value::as_str);
    let Some(wanted) = wanted else { return Ok(()) };
    let specifiers = VersionSpecifiers::from_str(wanted).map_err(|error| {
        Error::environment(
            Report::new(format!(
                "requires-python in {} cannot be read: {wanted}",
                pyproject.display()
            ))
            .caused_by(error),
        )
    })?;
    let linked =
        Environment::linked().map_or_else(|_| PythonVersion::linked(), |linked| linked.version());
    let version = Version::new([
        u64::from(linked.major),
        u64::from(linked.minor),
        u64::from(linked.patch.unwrap_or(0)),
    ]);
    if specifiers.contains(&version) {
        return Ok(());
    }
    Err(Error::environment(
        Report::new(format!(
            "the project asks for Python {wanted}, but the program is linked with {linked}"
        ))
        .detail("project", pyproject.display().to_string())
        .help("build the program with a Python that fits: PYO3_PYTHON=/path/to/python cargo build"),
    ))
}

/// `[project] dependencies`; `None` where the file has none.
fn dependencies_of(pyproject: &Path) -> Result<Option<Vec<String>>> {
    let Some(table) = read_toml(pyproject)? else {
        return Ok(None);
    };
    let Some(list) = table
        .get("project")
        .and_then(|project| project.get("dependencies"))
    else {
        return Ok(None);
    };
    let items = list.as_array().and_then(|items| {
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>()
    });
    items.map(Some).ok_or_else(|| {
        Error::environment(Report::new(format!(
            "[project] dependencies in {} is no list of strings",
            pyproject.display()
        )))
    })
}

/// The text of a requirements file and of those that it includes by `-r` and `-c`.
fn read_with_includes(path: &Path, depth: usize) -> Result<String> {
    let mut text = read(path)?;
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let included: Vec<PathBuf> = text
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let words = ["-r", "--requirement", "-c", "--constraint"];
            let rest = words.iter().find_map(|word| line.strip_prefix(word))?;
            Some(directory.join(rest.trim_start_matches('=').trim()))
        })
        .collect();
    if depth > 0 {
        for path in included {
            text.push_str(&read_with_includes(&path, depth - 1)?);
        }
    }
    Ok(text)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| {
        Error::environment(Report::new(format!("cannot read {}", path.display())).caused_by(error))
    })
}
