//! The command `ironbpe`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ironbpe::cli::run(std::env::args_os())
}
