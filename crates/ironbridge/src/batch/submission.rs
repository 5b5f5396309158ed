//! The future of an item.

use std::fmt;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use event_listener::EventListener;

use super::Batcher;
use super::core::Refusal;
use super::slot::Slot;
use crate::error::Result;

/// An item on its way through a [`Batcher`]: a future of its result.
///
/// Dropped, the item is taken out, if its batch has not begun. A batch all of whose items were dropped is cancelled.
#[must_use = "nothing is submitted before the future is polled"]
pub struct Submission<I, O> {
    batcher: Batcher<I, O>,
    stage: Stage<I, O>,
}

enum Stage<I, O> {
    /// Not submitted yet.
    Made(I, Option<EventListener>),
    Submitted(Arc<Slot<I, O>>),
    Over,
}

impl<I, O> Submission<I, O> {
    pub(super) fn new(batcher: Batcher<I, O>, item: I) -> Self {
        let stage = Stage::Made(item, None);
        Self { batcher, stage }
    }

    pub(super) fn submitted(batcher: Batcher<I, O>, slot: Arc<Slot<I, O>>) -> Self {
        let stage = Stage::Submitted(slot);
        Self { batcher, stage }
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

    /// Submits the item, if there is room; else it stays, and listens no more.
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
        loop {
            if let Stage::Made(_, Some(listener)) = &mut self.stage {
                ready!(pin!(listener).poll(context));
            }
            match self.enter() {
                Err(Refusal::Full) => {}
                entered => return Poll::Ready(entered),
            }
            // Listens first and looks again, so that no place is missed.
            let listener = self.batcher.core().listen_room();
            match self.enter() {
                Err(Refusal::Full) => {}
                entered => return Poll::Ready(entered),
            }
            if let Stage::Made(_, waits) = &mut self.stage {
                *waits = Some(listener);
            }
        }
    }
}

impl<I, O> Future for Submission<I, O> {
    type Output = Result<O>;

    /// # Panics
    ///
    /// When it is polled after its end, as other futures do.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<O>> {
        if let Err(refusal) = ready!(self.poll_enter(context)) {
            self.stage = Stage::Over;
            return Poll::Ready(Err(self.batcher.settings().refuse(refusal)));
        }
        let Stage::Submitted(slot) = &self.stage else {
            panic!("polled after its end");
        };
        let outcome = ready!(slot.poll(context));
        self.stage = Stage::Over;
        Poll::Ready(outcome)
    }
}

impl<I, O> Unpin for Submission<I, O> {}

impl<I, O> Drop for Submission<I, O> {
    fn drop(&mut self) {
        if let Stage::Submitted(slot) = &self.stage {
            self.batcher.core().leave(slot);
        }
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
            .finish_non_exhaustive()
    }
}
