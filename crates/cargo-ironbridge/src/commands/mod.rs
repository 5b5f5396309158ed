//! The commands, a module each.

mod bindgen;

use std::process::ExitCode;

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Bindgen(bindgen::Bindgen),
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Bindgen(bindgen) => bindgen.run(),
        }
    }
}
