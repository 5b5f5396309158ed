//! Bounded waiting: how many calls may wait for Python, and who waits for room among them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use crate::turns::{Turn, Turns};

/// Room for calls that have not begun.
pub(super) struct Room {
    taken: AtomicUsize,
    turns: Turns,
}

/// A turn in the queue for a place.
pub(super) type Place = Turn<&'static Turns>;

impl Room {
    pub(super) const fn new() -> Self {
        Self {
            taken: AtomicUsize::new(0),
            turns: Turns::new(),
        }
    }

    /// Takes a place, if there is one.
    pub(super) fn enter(&self, capacity: usize) -> bool {
        let one_more = |taken: usize| (taken < capacity).then_some(taken + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.taken.fetch_update(set, fetch, one_more).is_ok()
    }

    /// Gives places back, and wakes as many who wait for one.
    pub(super) fn leave(&self, places: usize) {
        if places == 0 {
            return;
        }
        self.taken.fetch_sub(places, Ordering::Relaxed);
        self.turns.give(places);
    }

    /// Queues for a place. To be followed by a last look, so that none is missed.
    pub(super) fn queue_for(&'static self, waker: &Waker) -> Place {
        Turn::new(&self.turns, waker)
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// In a forked child nobody of the parent's waits.
    pub(super) fn clear(&self) {
        self.taken.store(0, Ordering::Relaxed);
        self.turns.forget();
    }
}
