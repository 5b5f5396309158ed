//! A test runner for what can only be seen from outside of a process: how it starts, what a signal does to it, how it
//! ends.
//!
//! A test names a scenario; the scenario is a function that runs as the `main` of a child: this same executable, told
//! by an environment variable which one to be.

#![allow(
    dead_code,
    clippy::print_stdout,
    reason = "each binary uses a part; a runner reports"
)]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    panic::{self, AssertUnwindSafe},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Tells a child which scenario to be.
pub(crate) const SCENARIO: &str = "IRONBRIDGE_TEST_SCENARIO";

/// What a child has at most before it is killed and the test fails.
const LIMIT: Duration = Duration::from_mins(1);

/// A test's name and itself, or a scenario's.
pub(crate) type Named = (&'static str, fn());

/// Runs the scenario that the environment names, or else the tests.
pub(crate) fn main(tests: &[Named], scenarios: &[Named]) -> ExitCode {
    if let Ok(wanted) = env::var(SCENARIO) {
        // SAFETY: the process has one thread still.
        unsafe { env::remove_var(SCENARIO) };
        let (_, scenario) = scenarios
            .iter()
            .find(|(name, _)| *name == wanted)
            .expect("a scenario of this binary");
        scenario();
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let exact = arguments.iter().any(|argument| argument == "--exact");
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut failed = Vec::new();
    for (name, test) in tests {
        let wanted = match filter {
            Some(filter) if exact => name == filter,
            Some(filter) => name.contains(filter.as_str()),
            None => true,
        };
        if !wanted {
            continue;
        }
        let begun = Instant::now();
        let passed = panic::catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!(
            "test {name} ... {} ({:.2} s)",
            if passed { "ok" } else { "FAILED" },
            begun.elapsed().as_secs_f64(),
        );
        if !passed {
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// A scenario that runs.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    stderr: thread::JoinHandle<String>,
    begun: Instant,
    seen: String,
}

/// How it ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Starts a scenario.
pub(crate) fn start(scenario: &str) -> Running {
    start_with(scenario, |_| {})
}

/// Starts a scenario with an environment, a directory, a limit of its own.
pub(crate) fn start_with(scenario: &str, change: impl FnOnce(&mut Command)) -> Running {
    let mut command = Command::new(env::current_exe().expect("this executable"));
    command
        .env(SCENARIO, scenario)
        // Unbuffered streams would hide what this is to show.
        .env_remove("PYTHONUNBUFFERED")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    change(&mut command);
    let mut child = command.spawn().expect("a child");
    let mut stderr = child.stderr.take().expect("piped");
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    Running {
        child,
        lines,
        stderr: thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        }),
        begun: Instant::now(),
        seen: String::new(),
    }
}

/// Runs a scenario to its end.
pub(crate) fn run(scenario: &str) -> Ended {
    start(scenario).end()
}

impl Running {
    /// Waits until the child has said `line`.
    pub(crate) fn wait_for(&mut self, line: &str) {
        loop {
            let Ok(said) = self.lines.recv_timeout(LIMIT) else {
                let _ = self.child.kill();
                panic!("the child never said {line:?}; it said {:?}", self.seen);
            };
            self.seen.push_str(&said);
            self.seen.push('\n');
            if said == line {
                return;
            }
        }
    }

    /// Presses Ctrl-C, a little after what it said last.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        thread::sleep(Duration::from_millis(150));
        let process = self.child.id().try_into().expect("a process id");
        // SAFETY: a child that has not been waited for, so the id is still its.
        assert_eq!(unsafe { libc::kill(process, libc::SIGINT) }, 0);
    }

    /// Waits for the end; kills what does not come to one.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                panic!("the child hung; it said {:?}", self.seen);
            }
            thread::sleep(Duration::from_millis(5));
        };
        let took = self.begun.elapsed();
        for line in &self.lines {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        Ended {
            status,
            stdout: self.seen,
            stderr: self.stderr.join().expect("read"),
            took,
        }
    }
}

impl Ended {
    /// Asserts a normal end with `code`.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Asserts that it said `text` on stdout.
    #[track_caller]
    pub(crate) fn said(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// Asserts that it said `text` on stderr.
    #[track_caller]
    pub(crate) fn complained(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// Asserts that it said nothing on stderr.
    #[track_caller]
    pub(crate) fn quietly(self) -> Self {
        assert!(self.stderr.is_empty(), "{self:#?}");
        self
    }

    /// Asserts that it took less than `seconds`.
    #[track_caller]
    pub(crate) fn within(self, seconds: u64) -> Self {
        assert!(self.took < Duration::from_secs(seconds), "{self:#?}");
        self
    }
}

/// In a scenario: says a line at once.
pub(crate) fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .expect("a pipe");
}

/// In a scenario: runs Python statements by `attach`.
pub(crate) fn python(code: &str) -> pyo3::PyResult<()> {
    let code = std::ffi::CString::new(code).expect("no NUL");
    ironbridge::attach(|py| py.run(&code, None, None)).expect("a running interpreter")
}
