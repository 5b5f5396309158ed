//! Whether there is a Python that the workspace can be built with.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, bail};

/// Says what to do where there is no CPython 3.11 or newer, before a build fails with less to say.
pub(crate) fn check() -> Result<()> {
    let named = std::env::var_os("PYO3_PYTHON").filter(|python| !python.is_empty());
    let candidates: Vec<OsString> = match named {
        Some(python) => vec![python],
        None => vec!["python".into(), "python3".into()],
    };
    let mut found = Vec::new();
    for candidate in &candidates {
        let shown = candidate.to_string_lossy();
        match version_of(candidate) {
            Some(version) if version >= (3, 11) => {
                println!("==> python: {shown} is {}.{}", version.0, version.1);
                return Ok(());
            }
            Some(version) => found.push(format!("{shown} is {}.{}", version.0, version.1)),
            None => found.push(format!("{shown} does not run")),
        }
    }
    bail!(
        "no CPython 3.11 or newer: {}. Install one with its shared library, or name it: \
         PYO3_PYTHON=/path/to/python3.13 cargo xtask test",
        found.join(", ")
    )
}

fn version_of(python: &OsString) -> Option<(u32, u32)> {
    let code = "import sys; print(*sys.version_info[:2])";
    let output = Command::new(python).args(["-c", code]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
