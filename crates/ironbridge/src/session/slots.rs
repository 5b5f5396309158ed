//! A table that grows without moving: what a session keeps for each call site, found by the site's number.
//!
//! Slots live in chunks of doubling size, each made on first use, so that a reader needs two loads and no lock.

use std::sync::OnceLock;

const FIRST_CHUNK: usize = 32;
const CHUNKS: usize = 26;

/// Slots numbered from 0, each set at most once.
pub(super) struct Slots<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
        }
    }

    /// What was put into the slot.
    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<&T> {
        let (chunk, offset) = place(number);
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }

    /// Puts `value` into the slot, unless there is one already, and gives what is there; `None` past the end of all
    /// numbers.
    pub(super) fn put(&self, number: usize, value: T) -> Option<&T> {
        let (chunk, offset) = place(number);
        let slots = self
            .chunks
            .get(chunk)?
            .get_or_init(|| (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect());
        let slot = slots.get(offset)?;
        let _ = slot.set(value);
        slot.get()
    }
}

/// The chunk of a number and its place there.
#[inline]
fn place(number: usize) -> (usize, usize) {
    // Chunk `c` begins at FIRST_CHUNK * (2^c - 1).
    let chunk = (number / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk, number - FIRST_CHUNK * ((1 << chunk) - 1))
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn every_number_has_a_slot_of_its_own() {
        let slots = Slots::new();
        for number in 0..1000 {
            assert_eq!(slots.get(number), None);
            assert_eq!(slots.put(number, number), Some(&number));
        }
        assert!((0..1000).all(|number| slots.get(number) == Some(&number)));
        assert_eq!(slots.put(7, 8), Some(&7), "a slot is set once");
    }
}
