//! The command line: `encode`, `decode` and `info`.
//!
//! [`run`] is the whole program, so that a package of another language can offer the same one.

mod decode;
mod encode;
mod failure;
mod files;
mod info;
mod input;
mod output;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Encodes and decodes with byte-pair tokenizers.
#[derive(Debug, Parser)]
#[command(name = "ironbpe", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Encode(encode::Arguments),
    Decode(decode::Arguments),
    Info(info::Arguments),
}

/// Runs the command with its arguments, of which the first is the program's name.
///
/// It gives 0 when all went well, 1 when it failed, and 2 when it was called in a wrong way. It takes Ctrl-C and the signal
/// to end over for the process: either ends the process at once with 130, without half a file left behind. Whoever reads
/// the output may stop reading: that is no failure, and nothing is said.
///
/// ```
/// use std::process::ExitCode;
///
/// let code = ironbpe::cli::run(["ironbpe", "--version"].map(Into::into));
/// assert_eq!(code, ExitCode::SUCCESS);
/// ```
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and the version come as errors, too; where they cannot be printed, nobody reads.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    output::end_at_signals();
    let result = match parsed.command {
        Command::Encode(arguments) => encode::run(&arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
    };
    result.map_or_else(failure::Failure::tell, |()| ExitCode::SUCCESS)
}
