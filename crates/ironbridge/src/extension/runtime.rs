//! The tokio runtime of this extension: made on first use, anew in a forked child, ended before Python is.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::wrap_pyfunction;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, Report, Result};

/// How long Python's end waits for what does not stop: code that does not await, and blocking tasks.
const GRACE: Duration = Duration::from_secs(1);

struct Running {
    /// The process that its threads are in: a forked child has the memory, but not the threads.
    process: u32,
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
}

/// Without a lock, since a thread that does not exist in a forked child could hold it there.
static RUNNING: AtomicPtr<Running> = AtomicPtr::new(ptr::null_mut());

static BUILD: OnceLock<fn() -> Builder> = OnceLock::new();

/// Says how the runtime is made: how many threads, what they are called. Call it where the module is initialised.
///
/// By default it is tokio's runtime of many threads: as many as there are cores, or as `TOKIO_WORKER_THREADS` says, named
/// `ironbridge-tokio`. `build` is called once in each process that needs the runtime.
///
/// # Errors
///
/// It was said before, or the runtime is running.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// ironbridge::extension::configure(|| {
///     let mut builder = tokio::runtime::Builder::new_multi_thread();
///     builder.worker_threads(2).thread_name("downloads").enable_all();
///     builder
/// })?;
/// # }
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub fn configure(build: fn() -> Builder) -> Result<()> {
    if !RUNNING.load(Ordering::Acquire).is_null() || BUILD.set(build).is_err() {
        return Err(Error::start(
            Report::new("the runtime of this extension runs, or was configured already")
                .help("call `configure` once, where the module is initialised"),
        ));
    }
    Ok(())
}

/// The runtime, which is started on first use: to spawn tasks of one's own, and to wait for a future, detached, in a
/// function that is not `async`.
///
/// # Errors
///
/// It could not be started: the system gives no more threads, say.
///
/// # Example
///
/// ```
/// let runtime = ironbridge::extension::runtime()?;
/// let sum = ironbridge::detach(|| runtime.block_on(async { 1 + 1 }));
/// assert_eq!(sum, 2);
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub fn runtime() -> Result<Handle> {
    running().map(|running| running.handle.clone())
}

/// The handle of the runtime.
pub(super) fn handle() -> Result<&'static Handle> {
    running().map(|running| &running.handle)
}

fn current() -> Option<&'static Running> {
    // SAFETY: what is stored was leaked on purpose, and is never freed.
    let running = unsafe { RUNNING.load(Ordering::Acquire).as_ref()? };
    (running.process == std::process::id()).then_some(running)
}

fn running() -> Result<&'static Running> {
    match current() {
        Some(running) => Ok(running),
        None => start(),
    }
}

#[cold]
fn start() -> Result<&'static Running> {
    let before = RUNNING.load(Ordering::Acquire);
    let mut builder = BUILD.get().map_or_else(default_builder, |build| build());
    let runtime = builder.build().map_err(|error| {
        Error::start(
            Report::new("the runtime of this extension could not be started").caused_by(error),
        )
    })?;
    let new = Box::into_raw(Box::new(Running {
        process: std::process::id(),
        handle: runtime.handle().clone(),
        runtime: Mutex::new(Some(runtime)),
    }));
    if RUNNING
        .compare_exchange(before, new, Ordering::AcqRel, Ordering::Acquire)
        .is_ok()
    {
        // SAFETY: made above, and leaked from here on.
        return Ok(unsafe { &*new });
    }
    // Another thread was faster.
    // SAFETY: made above, and nobody else has seen it.
    let new = unsafe { Box::from_raw(new) };
    let runtime = new.runtime.into_inner();
    if let Some(runtime) = runtime.unwrap_or_else(PoisonError::into_inner) {
        runtime.shutdown_background();
    }
    running()
}

fn default_builder() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.thread_name("ironbridge-tokio").enable_all();
    builder
}

/// Has the runtime end before Python does: a thread that calls Python when it is gone does not survive that.
pub(super) fn end_with_python(py: Python<'_>) -> PyResult<()> {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if REGISTERED.load(Ordering::Acquire) {
        return Ok(());
    }
    py.import("atexit")?
        .call_method1("register", (wrap_pyfunction!(end, py)?,))?;
    REGISTERED.store(true, Ordering::Release);
    Ok(())
}

/// Called at Python's end: drops what is pending. Tasks that are registered twice are ended once.
#[pyfunction]
fn end(py: Python<'_>) {
    py.detach(|| {
        let runtime = current().and_then(|running| {
            let mut runtime = running
                .runtime
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            runtime.take()
        });
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(GRACE);
        }
    });
}
