//! A command with a name, run in the repository's root, timed.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs `cargo` with the arguments; what it says goes to the person.
pub(crate) fn cargo(name: &str, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
    println!("==> {name}: cargo {}", arguments.join(" "));
    let begun = Instant::now();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(crate::root())
        .status()
        .with_context(|| format!("cargo {} cannot be run", arguments.join(" ")))?;
    if !status.success() {
        bail!(
            "{name} failed: `cargo {}` ended with {status}",
            arguments.join(" ")
        );
    }
    println!("==> {name}: ok ({:.1} s)", begun.elapsed().as_secs_f64());
    Ok(())
}
