//! Running `uv`, or `venv` and `pip`, with what they say shown and kept for the error.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use super::layout::executable_of;
use super::progress::Reporter;
use crate::Result;
use crate::error::{Error, Report};

/// How many of a command's last lines an error shows.
const LINES_KEPT: usize = 20;

/// What makes environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Installer {
    /// `uv` where it is found on `PATH`, else `venv` and `pip`.
    #[default]
    Auto,
    /// `uv`; an error where it is not found.
    Uv,
    /// `venv` and `pip`.
    Pip,
}

/// The program that was chosen.
pub(super) enum Tool {
    Uv(PathBuf),
    Pip,
}

impl Installer {
    pub(super) fn find(self) -> Result<Tool> {
        let uv = which::which("uv");
        match (self, uv) {
            (Self::Pip, _) | (Self::Auto, Err(_)) => Ok(Tool::Pip),
            (_, Ok(uv)) => Ok(Tool::Uv(uv)),
            (Self::Uv, Err(error)) => Err(Error::environment(
                Report::new("uv was asked for, but is not on PATH")
                    .caused_by(error)
                    .help(
                        "install it (pip install uv), or choose Installer::Auto or Installer::Pip",
                    ),
            )),
        }
    }
}

/// What one run of the installer is to install.
pub(super) struct Packages<'a> {
    pub(super) requirements: &'a [String],
    pub(super) files: &'a [PathBuf],
    pub(super) index_url: Option<&'a str>,
    pub(super) with_dependencies: bool,
}

impl Tool {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Uv(_) => "uv",
            Self::Pip => "pip",
        }
    }

    /// Makes an empty environment.
    pub(super) fn make(&self, python: &Path, prefix: &Path, reporter: &Reporter) -> Result<()> {
        reporter.step("making an empty environment");
        let mut command = match self {
            Self::Uv(uv) => {
                let mut command = clean(uv);
                command.args(["venv", "--quiet", "--python"]).arg(python);
                command
            }
            Self::Pip => {
                let mut command = clean(python);
                command.args(["-m", "venv"]);
                command
            }
        };
        run(command.arg(prefix), reporter)
    }

    /// Installs into an environment.
    pub(super) fn install(
        &self,
        prefix: &Path,
        packages: &Packages<'_>,
        reporter: &Reporter,
    ) -> Result<()> {
        let python = executable_of(prefix);
        let mut command = match self {
            Self::Uv(uv) => {
                let mut command = clean(uv);
                command.args(["pip", "install", "--python"]).arg(python);
                command
            }
            Self::Pip => {
                let mut command = clean(&python);
                // Compiled files would remember the directory that is renamed later.
                command.args([
                    "-m",
                    "pip",
                    "--disable-pip-version-check",
                    "--no-input",
                    "install",
                    "--no-compile",
                ]);
                command
            }
        };
        if !packages.with_dependencies {
            command.arg("--no-deps");
        }
        if let Some(url) = packages.index_url {
            command.args(["--index-url", url]);
        }
        for file in packages.files {
            command.arg("-r").arg(file);
        }
        run(command.args(packages.requirements), reporter)
    }
}

/// A command without the variables that would send a child to another Python.
pub(super) fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for variable in [
        "PYTHONHOME",
        "PYTHONPATH",
        "__PYVENV_LAUNCHER__",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
    ] {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end. What it says is shown, and the end of it kept for the error.
pub(super) fn run(command: &mut Command, reporter: &Reporter) -> Result<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let shown = shown(command);
    let failed = |found: String, said: String| {
        Error::environment(
            Report::new(format!("making the environment failed: {found}"))
                .detail("command", shown.clone())
                .detail("output", if said.is_empty() { "none".to_owned() } else { said })
                .help("run the command by itself; see that the network and the package index can be reached"),
        )
    };
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("the command cannot be run: {error}"), String::new()))?;
    let said = Mutex::new(VecDeque::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| follow(stdout, &said, reporter));
        follow(stderr, &said, reporter);
    });
    let status = child
        .wait()
        .map_err(|error| failed(format!("the command was lost: {error}"), String::new()))?;
    if status.success() {
        return Ok(());
    }
    let said = said.into_inner().unwrap_or_default();
    Err(failed(
        format!("the command ended with {status}"),
        Vec::from(said).join("\n"),
    ))
}

fn follow(output: Option<impl Read>, said: &Mutex<VecDeque<String>>, reporter: &Reporter) {
    let Some(output) = output else { return };
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        reporter.step(text.trim());
        if let Ok(mut said) = said.lock() {
            if said.len() == LINES_KEPT {
                said.pop_front();
            }
            said.push_back(text);
        }
        line.clear();
    }
}

fn shown(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        if word.contains(char::is_whitespace) || word.contains(['<', '>', ';', '&']) {
            format!("'{word}'")
        } else {
            word.into_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
