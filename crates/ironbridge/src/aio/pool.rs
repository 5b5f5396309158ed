//! The threads that run plain functions: made when there is more to do than hands, kept from then on.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

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

/// Has a thread make the call.
pub(super) fn submit(departure: Box<dyn Departure>) {
    let mut pool = lock();
    let process = std::process::id();
    if pool.process != process {
        // The parent's calls belong to threads that are not here.
        mem::forget(mem::take(&mut pool.waiting));
        (pool.threads, pool.idle, pool.process) = (0, 0, process);
    }
    pool.waiting.push_back(departure);
    let most = thread::available_parallelism().map_or(FEWEST, |cores| cores.get().max(FEWEST));
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
        let departure = next();
        if departure.is_abandoned() {
            continue;
        }
        // A panic of a conversion costs one call, not the thread.
        let _ = catch_unwind(AssertUnwindSafe(|| make(departure)));
    }
}

fn next() -> Box<dyn Departure> {
    let mut pool = lock();
    loop {
        if let Some(departure) = pool.waiting.pop_front() {
            return departure;
        }
        pool.idle += 1;
        pool = COME.wait(pool).unwrap_or_else(PoisonError::into_inner);
        pool.idle -= 1;
    }
}

fn make(departure: Box<dyn Departure>) {
    let mut departure = Some(departure);
    let made = attach(|py| {
        let Some(departure) = departure.take() else {
            return;
        };
        match departure.depart(py) {
            (Ok(value), arrival) if is_awaitable(&value) => {
                asyncio::hand_over(value.unbind(), arrival);
            }
            (Ok(value), arrival) => arrival.arrive(&value),
            (Err(error), arrival) => arrival.fail(error),
        }
    });
    if let (Err(error), Some(departure)) = (made, departure) {
        departure.refuse(error);
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
