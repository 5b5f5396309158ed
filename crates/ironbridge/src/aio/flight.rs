//! A call between its future and Python: how it departs, how its result arrives.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use crate::error::{Error, ErrorKind, Origin, Report, Result};
use crate::handles::Returns;

/// What a future and its call share.
///
/// The lock is held for a few moves of memory, and never across a call of anything: so it may be taken attached.
pub(super) struct Flight<T> {
    slot: Mutex<Slot<T>>,
    abandoned: AtomicBool,
}

struct Slot<T> {
    outcome: Option<Result<T>>,
    /// An outcome has come, whether or not it was taken.
    over: bool,
    waker: Option<Waker>,
}

impl<T> Flight<T> {
    pub(super) fn new() -> Self {
        Self {
            slot: Mutex::new(Slot {
                outcome: None,
                over: false,
                waker: None,
            }),
            abandoned: AtomicBool::new(false),
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome, or the waker left for when it comes.
    ///
    /// # Panics
    ///
    /// Where the outcome was taken by an earlier poll, as futures do.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<T>> {
        let mut slot = self.slot();
        if let Some(outcome) = slot.outcome.take() {
            return Poll::Ready(outcome);
        }
        assert!(!slot.over, "a future of Python was polled after its end");
        let known = slot.waker.as_ref();
        if known.is_some_and(|waker| waker.will_wake(context.waker())) {
            return Poll::Pending;
        }
        let before = slot.waker.replace(context.waker().clone());
        drop(slot);
        // Dropping one may run anything.
        drop(before);
        Poll::Pending
    }

    /// Says that nobody waits any more; whether the call was still under way.
    pub(super) fn abandon(&self) -> bool {
        self.abandoned.store(true, Ordering::Relaxed);
        let mut slot = self.slot();
        let waker = slot.waker.take();
        let under_way = !slot.over;
        drop(slot);
        drop(waker);
        under_way
    }

    /// Brings the outcome; the first one counts.
    fn end(&self, outcome: Result<T>) {
        let mut slot = self.slot();
        if slot.over {
            return;
        }
        slot.over = true;
        if !self.abandoned.load(Ordering::Relaxed) {
            slot.outcome = Some(outcome);
        }
        let waker = slot.waker.take();
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_over(&self) -> bool {
        self.slot().over
    }
}

/// A call that has not been made.
pub(super) trait Departure: Send {
    /// The future was dropped meanwhile.
    fn is_abandoned(&self) -> bool;

    /// Makes the call: an awaitable, or the result of a plain function; and where that is to arrive.
    fn depart(self: Box<Self>, py: Python<'_>) -> (Result<Bound<'_, PyAny>>, Arc<dyn Arrival>);

    /// Ends it without a call.
    fn refuse(self: Box<Self>, why: Error);
}

/// Where a call's outcome arrives. One that is dropped without any says that the call was lost.
pub(super) trait Arrival: Send + Sync {
    fn number(&self) -> u64;

    /// The future was dropped meanwhile.
    fn is_abandoned(&self) -> bool;

    /// Converts the value and brings it.
    fn arrive(&self, value: &Bound<'_, PyAny>);

    /// Brings an exception.
    fn raise(&self, py: Python<'_>, raised: PyErr);

    /// Brings an error.
    fn fail(&self, error: Error);
}

/// A call that makes its awaitable, or its result, by `F`.
pub(super) struct Call<T, F, Kind> {
    make: F,
    landing: Landing<T, Kind>,
}

struct Landing<T, Kind> {
    number: u64,
    what: &'static str,
    origin: Origin,
    flight: Arc<Flight<T>>,
    kind: PhantomData<fn(Kind)>,
}

impl<T, F, Kind> Call<T, F, Kind>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    pub(super) fn boxed(
        number: u64,
        what: &'static str,
        origin: Origin,
        flight: Arc<Flight<T>>,
        make: F,
    ) -> Box<dyn Departure> {
        let landing = Landing {
            number,
            what,
            origin,
            flight,
            kind: PhantomData,
        };
        Box::new(Self { make, landing })
    }
}

impl<T, F, Kind> Departure for Call<T, F, Kind>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    fn is_abandoned(&self) -> bool {
        self.landing.is_abandoned()
    }

    fn depart(self: Box<Self>, py: Python<'_>) -> (Result<Bound<'_, PyAny>>, Arc<dyn Arrival>) {
        let Self { make, landing } = *self;
        let landing = Arc::new(landing);
        (make(py), landing)
    }

    fn refuse(self: Box<Self>, why: Error) {
        self.landing.fail(why);
    }
}

impl<T, Kind> Arrival for Landing<T, Kind>
where
    T: Returns<Kind> + Send + 'static,
    Kind: 'static,
{
    fn number(&self) -> u64 {
        self.number
    }

    fn is_abandoned(&self) -> bool {
        self.flight.abandoned.load(Ordering::Relaxed)
    }

    fn arrive(&self, value: &Bound<'_, PyAny>) {
        let converted = T::read(value)
            .map_err(|error| Error::result::<T>(value, error, self.what, self.origin));
        self.flight.end(converted);
    }

    fn raise(&self, py: Python<'_>, raised: PyErr) {
        let cancelled = is_cancelled_error(raised.value(py));
        let error = Error::from_python(py, raised, Some(self.origin));
        if !cancelled {
            return self.fail(error);
        }
        let what = self.what;
        let report = Report::new(format!("{what} was cancelled on Python's side"));
        self.fail(Error::report(ErrorKind::Cancelled, report.caused_by(error)));
    }

    fn fail(&self, error: Error) {
        self.flight.end(Err(error));
    }
}

fn is_cancelled_error(value: &Bound<'_, PyBaseException>) -> bool {
    let asyncio = value.py().import("asyncio");
    let cancelled = asyncio.and_then(|asyncio| asyncio.getattr("CancelledError"));
    cancelled.is_ok_and(|cancelled| value.is_instance(&cancelled).unwrap_or(false))
}

impl<T, Kind> Drop for Landing<T, Kind> {
    fn drop(&mut self) {
        if !self.flight.is_over() {
            let what = self.what;
            self.flight.end(Err(Error::report(
                ErrorKind::Cancelled,
                Report::new(format!("{what} was given up on Python's side"))
                    .detail("cause", "its thread or its event loop ended before it did"),
            )));
        }
    }
}
