//! `cargo xtask docs`.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::step;

pub(crate) fn run() -> Result<()> {
    let arguments = ["doc", "--workspace", "--all-features", "--no-deps"];
    step::cargo(
        "API",
        &arguments,
        &[("RUSTDOCFLAGS", OsStr::new("-D warnings"))],
    )?;
    if which::which("mdbook").is_err() {
        println!("==> book: skipped, mdBook is not installed (cargo install mdbook --locked)");
        return Ok(());
    }
    println!("==> book: mdbook build docs");
    let status = Command::new("mdbook")
        .args(["build", "docs"])
        .current_dir(crate::root())
        .status()?;
    ensure!(status.success(), "mdbook ended with {status}");
    Ok(())
}
