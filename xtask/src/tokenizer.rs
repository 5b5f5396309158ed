//! The tokenizer's measurements, which are a project in Python: its environment, our package in it, and the run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::environment::{self, pip, step};
use crate::python;

/// Measures the tokenizer beside its peers. What it needs is kept in `directory`: the environment, packages, the corpus.
pub(crate) fn bench(root: &Path, target: &Path, rounds: u32, json: Option<&Path>) -> Result<()> {
    let here = root.join("packages/tokenizer");
    let directory = target.join("tokenizer-bench");
    let python = peers(&here, &directory)?;
    // Our package as people get it, and the crate without Python between.
    if here.join("python/Cargo.toml").exists() {
        install_ours(&here, &directory, &python)?;
    }
    step(
        "our program",
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--quiet", "--package", "ironbpe"])
            .args(["--example", "measure", "--manifest-path"])
            .arg(root.join("Cargo.toml")),
    )?;
    let mut command = Command::new(&python);
    command
        .arg(here.join("bench/bench.py"))
        .env("IRONBPE_MEASURE", target.join("release/examples/measure"))
        .arg("--directory")
        .arg(&directory)
        .args(["--rounds", &rounds.to_string()]);
    if let Some(json) = json {
        command.arg("--json").arg(json);
    }
    step("measurements", &mut command)
}

/// The environment with all peers in it, and the next version of one of them in a directory of its own.
fn peers(here: &Path, directory: &Path) -> Result<PathBuf> {
    let python = environment::make(&directory.join("venv"), python::find()?)?;
    step(
        "peers",
        pip(&python)
            .arg("--requirement")
            .arg(here.join("bench/requirements.txt")),
    )?;
    let next = directory.join("next");
    if !next.exists() {
        step(
            "the next version of a peer",
            pip(&python)
                .args(["--no-deps", "--target"])
                .arg(&next)
                .arg("--requirement")
                .arg(here.join("bench/requirements-next.txt")),
        )?;
    }
    Ok(python)
}

/// Builds our package as people get it, and installs it.
fn install_ours(here: &Path, directory: &Path, python: &Path) -> Result<()> {
    let wheels = directory.join("wheels");
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels)
            .with_context(|| format!("cannot remove {}", wheels.display()))?;
    }
    step(
        "our package",
        Command::new(python)
            .args(["-m", "maturin", "build", "--release", "--interpreter"])
            .arg(python)
            .arg("--manifest-path")
            .arg(here.join("python/Cargo.toml"))
            .arg("--out")
            .arg(&wheels),
    )?;
    step(
        "our package's installation",
        pip(python)
            .args([
                "--no-deps",
                "--force-reinstall",
                "--no-index",
                "--find-links",
            ])
            .arg(&wheels)
            .arg("ironbpe"),
    )
}
