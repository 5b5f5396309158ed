//! Waiting for a model.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_io::Timer;

use super::fail;
use super::inner::{Asked, Inner};
use super::lease::Lease;
use super::loading::Progress;
use super::state::{Grant, Outcome, ProgressHook};
use crate::error::{Error, Result};

/// A model that is asked for, as a future of its [`Lease`]. Nothing is asked for before it is polled; dropped, it waits no
/// more, and a load that nobody else waits for is cancelled.
///
/// It needs no runtime. [`wait`](Self::wait) waits without an executor.
#[must_use = "nothing is loaded before the future is polled"]
pub struct Acquire<H> {
    inner: Arc<Inner>,
    at: &'static Location<'static>,
    stage: Stage,
    on_progress: Option<ProgressHook>,
    limit: Option<Duration>,
    timer: Option<(Instant, Timer)>,
    handle: PhantomData<fn() -> H>,
}

enum Stage {
    Refused(Error),
    Made { index: usize },
    Waits { index: usize, ticket: u64 },
    Over,
}

impl<H: Send + Sync + 'static> Acquire<H> {
    pub(super) fn new(
        inner: &Arc<Inner>,
        index: Result<usize>,
        at: &'static Location<'static>,
    ) -> Self {
        Self {
            inner: inner.clone(),
            at,
            stage: match index {
                Ok(index) => Stage::Made { index },
                Err(error) => Stage::Refused(error),
            },
            on_progress: None,
            limit: None,
            timer: None,
            handle: PhantomData,
        }
    }

    /// Waits for so long, from the first poll on; then the result is an [`ErrorKind::Timeout`](crate::ErrorKind::Timeout)
    /// that says what was waited for, and who has what. The load goes on for others.
    pub fn timeout(mut self, most: Duration) -> Self {
        self.limit = Some(most);
        self
    }

    /// Has `hook` told how far the load is. It runs on the loader's thread, detached; it should not take long.
    pub fn on_progress(mut self, hook: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(hook));
        self
    }

    /// Waits here, detached from the interpreter. Not for threads of a runtime.
    pub fn wait(self) -> Result<Lease<H>> {
        crate::detach(|| async_io::block_on(self))
    }

    fn lease(&self, index: usize, grant: Grant) -> Result<Lease<H>> {
        Lease::new(&self.inner, index, grant)
    }

    fn poll_asked(&mut self, context: &mut Context<'_>) -> Poll<Result<Lease<H>>> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Refused(error) => Poll::Ready(Err(error)),
            Stage::Made { index } => {
                let hook = self.on_progress.as_ref();
                match self.inner.ask(index, self.at, context.waker(), hook) {
                    Ok(Asked::Leased(grant)) => Poll::Ready(self.lease(index, grant)),
                    Ok(Asked::Waits(ticket)) => {
                        self.stage = Stage::Waits { index, ticket };
                        Poll::Pending
                    }
                    Err(error) => Poll::Ready(Err(error)),
                }
            }
            Stage::Waits { index, ticket } => {
                match self.inner.poll(ticket, context.waker().clone()) {
                    None => {
                        self.stage = Stage::Waits { index, ticket };
                        Poll::Pending
                    }
                    Some(Outcome::Leased(grant)) => Poll::Ready(self.lease(index, grant)),
                    Some(outcome) => Poll::Ready(Err(self.inner.look(|state| {
                        let entry = &state.entries[index];
                        match &outcome {
                            Outcome::Failed(failure) => {
                                fail::refused(entry, failure, Instant::now())
                            }
                            _ => fail::closed(entry.name(), state.closed.unwrap_or("over")),
                        }
                    }))),
                }
            }
            // As other futures: it was polled after its end.
            Stage::Over => panic!("`Acquire` polled after it was ready"),
        }
    }

    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let (Some(given), Stage::Waits { index, ticket }) = (self.limit, &self.stage) else {
            return Poll::Pending;
        };
        let (index, ticket) = (*index, *ticket);
        let (began, timer) = self
            .timer
            .get_or_insert_with(|| (Instant::now(), Timer::after(given)));
        if Pin::new(timer).poll(context).is_pending() {
            return Poll::Pending;
        }
        let took = began.elapsed();
        let error = self
            .inner
            .look(|state| fail::timed_out(state, index, given, took));
        self.stage = Stage::Over;
        self.inner.leave(ticket);
        Poll::Ready(error)
    }
}

impl<H: Send + Sync + 'static> Future for Acquire<H> {
    type Output = Result<Lease<H>>;

    /// # Panics
    ///
    /// When it is polled after its end, as other futures do.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.poll_asked(context) {
            Poll::Ready(lease) => Poll::Ready(lease),
            Poll::Pending => self.poll_limit(context).map(Err),
        }
    }
}

impl<H> Unpin for Acquire<H> {}

impl<H> Drop for Acquire<H> {
    fn drop(&mut self) {
        if let Stage::Waits { ticket, .. } = self.stage {
            self.inner.leave(ticket);
        }
    }
}

impl<H> fmt::Debug for Acquire<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Refused(_) => "refused",
            Stage::Made { .. } => "not polled",
            Stage::Waits { .. } => "waits",
            Stage::Over => "over",
        };
        f.debug_struct("Acquire")
            .field("handle", &type_name::<H>())
            .field("stage", &stage)
            .field("timeout", &self.limit)
            .finish_non_exhaustive()
    }
}
