//! Python's coroutines, and its plain functions, as Rust futures.
//!
//! A future needs no runtime: it is polled by whichever executor, and wakes it. Polling does not attach to the
//! interpreter and does not wait. The way of a call:
//!
//! 1. The first poll puts it into a queue; of many calls that come together one wakes the other side, by a byte
//!    through a socket.
//! 2. A *coroutine* is made and run by the one thread of Python's that runs an event loop (`asyncio.rs`, `loop.py`;
//!    uvloop where it is installed). A *plain* function is run by one of a few threads (`pool.rs`); an awaitable that it
//!    returns goes to the loop.
//! 3. The result is converted where it was made, put into the [`Flight`], and the future's waker is called.
//!
//! A future that is dropped cancels its task: the coroutine sees `CancelledError`, its `finally` blocks run. A plain
//! function that has begun runs to its end, and nobody hears of it.
//!
//! When the program leaves `main`, tasks that are left are cancelled and get a second to finish.

mod asyncio;
mod flight;
mod pool;
mod task;

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use pyo3::prelude::*;

use crate::error::{Origin, Result};
use crate::handles::Returns;
use flight::{Call, Departure, Flight};
#[allow(unused_imports, reason = "batching and models run on it")]
pub(crate) use task::spawn;

/// Where a call of Python runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    /// On the event loop: `async def`.
    Loop,
    /// On a thread of the pool: `def`.
    Pool,
}

/// A future of what `make` gives: of a coroutine what it returns, of a plain function its result.
///
/// `make` runs attached, on the side of Python: it converts the arguments and calls. `what` is what errors call the
/// result: `embed()`. Nothing happens before the future is polled.
#[track_caller]
pub fn await_python<T, F, Kind>(runs_on: RunsOn, what: &'static str, make: F) -> PythonFuture<T>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let flight = Arc::new(Flight::new());
    let origin = Origin::caller(Location::caller());
    PythonFuture {
        departure: Some(Call::boxed(number, what, origin, flight.clone(), make)),
        flight,
        runs_on,
        number,
    }
}

/// A call of Python that is under way. Dropped, it is cancelled.
#[must_use = "nothing is called before the future is polled"]
pub struct PythonFuture<T> {
    /// Until the first poll.
    departure: Option<Box<dyn Departure>>,
    flight: Arc<Flight<T>>,
    runs_on: RunsOn,
    number: u64,
}

impl<T> Future for PythonFuture<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let poll = self.flight.poll(context);
        if let Some(departure) = self.departure.take() {
            match self.runs_on {
                RunsOn::Loop => asyncio::submit(departure),
                RunsOn::Pool => pool::submit(departure),
            }
        }
        poll
    }
}

impl<T> Unpin for PythonFuture<T> {}

impl<T> Drop for PythonFuture<T> {
    fn drop(&mut self) {
        if self.departure.is_none() && self.flight.abandon() {
            // A plain function may have given an awaitable to the loop.
            asyncio::cancel(self.number);
        }
    }
}

impl<T> fmt::Debug for PythonFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonFuture")
            .field("runs_on", &self.runs_on)
            .field("polled", &self.departure.is_none())
            .finish_non_exhaustive()
    }
}
