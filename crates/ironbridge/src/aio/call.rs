//! A call between its future and Python: one allocation that both sides share.
//!
//! It *waits* until a thread of Python's makes it, is *under way*, then *over*. The future may leave at any time: one that
//! waits is taken out, with its arguments; of one that is under way nobody takes the outcome. The first outcome counts,
//! be it Python's, a timeout or a refusal.
//!
//! The lock is held for a few moves of memory, and never across a call of anything: so it may be taken attached.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use super::interrupt;
use super::room::Room;
use super::surroundings::Surroundings;
use crate::error::{Error, ErrorKind, Origin, Report, Result};
use crate::handles::Returns;
use crate::interpreter::is_importing;

/// A call whose arguments and awaitable, or result, are made by `F`.
pub(super) struct Call<T, F, Kind> {
    what: Cow<'static, str>,
    origin: Option<Origin>,
    surroundings: Surroundings,
    abandoned: AtomicBool,
    state: Mutex<State<T, F>>,
    kind: PhantomData<fn(Kind)>,
}

struct State<T, F> {
    stage: Stage<T, F>,
    waker: Option<Waker>,
    /// The thread of the pool that makes the call just now, as Python numbers it.
    thread: Option<usize>,
    /// An exception was sent to that thread for this call.
    interrupted: bool,
}

enum Stage<T, F> {
    Waiting(F),
    UnderWay,
    /// The outcome, until it is taken.
    Over(Option<Result<T>>),
}

/// Where a call was when its future left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Waiting,
    UnderWay,
    Over,
}

/// A call as its future sees it.
pub(super) trait Awaited<T>: Send + Sync {
    /// The same, as Python's side sees it.
    fn departure(self: Arc<Self>) -> Arc<dyn Departure>;

    /// What errors call it: `embed()`.
    fn name(&self) -> &str;

    /// Where in the program it was made, where that is known.
    fn origin(&self) -> Option<Origin>;

    /// The outcome, or the waker left for when it comes.
    ///
    /// # Panics
    ///
    /// Where the outcome was taken by an earlier poll, as futures do.
    fn poll(&self, context: &Context<'_>) -> Poll<Result<T>>;

    /// Ends it for the future, if it is not over; says where it was.
    fn leave(&self) -> Left;
}

/// A call as the threads of Python's see it.
pub(super) trait Departure: Send + Sync {
    /// What errors call it: `embed()`.
    fn what(&self) -> Cow<'static, str>;

    /// The future was dropped, or timed out.
    fn is_abandoned(&self) -> bool;

    /// Makes the call: an awaitable, or the result of a plain function. `None` where nobody waits for it any more.
    ///
    /// Before it is made it gives back its place in the `room`: it waits no longer. `thread` is this thread as Python
    /// numbers it, where it may be interrupted.
    fn depart<'py>(
        &self,
        py: Python<'py>,
        room: &Room,
        thread: Option<usize>,
    ) -> Option<Result<Bound<'py, PyAny>>>;

    /// The call of a plain function is done on this thread, which is not to be interrupted for it any more. Whether it
    /// was.
    fn returned(&self, py: Python<'_>) -> bool;

    /// Raises an exception in the thread that makes the call, if it still does. `false` where that is to be tried again.
    fn interrupt(&self, py: Python<'_>) -> bool;

    /// What the task of a coroutine runs in.
    fn surroundings(&self) -> &Surroundings;

    /// Converts the value and brings it; who is to be woken.
    fn arrive(&self, value: &Bound<'_, PyAny>) -> Option<Waker>;

    /// Brings an exception.
    fn raise(&self, py: Python<'_>, raised: PyErr) -> Option<Waker>;

    /// Brings an error.
    fn fail(&self, error: Error) -> Option<Waker>;

    /// The same; says where the call was, too.
    fn refuse(&self, error: Error) -> (Left, Option<Waker>);
}

impl<T, F, Kind> Call<T, F, Kind>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    pub(super) fn shared(
        what: Cow<'static, str>,
        origin: Option<Origin>,
        surroundings: Surroundings,
        make: F,
    ) -> Arc<dyn Awaited<T>> {
        Arc::new(Self {
            what,
            origin,
            surroundings,
            abandoned: AtomicBool::new(false),
            state: Mutex::new(State {
                stage: Stage::Waiting(make),
                waker: None,
                thread: None,
                interrupted: false,
            }),
            kind: PhantomData,
        })
    }

    fn state(&self) -> MutexGuard<'_, State<T, F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the outcome, where there is none yet; says where the call was, and who is to be woken.
    fn end(&self, outcome: Option<Result<T>>) -> (Left, Option<Waker>) {
        let mut state = self.state();
        let left = match state.stage {
            Stage::Waiting(_) => Left::Waiting,
            Stage::UnderWay => Left::UnderWay,
            Stage::Over(_) => {
                drop(state);
                return (Left::Over, None);
            }
        };
        let before = mem::replace(&mut state.stage, Stage::Over(outcome));
        let waker = state.waker.take();
        drop(state);
        // Arguments may be anything.
        drop(before);
        (left, waker)
    }
}

impl<T, F, Kind> Awaited<T> for Call<T, F, Kind>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    fn departure(self: Arc<Self>) -> Arc<dyn Departure> {
        self
    }

    fn name(&self) -> &str {
        &self.what
    }

    fn origin(&self) -> Option<Origin> {
        self.origin
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<T>> {
        let mut state = self.state();
        if let Stage::Over(outcome) = &mut state.stage {
            let outcome = outcome.take();
            drop(state);
            return Poll::Ready(outcome.expect("a future of Python was polled after its end"));
        }
        let known = state.waker.as_ref();
        if known.is_some_and(|waker| waker.will_wake(context.waker())) {
            return Poll::Pending;
        }
        let before = state.waker.replace(context.waker().clone());
        drop(state);
        // Dropping one may run anything.
        drop(before);
        Poll::Pending
    }

    fn leave(&self) -> Left {
        self.abandoned.store(true, Ordering::Relaxed);
        self.end(None).0
    }
}

impl<T, F, Kind> Departure for Call<T, F, Kind>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    Kind: 'static,
{
    fn what(&self) -> Cow<'static, str> {
        self.what.clone()
    }

    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    fn depart<'py>(
        &self,
        py: Python<'py>,
        room: &Room,
        thread: Option<usize>,
    ) -> Option<Result<Bound<'py, PyAny>>> {
        let mut state = self.state();
        if !matches!(state.stage, Stage::Waiting(_)) {
            return None;
        }
        let Stage::Waiting(make) = mem::replace(&mut state.stage, Stage::UnderWay) else {
            return None;
        };
        state.thread = thread;
        drop(state);
        room.leave(1);
        Some(self.surroundings.enter(py, || make(py)))
    }

    fn returned(&self, py: Python<'_>) -> bool {
        let mut state = self.state();
        let thread = state.thread.take();
        let interrupted = state.interrupted;
        drop(state);
        if let Some(thread) = thread.filter(|_| interrupted) {
            // One that came too late must not hit the thread's next call.
            interrupt::forget(py, thread);
        }
        interrupted
    }

    fn interrupt(&self, py: Python<'_>) -> bool {
        let Some(thread) = self.state().thread else {
            return true;
        };
        if is_importing(py, thread) {
            return false;
        }
        let mut state = self.state();
        // Under the lock, so that the call cannot return in between.
        if state.thread.is_some() {
            state.interrupted = true;
            interrupt::send(py, thread);
        }
        true
    }

    fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    fn arrive(&self, value: &Bound<'_, PyAny>) -> Option<Waker> {
        if self.is_abandoned() {
            return None;
        }
        let converted = self.surroundings.in_span(|| T::read(value));
        let converted =
            converted.map_err(|error| Error::result::<T>(value, error, &self.what, self.origin));
        self.end(Some(converted)).1
    }

    fn raise(&self, py: Python<'_>, raised: PyErr) -> Option<Waker> {
        let cancelled = is_cancelled_error(raised.value(py));
        let error = Error::from_python(py, raised, self.origin);
        if !cancelled {
            return self.fail(error);
        }
        let what = &self.what;
        let report = Report::new(format!("{what} was cancelled on Python's side"));
        self.fail(Error::report(ErrorKind::Cancelled, report.caused_by(error)))
    }

    fn fail(&self, error: Error) -> Option<Waker> {
        self.end(Some(Err(error))).1
    }

    fn refuse(&self, error: Error) -> (Left, Option<Waker>) {
        self.end(Some(Err(error)))
    }
}

fn is_cancelled_error(value: &Bound<'_, PyBaseException>) -> bool {
    let asyncio = value.py().import("asyncio");
    let cancelled = asyncio.and_then(|asyncio| asyncio.getattr("CancelledError"));
    cancelled.is_ok_and(|cancelled| value.is_instance(&cancelled).unwrap_or(false))
}

/// The right to bring a call's outcome. Dropped without one, it says that the call was lost.
pub(super) struct Ticket(Option<Arc<dyn Departure>>);

impl Ticket {
    pub(super) fn new(departure: Arc<dyn Departure>) -> Self {
        Self(Some(departure))
    }

    pub(super) fn departure(&self) -> &dyn Departure {
        // Only `close` takes it, and consumes the ticket.
        self.0.as_deref().expect("a ticket has its call")
    }

    /// The call, for one who looks at it beside this.
    pub(super) fn shared(&self) -> Arc<dyn Departure> {
        self.0.clone().expect("a ticket has its call")
    }

    /// Brings the outcome.
    #[must_use = "somebody waits"]
    pub(super) fn close(
        mut self,
        bring: impl FnOnce(&dyn Departure) -> Option<Waker>,
    ) -> Option<Waker> {
        let departure = self.0.take();
        departure.and_then(|departure| bring(&*departure))
    }

    /// Ends a call that waits in a room.
    pub(super) fn refuse(mut self, room: &Room, why: Error) {
        let Some((left, waker)) = self.0.take().map(|departure| departure.refuse(why)) else {
            return;
        };
        // Else whoever ended it gave its place back.
        if left == Left::Waiting {
            room.leave(1);
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(departure) = self.0.take() else {
            return;
        };
        let what = departure.what();
        let report = Report::new(format!("{what} was given up on Python's side"))
            .detail("cause", "its thread or its event loop ended before it did");
        let lost = departure.fail(Error::report(ErrorKind::Cancelled, report));
        if let Some(waker) = lost {
            waker.wake();
        }
    }
}
