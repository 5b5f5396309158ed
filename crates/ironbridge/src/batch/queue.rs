//! Items that wait, by key, and when which of them are to go.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::slot::Slot;

/// So many empty places are let be before they are swept.
const FEW: usize = 64;

/// Items of one key, oldest first.
type Group<I, O> = VecDeque<Arc<Slot<I, O>>>;

/// Items that wait.
pub(super) struct Queue<I, O, K> {
    groups: HashMap<K, Group<I, O>>,
    /// The keys of the groups, those first that have waited longest for their turn.
    turns: VecDeque<K>,
    /// How many wait.
    waiting: usize,
    /// How many in the groups have left.
    left: usize,
}

/// What is to be done now.
pub(super) enum Next<K> {
    /// A batch of this key is ready.
    Ready(K),
    /// None is, before this instant.
    At(Instant),
    Nothing,
}

impl<I, O, K: Hash + Eq + Clone> Queue<I, O, K> {
    pub(super) fn new() -> Self {
        Self {
            groups: HashMap::new(),
            turns: VecDeque::new(),
            waiting: 0,
            left: 0,
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    pub(super) fn push(&mut self, key: K, slot: Arc<Slot<I, O>>) {
        self.waiting += 1;
        if let Some(group) = self.groups.get_mut(&key) {
            group.push_back(slot);
        } else {
            self.turns.push_back(key.clone());
            self.groups.insert(key, VecDeque::from([slot]));
        }
    }

    /// One that waited has left.
    pub(super) fn forget_one(&mut self) {
        self.waiting -= 1;
        self.left += 1;
        if self.left > self.waiting + FEW {
            self.sweep();
        }
    }

    /// Takes those out that have left.
    fn sweep(&mut self) {
        self.groups.retain(|_, group| {
            group.retain(|slot| slot.is_waiting());
            !group.is_empty()
        });
        let groups = &self.groups;
        self.turns.retain(|key| groups.contains_key(key));
        self.left = 0;
    }

    /// Which items go next: as many as `max` together, or that have waited as long as `wait`; all where `now` is `None`.
    pub(super) fn next(&mut self, max: usize, wait: Duration, now: Option<Instant>) -> Next<K> {
        if self.waiting == 0 {
            return Next::Nothing;
        }
        let Some(now) = now.filter(|_| !wait.is_zero()) else {
            return self
                .turns
                .front()
                .cloned()
                .map_or(Next::Nothing, Next::Ready);
        };
        if self.left > 0 {
            self.sweep();
        }
        let mut earliest: Option<Instant> = None;
        for key in &self.turns {
            let Some(group) = self.groups.get(key) else {
                continue;
            };
            let Some(oldest) = group.front() else {
                continue;
            };
            let due = oldest.since + wait;
            if group.len() >= max || due <= now {
                return Next::Ready(key.clone());
            }
            earliest = Some(earliest.map_or(due, |earliest| earliest.min(due)));
        }
        earliest.map_or(Next::Nothing, Next::At)
    }

    /// Gives items of the key to `take` until it has `max`; it says whether it took one.
    pub(super) fn take(
        &mut self,
        key: &K,
        max: usize,
        mut take: impl FnMut(Arc<Slot<I, O>>) -> bool,
    ) {
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let mut taken = 0;
        while taken < max
            && let Some(slot) = group.pop_front()
        {
            if take(slot) {
                taken += 1;
            } else {
                self.left = self.left.saturating_sub(1);
            }
        }
        self.waiting -= taken;
        let is_empty = group.is_empty();
        if is_empty {
            self.groups.remove(key);
        }
        // What is left of it waits for another turn.
        if let Some(turn) = self.turns.iter().position(|other| other == key)
            && let Some(key) = self.turns.remove(turn)
            && !is_empty
        {
            self.turns.push_back(key);
        }
    }
}
