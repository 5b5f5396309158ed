//! The future of an item.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::Batcher;
use super::core::Refusal;
use super::slot::Slot;
use crate::error::{Error, ErrorKind, Report, Result};
use crate::limit::Limit;
use crate::turns::{Turn, Turns};

/// An item on its way through a [`Batcher`]: a future of its result.
///
/// Dropped, the item is taken out, if its batch has not begun. A batch all of whose items were dropped is cancelled.
#[must_use = "nothing is submitted before the future is polled"]
pub struct Submission<I, O> {
    batcher: Batcher<I, O>,
    stage: Stage<I, O>,
    limit: Option<Box<Limit>>,
}

enum Stage<I, O> {
    /// Not submitted yet.
    Made(I, Option<Turn<Arc<Turns>>>),
    Submitted(Arc<Slot<I, O>>),
    Over,
}

impl<I, O> Submission<I, O> {
    pub(super) fn new(batcher: Batcher<I, O>, item: I) -> Self {
        Self::at(batcher, Stage::Made(item, None))
    }

    pub(super) fn submitted(batcher: Batcher<I, O>, slot: Arc<Slot<I, O>>) -> Self {
        Self::at(batcher, Stage::Submitted(slot))
    }

    fn at(batcher: Batcher<I, O>, stage: Stage<I, O>) -> Self {
        Self {
            batcher,
            stage,
            limit: None,
        }
    }

    /// Gives the item so long, from the first poll on: waiting for its batch counts. Then it leaves, as if the future were
    /// dropped, and the result is an [`ErrorKind::Timeout`]. The others of its batch go on.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ironbridge::ErrorKind;
    /// use ironbridge::batch::Batcher;
    ///
    /// let never = Batcher::builder(|_: Vec<i64>| std::future::pending::<ironbridge::Result<Vec<i64>>>()).build();
    /// # pollster::block_on(async {
    /// let error = never.submit(1).timeout(Duration::from_millis(10)).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Timeout);
    /// # })
    /// ```
    pub fn timeout(mut self, after: Duration) -> Self {
        self.limit = Some(Box::new(Limit::new(after)));
        self
    }

    /// The batcher that the item goes through.
    pub fn batcher(&self) -> &Batcher<I, O> {
        &self.batcher
    }

    /// Submits the item now, if there is room for it, instead of at the first poll.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`](crate::ErrorKind::QueueFull): the future is as it was, and can be awaited, or tried again.
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled): the batcher was closed.
    pub fn try_start(&mut self) -> Result<()> {
        let entered = self.enter();
        entered.map_err(|refusal| self.batcher.settings().refuse(refusal))
    }

    /// Submits the item, if there is room; else it stays, and queues no more.
    fn enter(&mut self) -> Result<(), Refusal> {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Made(item, _) => match self.batcher.core().enter(item) {
                Ok(slot) => self.stage = Stage::Submitted(slot),
                Err((refusal, item)) => {
                    self.stage = Stage::Made(item, None);
                    return Err(refusal);
                }
            },
            other => self.stage = other,
        }
        Ok(())
    }

    /// Submits the item; waits for room, if there is none.
    fn poll_enter(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        if let Stage::Made(_, Some(turn)) = &mut self.stage
            && turn.waits(context.waker())
        {
            return Poll::Pending;
        }
        match self.enter() {
            Err(Refusal::Full) => {}
            entered => return Poll::Ready(entered),
        }
        // Queues first and looks again, so that no place is missed.
        let turn = Turn::new(self.batcher.core().room(), context.waker());
        match self.enter() {
            Err(Refusal::Full) => {}
            entered => return Poll::Ready(entered),
        }
        if let Stage::Made(_, waits) = &mut self.stage {
            *waits = Some(turn);
        }
        Poll::Pending
    }
}

impl<I, O> Submission<I, O> {
    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Result<O>> {
        if let Err(refusal) = ready!(self.poll_enter(context)) {
            return Poll::Ready(Err(self.batcher.settings().refuse(refusal)));
        }
        let Stage::Submitted(slot) = &self.stage else {
            panic!("polled after its end");
        };
        slot.poll(context)
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
        let found = match self.leave() {
            None => "it waited for room in the queue",
            Some(true) => "it waited for its batch",
            Some(false) => "its batch was under way",
        };
        let name = self.batcher.name();
        let report = Report::new(format!(
            "an item of {name} took longer than the {given:?} it was given"
        ))
        .detail("after", format!("{took:.1?}"))
        .detail("found", found);
        Error::report(ErrorKind::Timeout, report)
    }

    /// Takes the item out; whether it waited for its batch, if it was submitted.
    fn leave(&mut self) -> Option<bool> {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Submitted(slot) => Some(self.batcher.core().leave(&slot)),
            Stage::Made(..) | Stage::Over => None,
        }
    }
}

impl<I, O> Future for Submission<I, O> {
    type Output = Result<O>;

    /// # Panics
    ///
    /// When it is polled after its end, as other futures do.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<O>> {
        let mut outcome = self.poll_outcome(context);
        if outcome.is_pending() {
            outcome = self.poll_limit(context).map(Err);
        }
        if outcome.is_ready() {
            self.stage = Stage::Over;
        }
        outcome
    }
}

impl<I, O> Unpin for Submission<I, O> {}

impl<I, O> Drop for Submission<I, O> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<I, O> fmt::Debug for Submission<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Made(_, None) => "not submitted",
            Stage::Made(_, Some(_)) => "waits for room",
            Stage::Submitted(slot) if slot.is_waiting() => "waits for its batch",
            Stage::Submitted(_) => "in a batch, or done",
            Stage::Over => "over",
        };
        f.debug_struct("Submission")
            .field("batcher", &self.batcher.name())
            .field("stage", &stage)
            .field("timeout", &self.limit.as_ref().map(|limit| limit.given()))
            .finish_non_exhaustive()
    }
}
