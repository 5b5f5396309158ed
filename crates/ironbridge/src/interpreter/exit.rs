//! Leaving the process: Python's threads finish, `atexit` runs, streams are flushed; nothing hangs, nothing crashes.
//!
//! The interpreter is not finalised. `Py_FinalizeEx` frees what other threads of the program may be using at that
//! moment, and ends such threads with `pthread_exit`, through Rust frames. What a user can observe of it is done
//! instead, and then the thread that leaves keeps the interpreter lock, so that no Python code runs while C and C++
//! libraries take themselves apart. (Without a global lock there is nothing to keep: there, daemon threads run on until
//! the process is gone.)
//!
//! Where it happens: in a destructor of a thread-local of the main thread, which the C library runs before all
//! `atexit` functions, thus before the static destructors of libraries that Python loaded; or, where another thread
//! ends the process or the system does not run such destructors, in an `atexit` function of ours. Whichever comes
//! first, once.

use std::borrow::Cow;
use std::{
    io::{self, Write},
    panic,
    sync::{
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use pyo3::{ffi, prelude::*};

use super::{RUNNING, attach, start::bootstrap};
use crate::{
    Result,
    error::{Error, ErrorKind, Report},
};

/// The hooks are in place: this process started the interpreter itself.
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// The process is being left.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// Python's end has been played, by [`shutdown`] or on leaving.
static FINISHED: AtomicBool = AtomicBool::new(false);
/// The process in which Python is whole: where it was started, or forked to by Python itself.
static PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static LEAVING_MAIN: LeavingMain = const { LeavingMain };
}

struct LeavingMain;

impl Drop for LeavingMain {
    fn drop(&mut self) {
        leave();
    }
}

/// Has the process begun to leave?
pub(super) fn is_leaving() -> bool {
    LEAVING.load(Ordering::Acquire)
}

/// Puts the hooks in place.
pub(super) fn install() {
    PROCESS.store(std::process::id(), Ordering::Relaxed);
    INSTALLED.store(true, Ordering::Release);
    // SAFETY: a function that takes nothing, returns nothing and does not unwind.
    unsafe { libc::atexit(leave_at_exit) };
    watch_this_thread();
}

/// If this is the process's main thread, has its end play Python's.
pub(super) fn watch_this_thread() {
    if INSTALLED.load(Ordering::Acquire) && on_main_thread() {
        // An access registers the destructor. Failing means that the thread is ending already.
        let _ = LEAVING_MAIN.try_with(|_| ());
    }
}

/// Python has forked, and put itself in order in this child.
pub(super) fn after_fork_in_child() {
    PROCESS.store(std::process::id(), Ordering::Relaxed);
}

/// Is this the process's main thread? Where it cannot be told, no.
pub(super) fn on_main_thread() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: always safe to call.
    return unsafe { libc::gettid() == libc::getpid() };
    #[cfg(target_vendor = "apple")]
    // SAFETY: always safe to call.
    return unsafe { libc::pthread_main_np() == 1 };
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    return false;
}

/// Plays Python's end now: see [`Interpreter::shutdown`](super::Interpreter::shutdown).
pub(super) fn shutdown(grace: Duration) -> Result<()> {
    let left = attach::attach(|py| finish(py, grace, grace))?.map_err(|error| {
        Error::report(
            ErrorKind::Exception,
            Report::new(format!("Python's shutdown failed: {error}")),
        )
    })?;
    if left.is_empty() {
        return Ok(());
    }
    Err(Error::report(
        ErrorKind::Timeout,
        Report::new(left.describe(grace)).help(
            "make threads daemons, tell calls and threads to stop, or allow more with `exit_grace`",
        ),
    ))
}

/// What goes on after the end was called.
struct LeftRunning {
    calls: Vec<Cow<'static, str>>,
    models: Vec<String>,
    threads: Vec<String>,
}

impl LeftRunning {
    fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.models.is_empty() && self.threads.is_empty()
    }

    fn describe(&self, grace: Duration) -> String {
        let threads = (!self.threads.is_empty()).then(|| {
            let threads = self.threads.join(", ");
            format!(
                "Python threads still ran {} after the end was called: {threads}",
                seconds(grace)
            )
        });
        let calls = (!self.calls.is_empty()).then(|| {
            let calls = self.calls.join(", ");
            format!("calls that did not end when they were cancelled at the end: {calls}")
        });
        let models = (!self.models.is_empty()).then(|| {
            let models = self.models.join(", ");
            format!(
                "models that were still loading or unloading after they were interrupted: {models}"
            )
        });
        threads
            .into_iter()
            .chain(calls)
            .chain(models)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

extern "C" fn leave_at_exit() {
    leave();
}

fn leave() {
    if LEAVING.swap(true, Ordering::AcqRel) {
        return;
    }
    // Neither a destructor of a thread-local nor an `atexit` function may unwind.
    if panic::catch_unwind(leave_once).is_err() {
        say("Python's shutdown panicked");
    }
}

fn leave_once() {
    let Some(running) = RUNNING.get() else { return };
    // A child that was forked behind Python's back has no Python to speak of: its lock may be held by nobody.
    if PROCESS.load(Ordering::Relaxed) != std::process::id() {
        return;
    }
    // SAFETY: always safe to call.
    if unsafe { ffi::Py_IsInitialized() } == 0 {
        return;
    }
    let grace = running.exit_grace();
    if !attach::is_attached() && !lock_comes_within(grace) {
        say(&format!(
            "left without Python's shutdown: another thread kept the interpreter lock for {}",
            seconds(grace),
        ));
        return;
    }
    // SAFETY: the interpreter runs, and nothing but this would end it. The matching release is left out on purpose:
    // this thread keeps the lock until the process is gone.
    unsafe { ffi::PyGILState_Ensure() };
    // Nobody asked for what calls give: they are not waited for.
    Python::attach(|py| match finish(py, grace, Duration::ZERO) {
        Ok(left) if left.is_empty() => {}
        Ok(left) => say(&left.describe(grace)),
        Err(error) => say(&format!("Python's shutdown failed: {error}")),
    });
}

/// Plays Python's end, once; later, only flushes. Gives what still runs. Calls from Rust get `drain` to finish in before
/// they are cancelled.
fn finish(py: Python<'_>, grace: Duration, drain: Duration) -> PyResult<LeftRunning> {
    let source = include_str!("exit.py");
    if FINISHED.swap(true, Ordering::AcqRel) {
        bootstrap(py, "exit.py", source, "flush")?.call0()?;
        return Ok(LeftRunning {
            calls: Vec::new(),
            models: Vec::new(),
            threads: Vec::new(),
        });
    }
    let calls = crate::aio::end(py, drain);
    #[cfg(feature = "models")]
    let models = crate::models::end(py, drain);
    #[cfg(not(feature = "models"))]
    let models = Vec::new();
    let threads = bootstrap(py, "exit.py", source, "finish")?
        .call1((grace.as_secs_f64(),))?
        .extract()?;
    Ok(LeftRunning {
        calls,
        models,
        threads,
    })
}

/// Waits for the interpreter lock, but not for ever. A thread asks for it, because asking cannot be given up.
fn lock_comes_within(grace: Duration) -> bool {
    let (sender, receiver) = mpsc::channel();
    let asking = thread::Builder::new()
        .name("ironbridge-exit".into())
        .spawn(move || {
            Python::try_attach(|_py| ());
            let _ = sender.send(());
        });
    // Without a thread to spare, an end that may hang is better than output that is lost.
    asking.is_err() || receiver.recv_timeout(grace).is_ok()
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// One line for a person. There is nobody to return an error to.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "ironbridge: {line}");
}
