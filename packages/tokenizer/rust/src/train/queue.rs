//! Pairs by how often they occur, at most: the counts fall behind the pairs' backs.
//!
//! Most pairs are rare and are never looked at again. So only those whose count has as many binary digits as that of the
//! first, or more, are in order; others lie in a heap for each number of digits until it is their turn.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::vocabulary::TokenId;

/// A pair that waits. The first is the most frequent, and of such the one of the lower ids.
pub(super) type Entry = (u64, Reverse<(TokenId, TokenId)>, u32);

/// Pairs that wait.
#[derive(Default)]
pub(super) struct Queue {
    ordered: BinaryHeap<Entry>,
    /// Those of so many binary digits, in no order.
    unordered: Vec<Vec<Entry>>,
}

impl Queue {
    /// Adds a pair, and its number.
    #[inline]
    pub(super) fn push(&mut self, count: u64, pair: (TokenId, TokenId), number: u32) {
        let digits = (u64::BITS - count.leading_zeros()) as usize;
        let entry = (count, Reverse(pair), number);
        match self.unordered.get_mut(digits) {
            Some(others) => others.push(entry),
            None => self.ordered.push(entry),
        }
    }

    /// All pairs that have come so far wait for their turn.
    pub(super) fn with_all(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut queue = Self {
            ordered: BinaryHeap::new(),
            unordered: vec![Vec::new(); u64::BITS as usize + 1],
        };
        for (count, Reverse(pair), number) in entries {
            queue.push(count, pair, number);
        }
        queue
    }

    /// Takes the first.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        loop {
            if let Some(entry) = self.ordered.pop() {
                return Some(entry);
            }
            self.ordered = BinaryHeap::from(self.unordered.pop()?);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::Queue;

    #[test]
    fn the_most_frequent_comes_first_then_the_lower() {
        let counts = [5, 900, 1, 5, 4, 1];
        let all = counts.iter().zip(0_u32..);
        let mut queue =
            Queue::with_all(all.map(|(count, number)| (*count, Reverse((9 - number, 0)), number)));
        assert_eq!(queue.pop().map(|entry| entry.2), Some(1));
        queue.push(1000, (0, 0), 6);
        queue.push(3, (0, 0), 7);
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop())
            .map(|entry| entry.2)
            .collect();
        assert_eq!(order, [6, 3, 0, 4, 7, 5, 2]);
    }
}
