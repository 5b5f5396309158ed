//! The chores of this repository: `cargo xtask test`, `bench`, `docs`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool talks to a person"
)]

mod bench;
mod docs;
mod environment;
mod package;
mod python;
mod step;
mod test;
mod tokenizer;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of this repository.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Formatting, lints with warnings denied, tests, doctests, docs: what a change must pass.
    Test(test::Arguments),
    /// Measures beside the C API and beside peers, and prints a table.
    Bench(bench::Arguments),
    /// Builds the API documentation, and the book where mdBook is installed.
    Docs,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Test(arguments) => test::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Docs => docs::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// The directory that the workspace is built in, so that what a peer builds stays with what we build.
fn target(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|target| !target.is_empty()) {
        Some(target) => root.join(target),
        None => root.join("target"),
    }
}
