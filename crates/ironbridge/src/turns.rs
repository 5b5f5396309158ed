//! Turns of those who wait for something: room in a queue, an end. Wakers are called without a lock held, since a waker may
//! poll a task at once, which may ask for a turn.

use std::collections::VecDeque;
use std::mem;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Those who wait, the first one first.
pub(crate) struct Turns {
    /// How many wait: who gives turns looks here alone, as a rule.
    waiting: AtomicUsize,
    queue: Mutex<Queue>,
}

struct Queue {
    next: u64,
    wakers: VecDeque<(u64, Waker)>,
}

/// A place among those who wait.
pub(crate) struct Turn<T: Deref<Target = Turns>> {
    turns: T,
    number: u64,
    /// It came, and was seen.
    is_used: bool,
}

impl Turns {
    pub(crate) const fn new() -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            queue: Mutex::new(Queue {
                next: 0,
                wakers: VecDeque::new(),
            }),
        }
    }

    /// Gives the first ones their turn, as many as there are of so many, and wakes them.
    pub(crate) fn give(&self, count: usize) {
        // Pairs with the fence in `Turn::new`.
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut queue = self.queue();
        let count = count.min(queue.wakers.len());
        let woken: Vec<_> = queue.wakers.drain(..count).collect();
        self.waiting.store(queue.wakers.len(), Ordering::Relaxed);
        drop(queue);
        for (_, waker) in woken {
            waker.wake();
        }
    }

    /// In a forked child nobody of the parent's waits.
    pub(crate) fn forget(&self) {
        self.waiting.store(0, Ordering::Relaxed);
        mem::take(&mut self.queue().wakers)
            .into_iter()
            .for_each(mem::forget);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
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

impl<T: Deref<Target = Turns>> Turn<T> {
    /// Waits for a turn. To be followed by a last look, so that none is missed.
    pub(crate) fn new(turns: T, waker: &Waker) -> Self {
        let mut queue = turns.queue();
        let number = queue.next;
        queue.next += 1;
        queue.wakers.push_back((number, waker.clone()));
        turns.waiting.store(queue.wakers.len(), Ordering::Relaxed);
        drop(queue);
        // Pairs with the fence in `give`: either that one sees this waker, or the last look sees what it tells.
        fence(Ordering::SeqCst);
        Self {
            turns,
            number,
            is_used: false,
        }
    }

    /// Whether it is still to come; if so, `waker` is who is woken.
    pub(crate) fn waits(&mut self, waker: &Waker) -> bool {
        let mut queue = self.turns.queue();
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

impl<T: Deref<Target = Turns>> Drop for Turn<T> {
    /// One that came and was not seen goes to the next.
    fn drop(&mut self) {
        if self.is_used {
            return;
        }
        let mut queue = self.turns.queue();
        let position = queue.position(self.number);
        let waker = position.and_then(|position| queue.wakers.remove(position));
        self.turns
            .waiting
            .store(queue.wakers.len(), Ordering::Relaxed);
        drop(queue);
        if waker.is_none() {
            self.turns.give(1);
        }
    }
}
