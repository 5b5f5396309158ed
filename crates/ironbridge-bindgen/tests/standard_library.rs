//! The standard library of the Python at hand: everything in it is read, and no docstring becomes a Rust example.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ironbridge_bindgen::{Bindings, Error};
use ironbridge_python_ast::declarations::ReadError;

/// The directory of the standard library.
fn library() -> PathBuf {
    let python = std::env::var_os("PYO3_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('stdlib'))",
        ])
        .output()
        .expect("python3 is on PATH");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

fn python_files(directory: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            // Tests of the parser itself and what is installed beside it are too much of the same.
            let skipped = [
                "test",
                "tests",
                "site-packages",
                "__pycache__",
                "idlelib",
                "lib2to3",
            ];
            if !skipped.iter().any(|name| path.ends_with(name)) {
                python_files(&path, into);
            }
        } else if path.extension().is_some_and(|it| it == "py") {
            into.push(path);
        }
    }
}

#[test]
fn every_module_of_the_standard_library_is_read() {
    let mut files = Vec::new();
    python_files(&library(), &mut files);
    files.sort();
    assert!(files.len() > 300, "{}", files.len());
    let begun = Instant::now();
    let mut slowest = (Duration::ZERO, PathBuf::new());
    let mut typed = 0;
    for file in &files {
        let one = Instant::now();
        match Bindings::of(file).generate() {
            Ok(bindings) => typed += bindings.summary.typed,
            // `lib2to3` has data that is no Python, and some files are not UTF-8.
            Err(Error::Read(ReadError::Syntax { .. } | ReadError::Io(..))) => {}
            Err(error) => panic!("{}: {error}", file.display()),
        }
        if one.elapsed() > slowest.0 {
            slowest = (one.elapsed(), file.clone());
        }
    }
    let (time, file) = slowest;
    println!(
        "{} files in {:?}, {typed} typed; the slowest {}: {time:?}",
        files.len(),
        begun.elapsed(),
        file.display()
    );
}

#[test]
fn docstrings_are_documentation_without_warnings_and_without_examples() {
    let mut files = Vec::new();
    let library = library();
    python_files(&library, &mut files);
    files.sort();
    // The comments of the bindings, over functions that need nothing.
    let mut source = String::from("#![deny(warnings)]\n#![deny(rustdoc::all)]\n//! Docs.\n");
    let mut count = 0;
    for file in &files {
        let Ok(bindings) = Bindings::of(file).generate() else {
            continue;
        };
        let mut docs = String::new();
        for line in bindings.code.lines().chain([""]) {
            let line = line.trim_start();
            if line.starts_with("///") {
                docs.push_str(line);
                docs.push('\n');
            } else if !docs.is_empty() {
                count += 1;
                writeln!(source, "{docs}pub fn f{count}() {{}}").unwrap();
                docs.clear();
            }
        }
    }
    assert!(count > 1000, "{count}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("docs.rs");
    std::fs::write(&path, &source).unwrap();
    let rustdoc = |arguments: &[&str]| {
        Command::new("rustdoc")
            .args(["--edition", "2024", "--crate-name", "docs"])
            .args(arguments)
            .arg(&path)
            .arg("--out-dir")
            .arg(directory.path().join("out"))
            .output()
            .unwrap()
    };
    let output = rustdoc(&[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}",
        &errors[..errors.len().min(6000)]
    );
    let output = rustdoc(&["--test"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("running 0 tests"),
        "{}",
        &shown[..shown.len().min(3000)]
    );
}

#[test]
fn a_module_of_5000_lines_is_quick() {
    let mut source = String::from(
        "from __future__ import annotations\nfrom dataclasses import dataclass, field\nfrom typing import Literal\n",
    );
    let mut number = 0;
    while source.lines().count() < 5000 {
        number += 1;
        write!(
            source,
            r#"

@dataclass
class Item{number}:
    """The item {number}, with [brackets]."""

    name: str
    size: int = {number}
    tags: list[str] = field(default_factory=list)
    next: Item{number} | None = None


class Model{number}:
    """A model."""

    def __init__(self, name: str, *, device: Literal["cpu", "cuda"] = "cpu") -> None:
        self.name = name

    def run(self, items: list[Item{number}], limit: int | str = 10) -> dict[str, list[float]]:
        """Runs.

        Args:
            items: What to run.
            limit: How many.

        >>> run([])
        {{}}
        """
        result = {{}}
        for item in items:
            result[item.name] = [float(item.size)]
        return result


def make_{number}(text: str, count: int = 1, *, fast: bool = False) -> Model{number}:
    """Makes."""
    return Model{number}(text)
"#
        )
        .unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.py");
    std::fs::write(&path, &source).unwrap();
    let begun = Instant::now();
    let bindings = Bindings::of(&path).generate().unwrap();
    let time = begun.elapsed();
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    println!(
        "{} lines of Python to {} of Rust in {time:?} ({build}); {}",
        source.lines().count(),
        bindings.code.lines().count(),
        bindings.summary
    );
    assert!(bindings.summary.loose.is_empty());
}
