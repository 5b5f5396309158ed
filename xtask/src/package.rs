//! The tests of a Python package: built as people get it, in an environment of its own.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::environment::{self, pip, step};

/// Its lints, its build, its tests and what type checkers say of it.
///
/// What it needs is kept under `target`, so that a second time only what has changed is done.
pub(crate) fn test(
    name: &str,
    package: &Path,
    target: &Path,
    python: Option<OsString>,
) -> Result<()> {
    let begun = Instant::now();
    let manifest = package.join("Cargo.toml");
    let cargo = || {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.env("CARGO_TARGET_DIR", target.join("build"));
        command
    };
    let label = |what: &str| format!("{name}: {what}");
    step(
        &label("formatting"),
        cargo()
            .args(["fmt", "--check", "--manifest-path"])
            .arg(&manifest),
    )?;
    step(
        &label("lints"),
        cargo()
            .args(["clippy", "--release", "--quiet", "--manifest-path"])
            .arg(&manifest)
            .args(["--", "-D", "warnings"]),
    )?;
    let environment = target.join("venv");
    let python = environment::make(&environment, python)?;
    install(&label("requirements"), package, target, &python)?;
    let run = |what: &str, arguments: &[&str]| {
        step(
            &label(what),
            Command::new(&python)
                .args(arguments)
                .current_dir(package)
                .env("VIRTUAL_ENV", &environment)
                .env("CARGO_TARGET_DIR", target.join("build")),
        )
    };
    run(
        "build",
        &["-m", "maturin", "develop", "--release", "--quiet"],
    )?;
    run("tests", &["-m", "pytest"])?;
    run("mypy", &["-m", "mypy"])?;
    run("stubs", &["-m", "mypy.stubtest", name])?;
    let here = python.to_string_lossy();
    run("pyright", &["-m", "pyright", "--pythonpath", &here])?;
    println!("==> {name}: ok ({:.1} s)", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Installs what the tests need, unless that was done.
fn install(label: &str, package: &Path, target: &Path, python: &Path) -> Result<()> {
    let requirements = package.join("requirements-test.txt");
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let stamp = target.join("requirements-installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step(label, pip(python).arg("--requirement").arg(&requirements))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
