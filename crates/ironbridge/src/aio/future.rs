//! The future of a call.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pyo3::prelude::*;

use super::asyncio::Steered;
use super::call::{Awaited, Call, Departure, Left, Ticket};
use super::room::{Place, Room};
use super::surroundings::Surroundings;
use super::{asyncio, interrupt, pool};
use crate::error::{Error, ErrorKind, Origin, Report, Result};
use crate::handles::Returns;
use crate::interpreter;
use crate::limit::Limit;

/// Where a call of Python runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    /// On the event loop: `async def`.
    Loop,
    /// On a thread of the pool: `def`.
    Pool,
}

impl RunsOn {
    fn room(self) -> &'static Room {
        match self {
            Self::Loop => &asyncio::ROOM,
            Self::Pool => &pool::ROOM,
        }
    }

    fn submit(self, departure: Arc<dyn Departure>) {
        let ticket = Ticket::new(departure);
        match self {
            Self::Loop => asyncio::submit(ticket),
            Self::Pool => pool::submit(ticket),
        }
    }
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
    let origin = Origin::caller(Location::caller());
    await_from::<T, F, Kind>(runs_on, what.into(), origin, make)
}

/// The same, for a call whose place in the program is known.
pub(crate) fn await_from<T, F, Kind>(
    runs_on: RunsOn,
    what: Cow<'static, str>,
    origin: Origin,
    make: F,
) -> PythonFuture<T>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    await_in::<T, F, Kind>(runs_on, what, Some(origin), Surroundings::here(), make)
}

/// The same, for one that takes along what was there earlier.
pub(super) fn await_in<T, F, Kind>(
    runs_on: RunsOn,
    what: Cow<'static, str>,
    origin: Option<Origin>,
    surroundings: Surroundings,
    make: F,
) -> PythonFuture<T>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    PythonFuture {
        call: Call::shared(what, origin, surroundings, make),
        stage: Stage::Made,
        runs_on,
        limit: None,
        finish: None,
    }
}

/// The result of a call of Python, as a future. Nothing is called before it is polled; dropped, it is cancelled.
///
/// It is `Send` and `'static`, so any executor may poll it, on any thread. Where the call runs, and what becomes of one that
/// is left, stands at [`aio`](crate::aio).
///
/// # Errors
///
/// What Python raised ([`ErrorKind::Exception`] mostly); an argument or a result that does not convert
/// ([`ErrorKind::Conversion`]); [`ErrorKind::Timeout`] where [`timeout`](Self::timeout) was said;
/// [`ErrorKind::Cancelled`] where the task was cancelled from Python, where its event loop died, or where Python was shut
/// down.
#[must_use = "nothing is called before the future is polled"]
pub struct PythonFuture<T> {
    call: Arc<dyn Awaited<T>>,
    stage: Stage,
    runs_on: RunsOn,
    limit: Option<Box<Limit>>,
    finish: Option<fn(T) -> T>,
}

enum Stage {
    /// Not polled yet.
    Made,
    WaitsForRoom(Place),
    Submitted,
    /// The same, but Python's side was told to end it.
    Stopped,
    Over,
}

impl<T> PythonFuture<T> {
    /// Gives up on the call when `after` has passed since the first poll. Waiting for its turn counts.
    ///
    /// A coroutine is cancelled; a plain function is interrupted where it runs Python code. The result comes on time in any
    /// case, as an [`ErrorKind::Timeout`]. See [`aio`](crate::aio).
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ironbridge::{ErrorKind, python};
    ///
    /// let nap = python! { async =>
    ///     import asyncio
    ///     await asyncio.sleep(60)
    /// };
    /// let error = pollster::block_on(nap.timeout(Duration::from_millis(10))).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Timeout);
    /// ```
    pub fn timeout(mut self, after: Duration) -> Self {
        self.limit = Some(Box::new(Limit::new(after)));
        self
    }

    /// Starts the call now, if there is room for it, instead of at the first poll.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`]: too many calls wait. The future is as it was: it can be awaited, or tried again.
    ///
    /// # Example
    ///
    /// ```
    /// # use ironbridge::Result;
    /// #[ironbridge::module("math")]
    /// trait Math {
    ///     async fn sqrt(&self, x: f64) -> Result<f64>;
    /// }
    ///
    /// # fn main() -> Result<()> {
    /// let mut root = Math::load()?.sqrt(9.0);
    /// root.try_start()?;
    /// assert_eq!(pollster::block_on(root)?, 3.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_start(&mut self) -> Result<()> {
        if matches!(self.stage, Stage::Made | Stage::WaitsForRoom(_)) {
            let capacity = interpreter::queue_capacity();
            if !self.runs_on.room().enter(capacity) {
                return Err(self.queue_full(capacity));
            }
            self.submit();
        }
        Ok(())
    }

    /// Has `finish` make something of a result.
    #[doc(hidden)]
    pub fn finished_by(mut self, finish: fn(T) -> T) -> Self {
        self.finish = Some(finish);
        self
    }

    fn submit(&mut self) {
        self.stage = Stage::Submitted;
        self.runs_on.submit(self.call.clone().departure());
    }

    #[cold]
    fn queue_full(&self, capacity: usize) -> Error {
        let what = self.call.name();
        let report = Report::new(format!("{what} was not started: too many calls wait for Python"))
            .detail("waiting", format!("{capacity} of {capacity} allowed"))
            .help("await it, which waits for room; or allow more with `Interpreter::builder().queue_capacity(…)`");
        Error::report(ErrorKind::QueueFull, report)
    }

    /// Waits until the call could be submitted.
    fn poll_submit(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Stage::WaitsForRoom(place) = &mut self.stage
            && place.waits(context.waker())
        {
            return Poll::Pending;
        }
        let room = self.runs_on.room();
        let capacity = interpreter::queue_capacity();
        if !room.enter(capacity) {
            let place = room.queue_for(context.waker());
            if !room.enter(capacity) {
                self.stage = Stage::WaitsForRoom(place);
                return Poll::Pending;
            }
        }
        self.submit();
        Poll::Ready(())
    }

    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(limit) = &mut self.limit else {
            return Poll::Pending;
        };
        let given = limit.given();
        limit.poll(context).map(|took| self.time_out(given, took))
    }

    #[cold]
    fn time_out(&mut self, given: Duration, took: Duration) -> Error {
        let found = match (&self.stage, self.leave()) {
            (Stage::Made | Stage::WaitsForRoom(_), _) => "it waited for room among the calls",
            (_, Left::Waiting) => "it waited for its turn: Python was busy with other calls",
            (_, Left::UnderWay | Left::Over) => match self.runs_on {
                RunsOn::Loop => "its coroutine had begun, and was cancelled",
                RunsOn::Pool => {
                    interrupt::interrupt(self.call.clone().departure());
                    "it had begun, and is interrupted at its next bytecode"
                }
            },
        };
        self.stage = Stage::Over;
        timed_out(self.call.name(), given, took, self.call.origin(), found)
    }

    /// Cancels the task on Python's side, unless it ends by itself; its outcome comes as ever.
    pub(super) fn stop(&mut self, steered: Arc<dyn Steered>) {
        if matches!(self.stage, Stage::Submitted) {
            self.stage = Stage::Stopped;
            asyncio::stop_task(steered, self.call.clone().departure());
        }
    }

    /// Whether it has a place in Python's queue, or had.
    pub(super) fn is_submitted(&self) -> bool {
        matches!(self.stage, Stage::Submitted | Stage::Stopped)
    }

    /// Ends the call for this future.
    fn leave(&self) -> Left {
        let left = self.call.leave();
        match left {
            Left::Waiting if self.is_submitted() => {
                self.runs_on.room().leave(1);
                if self.runs_on == RunsOn::Pool {
                    pool::sweep();
                }
            }
            // A plain function may have given an awaitable to the loop.
            Left::UnderWay if !matches!(self.stage, Stage::Stopped) => {
                asyncio::cancel(self.call.clone().departure());
            }
            Left::Waiting | Left::UnderWay | Left::Over => {}
        }
        left
    }
}

/// The error of what came too late.
#[cold]
pub(super) fn timed_out(
    what: &str,
    given: Duration,
    took: Duration,
    origin: Option<Origin>,
    found: &'static str,
) -> Error {
    let mut report = Report::new(format!(
        "{what} took longer than the {given:?} it was given"
    ))
    .detail("after", format!("{took:.1?}"));
    if let Some(origin) = origin {
        report = report.detail("at", origin.to_string());
    }
    Error::report(ErrorKind::Timeout, report.detail("found", found))
}

impl<T> Future for PythonFuture<T> {
    type Output = Result<T>;

    /// # Panics
    ///
    /// When it is polled after its end, as other futures do.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        // Before it is submitted: its outcome may come at once.
        if let Poll::Ready(outcome) = self.call.poll(context) {
            self.stage = Stage::Over;
            return Poll::Ready(match self.finish {
                Some(finish) => outcome.map(finish),
                None => outcome,
            });
        }
        if !self.is_submitted() {
            // Whether or not there was room, the time counts.
            let _ = self.poll_submit(context);
        }
        self.poll_limit(context).map(Err)
    }
}

impl<T> Unpin for PythonFuture<T> {}

impl<T> Drop for PythonFuture<T> {
    fn drop(&mut self) {
        if self.is_submitted() {
            self.leave();
        }
    }
}

impl<T> fmt::Debug for PythonFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Made => "not polled",
            Stage::WaitsForRoom(_) => "waits for room",
            Stage::Submitted => "submitted",
            Stage::Stopped => "stopped",
            Stage::Over => "over",
        };
        f.debug_struct("PythonFuture")
            .field("call", &self.call.name())
            .field("runs_on", &self.runs_on)
            .field("stage", &stage)
            .field("timeout", &self.limit.as_ref().map(|limit| limit.given()))
            .finish_non_exhaustive()
    }
}
