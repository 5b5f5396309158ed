//! Bounded waiting: how many calls may wait for Python, and who waits for room among them.
//!
//! Wakers are called without a lock held: a waker may poll a task at once, which may ask for room.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Room for calls that have not begun.
pub(super) struct Room {
    taken: AtomicUsize,
    /// How many are in `queue`: who gives a place back looks here alone, as a rule.
    queued: AtomicUsize,
    queue: Mutex<Queue>,
}

/// Those who wait for a place, the first one first.
struct Queue {
    next: u64,
    wakers: VecDeque<(u64, Waker)>,
}

/// A turn in the queue for a place.
pub(super) struct Place {
    room: &'static Room,
    number: u64,
    /// Its turn came, and it looked for room.
    is_used: bool,
}

impl Room {
    pub(super) const fn new() -> Self {
        Self {
            taken: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
            queue: Mutex::new(Queue {
                next: 0,
                wakers: VecDeque::new(),
            }),
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
        self.wake(places);
    }

    /// Queues for a place. To be followed by a last look, so that none is missed.
    pub(super) fn queue_for(&'static self, waker: &Waker) -> Place {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next += 1;
        queue.wakers.push_back((number, waker.clone()));
        self.queued.store(queue.wakers.len(), Ordering::Relaxed);
        drop(queue);
        // Pairs with the fence in `wake`: either that one sees this waker, or the last look sees the place.
        fence(Ordering::SeqCst);
        Place {
            room: self,
            number,
            is_used: false,
        }
    }

    fn wake(&self, places: usize) {
        fence(Ordering::SeqCst);
        if self.queued.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut queue = self.queue();
        let count = places.min(queue.wakers.len());
        let woken: Vec<_> = queue.wakers.drain(..count).collect();
        self.queued.store(queue.wakers.len(), Ordering::Relaxed);
        drop(queue);
        for (_, waker) in woken {
            waker.wake();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// In a forked child nobody of the parent's waits.
    pub(super) fn clear(&self) {
        self.taken.store(0, Ordering::Relaxed);
        self.queued.store(0, Ordering::Relaxed);
        mem::take(&mut self.queue().wakers)
            .into_iter()
            .for_each(mem::forget);
    }
}

impl Queue {
    /// Numbers ascend.
    fn position(&self, number: u64) -> Option<usize> {
        self.wakers
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()
    }
}

impl Place {
    /// Whether its turn is still to come; if so, `waker` is who is woken.
    pub(super) fn waits(&mut self, waker: &Waker) -> bool {
        let mut queue = self.room.queue();
        let Some(position) = queue.position(self.number) else {
            self.is_used = true;
            return false;
        };
        let known = &mut queue.wakers[position].1;
        let before = (!known.will_wake(waker)).then(|| mem::replace(known, waker.clone()));
        drop(queue);
        drop(before);
        true
    }
}

impl Drop for Place {
    /// One whose turn came, and that does not look for room any more, leaves it to the next.
    fn drop(&mut self) {
        if self.is_used {
            return;
        }
        let mut queue = self.room.queue();
        let position = queue.position(self.number);
        let waker = position.and_then(|position| queue.wakers.remove(position));
        self.room
            .queued
            .store(queue.wakers.len(), Ordering::Relaxed);
        drop(queue);
        if waker.is_none() {
            self.room.wake(1);
        }
    }
}
