//! Interrupting a loader, or an unload hook, that does not come back.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pyo3::create_exception;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use super::loading::Run;
use crate::interpreter::{attach_if_running, is_interruptible, send_async_exception};

create_exception!(
    ironbridge,
    LoadInterrupted,
    PyBaseException,
    "Raised in a loader that nobody waits for any more, or that took longer than it was given."
);

/// Until it is looked again whether the thread can be interrupted, doubling.
const LOOK: Duration = Duration::from_millis(20);
/// Until an exception that did not end it is followed by another: it has `finally` blocks to run.
const AGAIN: Duration = Duration::from_secs(1);
const RAREST: Duration = Duration::from_secs(30);

enum Raised {
    Yes,
    NotNow,
    Over,
}

/// Raises in the thread of `run` until it has ended. Does not wait: it takes a thread, as a function that holds the
/// interpreter in C can only be interrupted afterwards.
pub(super) fn interrupt(run: Arc<Run>) {
    // Without a thread it is not interrupted; it was told to stop.
    let _ = thread::Builder::new()
        .name("ironbridge-models-interrupt".into())
        .spawn(move || {
            let (mut look, mut again) = (LOOK, AGAIN);
            loop {
                if *run.over() {
                    return;
                }
                match attach_if_running(|py| raise(py, &run)) {
                    Some(Raised::Yes) => {
                        thread::sleep(again);
                        again = (again * 2).min(RAREST);
                    }
                    // It may begin to use Python yet.
                    Some(Raised::NotNow) | None => {
                        thread::sleep(look);
                        look = (look * 2).min(AGAIN);
                    }
                    Some(Raised::Over) => return,
                }
            }
        });
}

fn raise(py: Python<'_>, run: &Run) -> Raised {
    let thread = run.thread();
    let exception = py.get_type::<LoadInterrupted>();
    if thread == 0 || !is_interruptible(py, thread) {
        return Raised::NotNow;
    }
    // Between the look at the thread's frame and this no Python code runs: the interpreter is not let go in between.
    let over = run.over();
    if *over {
        return Raised::Over;
    }
    send_async_exception(py, thread, Some(&exception));
    Raised::Yes
}
