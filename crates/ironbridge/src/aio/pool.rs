//! The threads that run plain functions: made when there is more to do than hands, kept from then on.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::intern;
use pyo3::prelude::*;

use super::asyncio;
use super::flight::Departure;
use crate::error::{Error, Report};
use crate::interpreter::attach;

/// Python wants room for deep recursion and for imports of big libraries.
const STACK: usize = 16 << 20;
/// At least so many threads may run: they often wait.
const FEWEST: usize = 4;

/// A thread that has made calls for so long lets others have the interpreter.
const LONGEST: Duration = Duration::from_millis(5);

struct Pool {
    waiting: VecDeque<Box<dyn Departure>>,
    threads: usize,
    idle: usize,
    /// The process that the threads run in: a forked child has none of them.
    process: u32,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    waiting: VecDeque::new(),
    threads: 0,
    idle: 0,
    process: 0,
});
static COME: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most threads. Asked for once: the answer is in files.
fn most() -> usize {
    static MOST: OnceLock<usize> = OnceLock::new();
    *MOST.get_or_init(|| {
        thread::available_parallelism().map_or(FEWEST, |cores| cores.get().max(FEWEST))
    })
}

/// Has a thread make the call.
pub(super) fn submit(departure: Box<dyn Departure>) {
    let most = most();
    let mut pool = lock();
    let process = std::process::id();
    if pool.process != process {
        // The parent's calls belong to threads that are not here.
        mem::forget(mem::take(&mut pool.waiting));
        (pool.threads, pool.idle, pool.process) = (0, 0, process);
    }
    pool.waiting.push_back(departure);
    if pool.waiting.len() <= pool.idle || pool.threads == most {
        COME.notify_one();
        return;
    }
    pool.threads += 1;
    let name = format!("ironbridge-pool-{}", pool.threads);
    drop(pool);
    let made = thread::Builder::new()
        .name(name.clone())
        .stack_size(STACK)
        .spawn(move || work(&name));
    if let Err(error) = made {
        no_thread(&error);
    }
}

/// Without any thread the calls fail; with one they wait for it.
fn no_thread(error: &std::io::Error) {
    let mut pool = lock();
    pool.threads -= 1;
    if pool.threads > 0 {
        return;
    }
    let waiting = mem::take(&mut pool.waiting);
    drop(pool);
    for departure in waiting {
        let report = Report::new("no thread could be made to run a Python function on");
        departure.refuse(Error::start(report.detail("cause", error.to_string())));
    }
}

fn work(name: &str) {
    let _ = attach(|py| name_thread(py, name));
    loop {
        wait();
        // A panic of a conversion costs one call, not the thread.
        let worked = catch_unwind(AssertUnwindSafe(|| attach(work_attached)));
        if let Ok(Err(error)) = worked {
            refuse_waiting(&error);
        }
    }
}

/// Waits until there is a call to make. It is not taken yet: while this thread waits for the interpreter, the one that
/// has it may come to make the call.
fn wait() {
    let mut pool = lock();
    while pool.waiting.is_empty() {
        pool.idle += 1;
        pool = COME.wait(pool).unwrap_or_else(PoisonError::into_inner);
        pool.idle -= 1;
    }
}

/// Makes the calls that wait, as long as there are some: handing the interpreter from thread to thread costs more than
/// most calls. Others that want it get it in between.
fn work_attached(py: Python<'_>) {
    let begun = Instant::now();
    while begun.elapsed() < LONGEST {
        let Some(departure) = lock().waiting.pop_front() else {
            return;
        };
        if !departure.is_abandoned() {
            make(py, departure);
        }
    }
}

fn make(py: Python<'_>, departure: Box<dyn Departure>) {
    match departure.depart(py) {
        (Ok(value), arrival) if is_awaitable(&value) => {
            asyncio::hand_over(value.unbind(), arrival);
        }
        (Ok(value), arrival) => arrival.arrive(&value),
        (Err(error), arrival) => arrival.fail(error),
    }
}

/// Where no thread can attach any more, no call can be made.
fn refuse_waiting(error: &Error) {
    let waiting = mem::take(&mut lock().waiting);
    for departure in waiting {
        departure.refuse(Error::start(error.to_string()));
    }
}

fn is_awaitable(value: &Bound<'_, PyAny>) -> bool {
    value
        .get_type()
        .hasattr(intern!(value.py(), "__await__"))
        .unwrap_or(false)
}

/// What Python's `threading` calls this thread.
fn name_thread(py: Python<'_>, name: &str) -> PyResult<()> {
    let threading = py.import("threading")?;
    threading
        .call_method0("current_thread")?
        .setattr("name", name)
}
