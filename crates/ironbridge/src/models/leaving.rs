//! Waiting for models to go: one that is asked to, or all.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_io::Timer;

use super::fail;
use super::inner::Inner;
use super::report::Unloaded;
use super::state::{Outcome, Phase, Ticket};
use crate::error::{Error, Result};

/// What models get to be returned in at shutdown, where nothing else is said.
const GRACE: Duration = Duration::from_secs(30);

/// A model that is asked to go, as a future; see [`Models::unload`](super::Models::unload).
#[must_use = "nothing is unloaded before the future is polled"]
pub struct Unload {
    inner: Arc<Inner>,
    index: Result<usize, Option<Error>>,
    at: &'static Location<'static>,
    ticket: Option<u64>,
    limit: Option<Duration>,
    timer: Option<(Instant, Timer)>,
}

impl Unload {
    pub(super) fn new(
        inner: &Arc<Inner>,
        index: Result<usize>,
        at: &'static Location<'static>,
    ) -> Self {
        Self {
            inner: inner.clone(),
            index: index.map_err(Some),
            at,
            ticket: None,
            limit: None,
            timer: None,
        }
    }

    /// Waits for so long for leases to be returned, from the first poll on; then the result is an
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) that says who has them.
    pub fn timeout(mut self, most: Duration) -> Self {
        self.limit = Some(most);
        self
    }

    /// Waits here, detached from the interpreter. Not for threads of a runtime.
    pub fn wait(self) -> Result<Option<Arc<Unloaded>>> {
        crate::detach(|| async_io::block_on(self))
    }

    /// Whether it is under way; the ticket of this one then.
    fn begin(&self, index: usize, context: &Context<'_>) -> Option<u64> {
        let ticket = Ticket {
            index,
            at: self.at,
            waker: Some(context.waker().clone()),
            on_progress: None,
            outcome: None,
        };
        self.inner.update(move |state| {
            if matches!(
                state.entries[index].phase,
                Phase::Absent | Phase::Queued { .. }
            ) {
                state.effects.tickets.push(ticket);
                return None;
            }
            let number = state.take_ticket(ticket);
            state.entries[index].unloads.push(number);
            Some(number)
        })
    }
}

impl Future for Unload {
    type Output = Result<Option<Arc<Unloaded>>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let index = match &mut this.index {
            Ok(index) => *index,
            Err(error) => {
                let error = error.take();
                return Poll::Ready(error.map_or(Ok(None), Err));
            }
        };
        let ticket = match this.ticket {
            Some(ticket) => ticket,
            None => match this.begin(index, context) {
                Some(ticket) => *this.ticket.insert(ticket),
                None => return Poll::Ready(Ok(None)),
            },
        };
        if let Some(outcome) = this.inner.poll(ticket, context.waker().clone()) {
            this.ticket = None;
            return Poll::Ready(Ok(match outcome {
                Outcome::Gone(unloaded) => unloaded,
                _ => None,
            }));
        }
        let Some(given) = this.limit else {
            return Poll::Pending;
        };
        let (began, timer) = this
            .timer
            .get_or_insert_with(|| (Instant::now(), Timer::after(given)));
        if Pin::new(timer).poll(context).is_pending() {
            return Poll::Pending;
        }
        let took = began.elapsed();
        let error = this
            .inner
            .look(|state| fail::not_unloaded(&state.entries[index], given, took));
        this.ticket = None;
        this.inner.leave(ticket);
        Poll::Ready(Err(error))
    }
}

impl Drop for Unload {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.inner.leave(ticket);
        }
    }
}

impl fmt::Debug for Unload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unload")
            .field("is_under_way", &self.ticket.is_some())
            .field("timeout", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The end of all models, as a future; see [`Models::shutdown`](super::Models::shutdown).
#[must_use = "nothing is shut down before the future is polled"]
pub struct Shutdown {
    inner: Arc<Inner>,
    grace: Duration,
    timer: Option<Timer>,
}

impl Shutdown {
    pub(super) fn new(inner: &Arc<Inner>) -> Self {
        Self {
            inner: inner.clone(),
            grace: GRACE,
            timer: None,
        }
    }

    /// How long leases may take to be returned, and loads and hooks to end: 30 seconds where nothing is said.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Waits here, detached from the interpreter. Not for threads of a runtime.
    pub fn wait(self) -> Result<()> {
        crate::detach(|| async_io::block_on(self))
    }
}

impl Future for Shutdown {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        let waker = context.waker().clone();
        let begins = this.timer.is_none();
        let is_over = this.inner.update(|state| {
            if begins {
                state.close("`Models::shutdown` was called", true);
                state.stop_loads();
                // What is idle goes now, so that only what is in use is waited for.
                state.schedule();
            }
            let is_over = state.is_empty();
            if is_over {
                state.effects.stale.push(waker);
            } else {
                state.watch(waker);
            }
            is_over
        });
        if is_over {
            return Poll::Ready(Ok(()));
        }
        let timer = this.timer.get_or_insert_with(|| Timer::after(this.grace));
        if Pin::new(timer).poll(context).is_pending() {
            return Poll::Pending;
        }
        let grace = this.grace;
        Poll::Ready(Err(this.inner.look(|state| fail::left(state, grace))))
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("grace", &self.grace)
            .field("has_begun", &self.timer.is_some())
            .finish_non_exhaustive()
    }
}
