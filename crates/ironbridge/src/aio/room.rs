//! Bounded waiting: how many calls may wait for Python, and who waits for room among them.

use std::sync::atomic::{AtomicUsize, Ordering};

use event_listener::{Event, EventListener};

/// Room for calls that have not begun.
pub(super) struct Room {
    taken: AtomicUsize,
    left: Event,
}

impl Room {
    pub(super) const fn new() -> Self {
        Self {
            taken: AtomicUsize::new(0),
            left: Event::new(),
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
        if places > 0 {
            self.taken.fetch_sub(places, Ordering::Relaxed);
            self.left.notify_additional(places);
        }
    }

    /// Done when a place was given back. To be made before a last look, so that none is missed.
    pub(super) fn listen(&self) -> EventListener {
        self.left.listen()
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// In a forked child nobody of the parent's waits.
    pub(super) fn clear(&self) {
        self.taken.store(0, Ordering::Relaxed);
    }
}
