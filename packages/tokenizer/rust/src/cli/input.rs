//! Where text and ids come from: files, or standard input.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// What a file is named that is none but standard input.
const STANDARD_INPUT: &str = "-";

/// Whether the path stands for standard input.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

/// The files that are named, or standard input where none is.
pub(super) fn sources(files: &[PathBuf]) -> Vec<PathBuf> {
    if files.is_empty() {
        vec![PathBuf::from(STANDARD_INPUT)]
    } else {
        files.to_vec()
    }
}

/// All of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if !is_standard(path) {
        return fs::read(path).map_err(|error| Failure::at(path, &error));
    }
    hint();
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("standard input", &error))?;
    Ok(bytes)
}

/// Says what is waited for to a person who gave nothing.
#[allow(clippy::print_stderr)] // A program talks to a person.
fn hint() {
    if io::stdin().is_terminal() {
        eprintln!("reading standard input; end it with Ctrl-D");
    }
}
