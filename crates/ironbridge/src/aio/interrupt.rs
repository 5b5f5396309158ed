//! Interrupting a plain function that takes longer than its caller gave it.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use pyo3::create_exception;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use super::call::Departure;
use crate::interpreter::{attach, send_async_exception};

create_exception!(
    ironbridge,
    CallTimeout,
    PyBaseException,
    "Raised in a call from Rust that took longer than its caller gave it, who is gone."
);

/// After how long a call that could not be interrupted is tried again.
const POSTPONED_FOR: Duration = Duration::from_millis(2);

/// To the thread that interrupts, and the process that it runs in.
static SENDER: Mutex<Option<(u32, Sender)>> = Mutex::new(None);

type Sender = mpsc::Sender<Arc<dyn Departure>>;

/// Has an exception raised in the thread that makes the call, if it still does. Does not wait.
///
/// A thread does it, as it takes the interpreter: a function that holds it in C for seconds can only be interrupted
/// afterwards.
pub(super) fn interrupt(call: Arc<dyn Departure>) {
    let process = std::process::id();
    let mut sender = SENDER.lock().unwrap_or_else(PoisonError::into_inner);
    // A forked child has the memory, but not the thread.
    if let Some((_, sender)) = sender.as_ref().filter(|(of, _)| *of == process) {
        let _ = sender.send(call);
        return;
    }
    let (new, receiver) = mpsc::channel::<Arc<dyn Departure>>();
    let made = thread::Builder::new()
        .name("ironbridge-interrupt".into())
        .spawn(move || {
            // Those that could not be interrupted yet.
            let mut postponed = Vec::new();
            while let Some(call) = next(&receiver, postponed.is_empty()) {
                postponed.extend(call);
                // Where there is no interpreter any more, nothing runs.
                let _ = attach(|py| postponed.retain(|call| !call.interrupt(py)));
            }
        });
    if made.is_ok() {
        let _ = new.send(call);
        std::mem::forget(sender.replace((process, new)));
    }
}

/// The next call, or `None` inside where those that were postponed are to be tried again.
#[allow(clippy::option_option, reason = "the end, nothing, something")]
fn next(
    receiver: &mpsc::Receiver<Arc<dyn Departure>>,
    waits: bool,
) -> Option<Option<Arc<dyn Departure>>> {
    if waits {
        return receiver.recv().ok().map(Some);
    }
    match receiver.recv_timeout(POSTPONED_FOR) {
        Ok(call) => Some(Some(call)),
        Err(mpsc::RecvTimeoutError::Timeout) => Some(None),
        Err(mpsc::RecvTimeoutError::Disconnected) => None,
    }
}

/// Raises it in a thread, at its next bytecode.
pub(super) fn send(py: Python<'_>, thread: usize) {
    send_async_exception(py, thread, Some(&py.get_type::<CallTimeout>()));
}

/// Takes back what a thread has not seen.
pub(super) fn forget(py: Python<'_>, thread: usize) {
    send_async_exception(py, thread, None);
}
