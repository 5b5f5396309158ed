//! Python environments of chores, and what runs in them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The Python of an environment, which is made if it is not there.
pub(crate) fn make(directory: &Path, base: Option<OsString>) -> Result<PathBuf> {
    let python = directory.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if !python.exists() {
        let base = base.unwrap_or_else(|| "python".into());
        step(
            "environment",
            Command::new(base).args(["-m", "venv"]).arg(directory),
        )?;
    }
    Ok(python)
}

/// `pip install`, without what it says of itself.
pub(crate) fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    command
}

/// Runs a command; what it says goes to the person.
pub(crate) fn step(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {name}");
    let status = command.status().with_context(|| {
        format!(
            "{name}: {} cannot be run",
            command.get_program().to_string_lossy()
        )
    })?;
    ensure!(status.success(), "{name} failed: {status}");
    Ok(())
}
