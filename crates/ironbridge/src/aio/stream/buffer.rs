//! Between the event loop, which pushes items, and the program, which takes them: how far one may run ahead of the other.
//!
//! The lock is held for a few moves of memory, and never across a call of anything: so it may be taken attached.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::conversion::FromPyObjectOwned;
use pyo3::intern;
use pyo3::prelude::*;

use super::pump::{Pushed, Sink};
use crate::aio::asyncio::{self, Steered};
use crate::error::{Error, Origin};
use crate::handles::item_of;

/// The items that came and were not taken.
pub(super) struct Buffer<T> {
    /// So many items at the most. Of one that is 1 the next item is not asked for before the program asks.
    capacity: usize,
    name: Cow<'static, str>,
    origin: Option<Origin>,
    state: Mutex<State<T>>,
}

struct State<T> {
    items: VecDeque<T>,
    /// The number of items that came.
    count: usize,
    /// The program found no item, since the last that came.
    is_asked: bool,
    waker: Option<Waker>,
    task: Task,
    stage: Stage,
    /// An item was no `T`.
    failed: Option<Error>,
}

/// Python's side.
enum Task {
    Runs,
    /// It awaits this, until an item is wanted.
    Waits(Py<PyAny>),
    /// One is, and the loop was told so.
    Resuming(Py<PyAny>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// No more items are taken.
    Closed,
    /// Python's side knows it.
    Ending,
}

impl Task {
    /// Whether it is to be resumed now.
    fn resumes(&mut self) -> bool {
        match mem::replace(self, Self::Runs) {
            Self::Waits(room) => {
                *self = Self::Resuming(room);
                true
            }
            other => {
                *self = other;
                false
            }
        }
    }

    /// What it awaits.
    fn take(&mut self) -> Option<Py<PyAny>> {
        match mem::replace(self, Self::Runs) {
            Self::Waits(room) | Self::Resuming(room) => Some(room),
            Self::Runs => None,
        }
    }
}

impl<T> State<T> {
    fn wants(&mut self, capacity: usize) -> Pushed {
        if self.stage != Stage::Open {
            self.stage = Stage::Ending;
            Pushed::Closed
        } else if self.is_asked || capacity > 1 && self.items.len() < capacity {
            Pushed::Wanted
        } else {
            Pushed::Full
        }
    }
}

impl<T> Buffer<T> {
    pub(super) fn new(capacity: usize, name: Cow<'static, str>, origin: Option<Origin>) -> Self {
        Self {
            capacity,
            name,
            origin,
            state: Mutex::new(State {
                items: VecDeque::new(),
                count: 0,
                is_asked: true,
                waker: None,
                task: Task::Runs,
                stage: Stage::Open,
                failed: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many items are there to be taken.
    pub(super) fn len(&self) -> usize {
        self.state().items.len()
    }

    /// The index that the next item has.
    pub(super) fn next_index(&self) -> usize {
        let state = self.state();
        state.count - state.items.len()
    }

    /// Why no more items came, where that was one of them.
    pub(super) fn take_failure(&self) -> Option<Error> {
        self.state().failed.take()
    }

    /// Takes no more items; those that nobody took are lost.
    pub(super) fn close(&self) {
        let mut state = self.state();
        if state.stage == Stage::Open {
            state.stage = Stage::Closed;
        }
        let unused = (
            mem::take(&mut state.items),
            state.waker.take(),
            state.task.take(),
        );
        drop(state);
        // Dropping them may run anything.
        drop(unused);
    }
}

impl<T> Buffer<T>
where
    T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
{
    /// An item, or the waker left for when there is one.
    pub(super) fn poll(self: &Arc<Self>, context: &Context<'_>) -> Poll<T> {
        let mut state = self.state();
        let item = state.items.pop_front();
        let mut before = None;
        let is_wanted = if item.is_some() {
            // At half, so that many come in one go.
            self.capacity > 1 && state.items.len() <= self.capacity / 2
        } else {
            state.is_asked = true;
            let known = state.waker.as_ref();
            if !known.is_some_and(|waker| waker.will_wake(context.waker())) {
                before = state.waker.replace(context.waker().clone());
            }
            true
        };
        let resumes = is_wanted && state.task.resumes();
        drop(state);
        // Dropping one may run anything.
        drop(before);
        if resumes {
            asyncio::resume(self.clone());
        }
        item.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> Sink for Buffer<T>
where
    T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
{
    fn push(&self, item: &Bound<'_, PyAny>) -> Pushed {
        match item_of::<T>(item) {
            Ok(item) => {
                let mut state = self.state();
                let unused = if state.stage == Stage::Open {
                    state.items.push_back(item);
                    state.count += 1;
                    state.is_asked = false;
                    None
                } else {
                    Some(item)
                };
                let waker = state.waker.take();
                let wants = state.wants(self.capacity);
                drop(state);
                drop(unused);
                if let Some(waker) = waker {
                    waker.wake();
                }
                wants
            }
            Err(error) => {
                let what = format!("{}[{}]", self.name, self.state().count);
                let error = Error::result::<T>(item, error, &what, self.origin);
                let mut state = self.state();
                state.failed = Some(error);
                state.stage = Stage::Ending;
                // Those that came before are taken still.
                Pushed::Closed
            }
        }
    }

    fn park(&self, room: &Bound<'_, PyAny>) -> Pushed {
        let mut state = self.state();
        // It may have been asked for in the meantime.
        let wants = state.wants(self.capacity);
        if wants == Pushed::Full {
            state.task = Task::Waits(room.clone().unbind());
        }
        wants
    }

    fn begin(&self) -> Pushed {
        self.state().wants(self.capacity)
    }

    fn is_one_by_one(&self) -> bool {
        self.capacity == 1
    }
}

impl<T> Steered for Buffer<T>
where
    T: Send,
{
    fn resume(&self, py: Python<'_>) {
        let room = self.state().task.take();
        if let Some(room) = room {
            // Where it was cancelled, the task has ended.
            let _ = room.call_method1(py, intern!(py, "set_result"), (py.None(),));
        }
    }

    fn stops(&self) -> bool {
        mem::replace(&mut self.state().stage, Stage::Ending) != Stage::Ending
    }
}
