//! Attaching a thread to the interpreter for a call, and detaching it for Rust work.

use pyo3::{Python, ffi};

use super::{Interpreter, threads};
use crate::{
    Result,
    error::{Error, Report},
};

/// Runs `f` attached to the interpreter, which is started on first use.
///
/// The first call on a thread makes the thread's Python state, which is kept until the thread ends; every further one
/// costs about what [`Python::attach`] costs. While `f` runs, the call counts as *in flight*: Ctrl-C interrupts its
/// Python code (see [`Interpreter`]).
///
/// Calls may nest. Inside `f`, do not wait for anything that may itself need the interpreter: wrap such a wait in
/// [`detach`].
///
/// # Errors
///
/// The interpreter could not be started, or cannot be attached to any more or just now: a host process is ending
/// Python, or the garbage collector is visiting objects on this thread.
///
/// # Example
///
/// ```
/// let version = ironbridge::attach(|py| py.version_info().minor)?;
/// assert!(version >= 11);
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[inline]
pub fn attach<R>(f: impl FnOnce(Python<'_>) -> R) -> Result<R> {
    let Some(slot) = threads::current() else {
        return attach_first(f);
    };
    Python::try_attach(|py| {
        let _in_flight = slot.enter();
        let _context = enter_context(py);
        f(py)
    })
    .ok_or_else(cannot_attach)
}

/// [`attach`] where the interpreter is known to run: after a handle to it, or to one of its objects, was given out.
///
/// # Panics
///
/// As [`Python::attach`] does, where a host process ends Python, or during a garbage collector's visit.
#[inline]
pub(crate) fn attach_started<R>(f: impl FnOnce(Python<'_>) -> R) -> R {
    match threads::current().or_else(threads::join) {
        Some(slot) => Python::attach(|py| {
            let _in_flight = slot.enter();
            let _context = enter_context(py);
            f(py)
        }),
        None => Python::attach(f),
    }
}

/// [`attach`] where Python runs: `None` where nobody has started it, or where it cannot be attached to any more.
#[cfg(feature = "models")]
pub(crate) fn attach_if_running<R>(f: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    // SAFETY: may be called at any time.
    let is_running = unsafe { ffi::Py_IsInitialized() != 0 };
    if is_running { attach(f).ok() } else { None }
}

/// Runs `f` detached from the interpreter, so that other threads can use it meanwhile; where this thread is not
/// attached, just runs `f`.
///
/// `f` cannot use what borrows from the interpreter: that is what `Send` keeps out.
///
/// # Example
///
/// ```
/// # ironbridge::attach(|_py| {
/// let sum: u64 = ironbridge::detach(|| (0..1_000_000).sum());
/// # assert_eq!(sum, 499_999_500_000);
/// # })?;
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub fn detach<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    if is_attached() {
        // Nested in the attachment that exists, so this costs a counter.
        Python::attach(|py| py.detach(f))
    } else {
        f()
    }
}

/// Does this thread hold the interpreter?
pub(crate) fn is_attached() -> bool {
    // SAFETY: both may be called at any time; the second only means something while the interpreter runs.
    unsafe { ffi::Py_IsInitialized() != 0 && ffi::PyGILState_Check() == 1 }
}

/// In a future that Python awaits, what is called sees the context variables of the task that does.
#[inline]
fn enter_context(py: Python<'_>) -> impl Sized + use<> {
    #[cfg(feature = "tokio")]
    return crate::extension::context::enter(py);
    #[cfg(not(feature = "tokio"))]
    let _ = py;
}

#[cold]
fn attach_first<R>(f: impl FnOnce(Python<'_>) -> R) -> Result<R> {
    Interpreter::get()?;
    match threads::join() {
        Some(slot) => Python::try_attach(|py| {
            let _in_flight = slot.enter();
            let _context = enter_context(py);
            f(py)
        }),
        None => Python::try_attach(f),
    }
    .ok_or_else(cannot_attach)
}

#[cold]
fn cannot_attach() -> Error {
    Error::start(
        Report::new("the interpreter cannot be used from here now")
            .detail(
                "cause",
                "Python is shutting down, or this thread is visiting objects for its garbage collector",
            )
            .help("do not call Python from a `__traverse__`, nor after the host process has ended Python"),
    )
}
