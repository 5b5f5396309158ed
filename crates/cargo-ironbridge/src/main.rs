//! The command `cargo ironbridge`.
//!
//! Each of its commands is a module under `commands`, with its arguments and a `run` that gives the exit code; what they
//! share (how errors look, where Python modules are looked for) stands beside them.

mod commands;
mod diagnostics;
mod places;

use std::process::ExitCode;

use clap::Parser;

/// Cargo runs `cargo-ironbridge ironbridge …` for `cargo ironbridge …`.
#[derive(Parser)]
#[command(name = "cargo", bin_name = "cargo", styles = clap_styles())]
enum Cargo {
    Ironbridge(Ironbridge),
}

/// Rust and Python for machine-learning work: the chores.
#[derive(clap::Args)]
#[command(version, about, arg_required_else_help = true)]
struct Ironbridge {
    #[command(subcommand)]
    command: commands::Command,
}

fn clap_styles() -> clap::builder::Styles {
    use clap::builder::styling::{AnsiColor, Styles};
    Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold())
        .placeholder(AnsiColor::Cyan.on_default())
}

fn main() -> ExitCode {
    // Called by its own name, it is the same command.
    let mut arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if arguments.get(1).is_none_or(|first| first != "ironbridge") {
        let place = arguments.len().min(1);
        arguments.insert(place, "ironbridge".into());
    }
    let Cargo::Ironbridge(ironbridge) = Cargo::parse_from(arguments);
    ironbridge.command.run().unwrap_or_else(|error| {
        diagnostics::print(&error);
        ExitCode::from(2)
    })
}
