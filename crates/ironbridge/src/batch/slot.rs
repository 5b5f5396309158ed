//! An item between its caller and its batch: one allocation that both share.
//!
//! The lock is held for a few moves of memory, and never while somebody is woken or something of the user's is dropped.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::error::Result;

/// An item, then its outcome.
pub(super) struct Slot<I, O> {
    /// When it was submitted.
    pub(super) since: Instant,
    state: Mutex<State<I, O>>,
}

struct State<I, O> {
    stage: Stage<I, O>,
    waker: Option<Waker>,
}

enum Stage<I, O> {
    Waiting(I),
    UnderWay(Arc<Life>),
    /// The outcome, until it is taken.
    Over(Option<Result<O>>),
    /// Its caller went before it was over.
    Left,
}

/// Where an item was when its caller left it.
pub(super) enum Left<I> {
    Waiting(I),
    /// The batch is to be told.
    UnderWay(Arc<Life>),
    Over,
}

impl<I, O> Slot<I, O> {
    pub(super) fn new(item: I) -> Self {
        Self {
            since: Instant::now(),
            state: Mutex::new(State::<I, O> {
                stage: Stage::Waiting(item),
                waker: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<I, O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state().stage, Stage::Waiting(_))
    }

    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.state().stage, Stage::UnderWay(_))
    }

    /// Takes the item into a batch, unless its caller left.
    pub(super) fn take(&self, life: &Arc<Life>) -> Option<I> {
        let mut state = self.state();
        if !matches!(state.stage, Stage::Waiting(_)) {
            return None;
        }
        let under_way: Stage<I, O> = Stage::UnderWay(Arc::clone(life));
        match mem::replace(&mut state.stage, under_way) {
            Stage::Waiting(item) => Some(item),
            _ => None,
        }
    }

    /// Brings the outcome; who is to be woken.
    pub(super) fn end(&self, outcome: Result<O>) -> Option<Waker> {
        let mut state = self.state();
        if !matches!(state.stage, Stage::UnderWay(_)) {
            return None;
        }
        let before = mem::replace(&mut state.stage, Stage::Over(Some(outcome)));
        let waker = state.waker.take();
        drop(state);
        if let Stage::UnderWay(life) = before {
            life.end();
        }
        waker
    }

    /// The outcome, or the waker left for when it comes.
    ///
    /// # Panics
    ///
    /// Where the outcome was taken by an earlier poll, as futures do.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<O>> {
        let mut state = self.state();
        if let Stage::Over(outcome) = &mut state.stage {
            return Poll::Ready(outcome.take().expect("polled after its end"));
        }
        if let Some(waker) = &mut state.waker {
            waker.clone_from(context.waker());
        } else {
            state.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// Its caller is gone.
    pub(super) fn leave(&self) -> Left<I> {
        let mut state = self.state();
        let waker = state.waker.take();
        let before = mem::replace(&mut state.stage, Stage::Left);
        drop(state);
        drop(waker);
        match before {
            Stage::Waiting(item) => Left::Waiting(item),
            Stage::UnderWay(life) => Left::UnderWay(life),
            Stage::Over(_) | Stage::Left => Left::Over,
        }
    }
}

/// Whether anybody waits for a batch that is under way.
pub(super) struct Life {
    callers: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Life {
    pub(super) fn new() -> Self {
        Self {
            callers: AtomicUsize::new(0),
            waker: Mutex::new(None),
        }
    }

    /// So many items are in it.
    pub(super) fn begin(&self, callers: usize) {
        self.callers.fetch_add(callers, Ordering::AcqRel);
    }

    /// One of the callers has its outcome: the batch, which is running, need not be told.
    fn end(&self) {
        self.callers.fetch_sub(1, Ordering::AcqRel);
    }

    /// One of the callers is gone.
    pub(super) fn leave(&self) {
        if self.callers.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = waker.take();
            drop(waker);
            if let Some(taken) = taken {
                taken.wake();
            }
        }
    }

    /// Whether all callers are gone; else the waker is left for when they are.
    pub(super) fn poll_over(&self, context: &Context<'_>) -> bool {
        if self.is_over() {
            return true;
        }
        {
            let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
        }
        // One may have left in between, and found no waker.
        self.is_over()
    }

    pub(super) fn is_over(&self) -> bool {
        self.callers.load(Ordering::Acquire) == 0
    }
}
