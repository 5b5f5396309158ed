//! Suite `start`: a program that starts the interpreter and ends, against `python -c pass` of the same environment.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::rounds::{Row, Subject, measure as measure_row};

/// Tells a child to be the program that is measured.
const CHILD: &str = "IRONBRIDGE_BENCH_CHILD";

/// The row. Each call is a whole process.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    let interpreter = ironbridge::Interpreter::get()?;
    if std::env::var_os(CHILD).is_some() {
        std::process::exit(0);
    }
    let python = interpreter
        .environment()
        .context("the bench runs in an environment")?
        .executable()
        .to_owned();
    let this = std::env::current_exe()?;
    let run = |command: &mut Command| {
        let status = command.stdout(Stdio::null()).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{command:?} fails"
        );
    };
    Ok(measure_row(
        "start",
        "start and end of a process",
        rounds,
        1,
        vec![
            Subject::new("python -c pass", || {
                run(Command::new(&python).args(["-c", "pass"]));
            }),
            Subject::new("ironbridge program", || {
                run(Command::new(&this).arg("start").env(CHILD, "1"));
            }),
        ],
    ))
}
