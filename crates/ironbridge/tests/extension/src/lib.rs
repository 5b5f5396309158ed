//! An extension of Python that the test `extension` builds and loads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ironbridge::extension::{self, Awaitable, awaitable};
use ironbridge::sync::Mutex;
use pyo3::exceptions::{PyKeyError, PyStopAsyncIteration};
use pyo3::prelude::*;

/// How many futures there are that count themselves.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many processes have made a runtime here.
static RUNTIMES: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl Counted {
    fn new() -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// An error of the extension's own.
struct Refused(String);

impl From<Refused> for PyErr {
    fn from(refused: Refused) -> Self {
        PyKeyError::new_err(refused.0)
    }
}

/// The module.
#[pymodule]
mod async_extension {
    #[pymodule_export]
    use super::{
        Client, Countdown, add, asks_itself, blocks_at_the_gate, calls, calls_later, count, fails,
        joined, joined_at_the_gate, live, locked, names_thread, nothing, open_gate, panics,
        panics_converting, refuses, runtimes, waits, waits_at_the_gate,
    };
    #[pymodule_export]
    use ironbridge::extension::RustPanic;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> ironbridge::Result<()> {
        super::configure()
    }
}

fn configure() -> ironbridge::Result<()> {
    extension::configure(|| {
        RUNTIMES.fetch_add(1, Ordering::SeqCst);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder
            .worker_threads(2)
            .thread_name("of-the-test")
            .enable_all();
        builder
    })
}

/// Waits, and gives what it waited for.
#[ironbridge::awaitable]
#[pyfunction]
#[pyo3(signature = (seconds, value = None))]
async fn waits(seconds: f64, value: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
    let _counted = Counted::new();
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    value
}

#[ironbridge::awaitable]
#[pyfunction]
async fn add(a: i64, mut b: i64) -> i64 {
    b += a;
    b
}

#[ironbridge::awaitable]
#[pyfunction]
async fn nothing() {}

#[ironbridge::awaitable]
#[pyfunction]
async fn fails(path: String) -> std::io::Result<Vec<u8>> {
    tokio::task::yield_now().await;
    Err(std::io::Error::new(std::io::ErrorKind::NotFound, path))
}

#[ironbridge::awaitable]
#[pyfunction]
async fn refuses(why: String) -> Result<(), Refused> {
    Err(Refused(why))
}

/// Calls Python back, now.
#[ironbridge::awaitable]
#[pyfunction]
async fn calls(callback: Py<PyAny>) -> ironbridge::Result<Py<PyAny>> {
    ironbridge::attach(|py| callback.call0(py))?.map_err(Into::into)
}

/// Calls Python back twice, on whichever thread of the runtime.
#[ironbridge::awaitable]
#[pyfunction]
async fn calls_later(callback: Py<PyAny>) -> ironbridge::Result<(Py<PyAny>, Py<PyAny>)> {
    let call = || -> ironbridge::Result<Py<PyAny>> {
        ironbridge::attach(|py| {
            // Nested, and detached in between.
            ironbridge::detach(|| ironbridge::attach(|py| callback.call0(py)))??;
            Ok(callback.call0(py)?)
        })?
    };
    tokio::time::sleep(Duration::from_millis(5)).await;
    let first = call()?;
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok((first, call()?))
}

#[ironbridge::awaitable]
#[pyfunction]
async fn panics(late: bool) -> i64 {
    let _counted = Counted::new();
    if late {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("on purpose, late: {late}")
}

/// A value that panics when it is made one of Python's.
struct Grenade;

impl<'py> IntoPyObject<'py> for Grenade {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, _py: Python<'py>) -> PyResult<Self::Output> {
        panic!("in a conversion")
    }
}

#[ironbridge::awaitable]
#[pyfunction]
async fn panics_converting() -> Grenade {
    Grenade
}

/// Lets one through.
static GATE: AtomicBool = AtomicBool::new(false);

const SOON: Duration = Duration::from_millis(1);

#[pyfunction]
fn open_gate() {
    GATE.store(true, Ordering::SeqCst);
}

#[ironbridge::awaitable]
#[pyfunction]
#[pyo3(signature = (value = None))]
async fn waits_at_the_gate(value: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
    let _counted = Counted::new();
    while !GATE.swap(false, Ordering::SeqCst) {
        tokio::time::sleep(SOON).await;
    }
    value
}

/// Keeps a thread of the runtime, without awaiting.
#[ironbridge::awaitable]
#[pyfunction]
async fn blocks_at_the_gate() {
    let _counted = Counted::new();
    while !GATE.swap(false, Ordering::SeqCst) {
        std::thread::sleep(SOON);
    }
}

/// Waits for the runtime, detached.
#[pyfunction]
fn joined_at_the_gate() -> ironbridge::Result<()> {
    let runtime = extension::runtime()?;
    ironbridge::detach(|| {
        runtime.block_on(async {
            while !GATE.swap(false, Ordering::SeqCst) {
                tokio::time::sleep(SOON).await;
            }
        });
    });
    Ok(())
}

#[ironbridge::awaitable]
#[pyfunction]
async fn names_thread() -> Option<String> {
    std::thread::current().name().map(str::to_owned)
}

/// Two halves: the one that needs Python, and the one that is awaited.
#[pyfunction]
fn count<'py>(py: Python<'py>, words: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Awaitable>> {
    let words = words.extract::<Vec<String>>()?;
    awaitable(py, async move { PyResult::Ok(words.len()) })
}

/// Waits for the runtime in a function that is not `async`.
#[pyfunction]
fn joined(times: u64) -> ironbridge::Result<u64> {
    let runtime = extension::runtime()?;
    Ok(ironbridge::detach(|| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..times)
                .map(|n| runtime.spawn(async move { n }))
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap_or(0);
            }
            sum
        })
    }))
}

/// Waits for what runs Python on a thread of the runtime.
#[pyfunction]
fn asks_itself() -> ironbridge::Result<u8> {
    let runtime = extension::runtime()?;
    let asked = ironbridge::detach(|| {
        runtime.block_on(async {
            runtime
                .spawn_blocking(|| ironbridge::attach(|py| py.version_info().major))
                .await
        })
    });
    asked.unwrap_or(Ok(0))
}

static LOCK: Mutex<u64> = Mutex::new(0);

/// Calls Python while a lock is held.
#[pyfunction]
fn locked(callback: &Bound<'_, PyAny>) -> PyResult<u64> {
    let mut count = LOCK.lock();
    callback.call0()?;
    *count += 1;
    Ok(*count)
}

#[pyfunction]
fn live() -> usize {
    LIVE.load(Ordering::SeqCst)
}

#[pyfunction]
fn runtimes() -> usize {
    RUNTIMES.load(Ordering::SeqCst)
}

/// A class with `async` methods.
#[pyclass(frozen)]
struct Client {
    calls: Mutex<u64>,
}

#[ironbridge::awaitable]
#[pymethods]
impl Client {
    #[new]
    fn new() -> Self {
        Self {
            calls: Mutex::new(0),
        }
    }

    /// Gives what it was given, as bytes.
    #[pyo3(signature = (url, *, times = 1))]
    async fn fetch(&self, url: String, times: usize) -> ironbridge::Result<Vec<u8>> {
        *self.calls.lock() += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(url.repeat(times).into_bytes())
    }

    #[staticmethod]
    async fn version() -> &'static str {
        "1"
    }

    async fn __aenter__(&self) -> u64 {
        *self.calls.lock()
    }

    async fn __aexit__(&self, _kind: Py<PyAny>, raised: Py<PyAny>, _traceback: Py<PyAny>) -> bool {
        ironbridge::attach(|py| !raised.is_none(py)).unwrap_or(false)
    }

    fn calls(&self) -> u64 {
        *self.calls.lock()
    }
}

/// An asynchronous iterator.
#[pyclass(frozen)]
struct Countdown {
    left: Mutex<u64>,
}

#[ironbridge::awaitable]
#[pymethods]
impl Countdown {
    #[new]
    fn new(from: u64) -> Self {
        Self {
            left: Mutex::new(from),
        }
    }

    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    async fn __anext__(&self) -> PyResult<u64> {
        tokio::task::yield_now().await;
        let mut left = self.left.lock();
        *left = left
            .checked_sub(1)
            .ok_or_else(|| PyStopAsyncIteration::new_err(()))?;
        Ok(*left)
    }
}
