//! How often each piece occurs.
//!
//! Pieces of up to 15 bytes, which nearly all are, lie in the table itself, so that one is found with one look at memory.

use rustc_hash::FxHashMap;

use crate::error::Result;

/// Longer pieces are kept apart.
const SHORT: usize = 15;
/// So many slots are taken over from another table at a time.
const RUN: usize = 64;
/// After so many slots or pieces it is looked whether to stop.
const LOOK: usize = 1 << 16;
/// Pieces that occur at most so often are put in order by counting them, the few others by comparing.
const OFTEN: usize = 1 << 12;

/// Asked whether to stop.
pub(super) type Look<'a> = &'a mut dyn FnMut() -> Result<()>;

/// Pieces and their counts.
#[derive(Default)]
pub(super) struct Table {
    /// Empty where the key is zero. As many as a power of two, three quarters of them taken at most.
    slots: Vec<Slot>,
    taken: usize,
    long: FxHashMap<Box<[u8]>, u64>,
}

/// A piece's bytes, then zeros, then its length; and its count.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: [u64; 2],
    count: u64,
}

impl Table {
    /// Counts a piece once more.
    #[inline]
    pub(super) fn count(&mut self, piece: &[u8]) {
        self.add(piece, 1);
    }

    #[inline]
    fn add(&mut self, piece: &[u8], times: u64) {
        if piece.len() <= SHORT {
            self.add_short(key(piece), times);
        } else if let Some(count) = self.long.get_mut(piece) {
            *count += times;
        } else {
            self.long.insert(piece.into(), times);
        }
    }

    #[inline]
    fn add_short(&mut self, key: [u64; 2], times: u64) {
        if self.taken >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = place(key, mask);
        loop {
            let slot = &mut self.slots[at & mask];
            if slot.key == key {
                slot.count += times;
                return;
            }
            if slot.key == [0; 2] {
                *slot = Slot { key, count: times };
                self.taken += 1;
                return;
            }
            at += 1;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let room = (2 * self.slots.len()).max(1 << 12);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); room]);
        self.taken = 0;
        for slot in old {
            if slot.key != [0; 2] {
                self.add_short(slot.key, slot.count);
            }
        }
    }

    /// Adds what another counted.
    pub(super) fn join(&mut self, other: Self, look: Look<'_>) -> Result<()> {
        // Slots lie in the order of their places. Taken over in that order they would fill this table from its start, and
        // each would have to go past all before it; so it is done in runs that lie far apart.
        let runs = other.slots.len() / RUN;
        let apart = apart(runs);
        for run in 0..runs {
            let start = run.wrapping_mul(apart) % runs * RUN;
            for slot in &other.slots[start..start + RUN] {
                if slot.key != [0; 2] {
                    self.add_short(slot.key, slot.count);
                }
            }
            if run.is_multiple_of(LOOK / RUN) {
                look()?;
            }
        }
        for (number, (piece, count)) in other.long.into_iter().enumerate() {
            *self.long.entry(piece).or_default() += count;
            if number.is_multiple_of(LOOK) {
                look()?;
            }
        }
        Ok(())
    }

    /// Gives each piece and its count, those of one count one after the other.
    pub(super) fn drain_by_count(
        self,
        look: Look<'_>,
        mut take: impl FnMut(&[u8], u64),
    ) -> Result<()> {
        let mut short = self.slots;
        short.retain(|slot| slot.key != [0; 2]);
        let long: Vec<_> = self.long.into_iter().collect();
        let by_count = order(&long, |(_, count)| *count, look)?;
        let mut long = by_count.into_iter().map(|at| &long[at]).peekable();
        for (number, at) in order(&short, |slot| slot.count, look)?
            .into_iter()
            .enumerate()
        {
            let slot = &short[at];
            while let Some((piece, count)) = long.next_if(|(_, count)| *count < slot.count) {
                take(piece, *count);
            }
            let [low, high] = slot.key.map(u64::to_le_bytes);
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&low);
            bytes[8..].copy_from_slice(&high);
            take(&bytes[..usize::from(bytes[15])], slot.count);
            if number.is_multiple_of(LOOK) {
                look()?;
            }
        }
        for (piece, count) in long {
            take(piece, *count);
        }
        Ok(())
    }

    /// How many pieces there are, and about how many bytes they have.
    pub(super) fn size(&self) -> (usize, usize) {
        let long: usize = self.long.keys().map(|piece| piece.len()).sum();
        (self.taken + self.long.len(), 8 * self.taken + long)
    }
}

/// A step through a power of two that meets each number once, and from the first on spreads them evenly: the golden ratio.
fn apart(runs: usize) -> usize {
    const RATIO: u128 = 0x9e37_79b9_7f4a_7c15;
    usize::try_from((runs as u128 * RATIO) >> 64).unwrap_or(0) | 1
}

/// Where the items lie, those of low counts first.
fn order<T>(items: &[T], count: impl Fn(&T) -> u64, look: Look<'_>) -> Result<Vec<usize>> {
    let mut ends = vec![0; OFTEN];
    let mut often = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match ends.get_mut(usize::try_from(count(item)).unwrap_or(usize::MAX)) {
            Some(len) => *len += 1,
            None => often.push((count(item), at)),
        }
        if at.is_multiple_of(LOOK) {
            look()?;
        }
    }
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut order = vec![0; total];
    for (at, item) in items.iter().enumerate() {
        if let Some(end) = ends.get_mut(usize::try_from(count(item)).unwrap_or(usize::MAX)) {
            order[*end] = at;
            *end += 1;
        }
        if at.is_multiple_of(LOOK) {
            look()?;
        }
    }
    often.sort_unstable();
    order.extend(often.into_iter().map(|(_, at)| at));
    Ok(order)
}

/// At most 15 bytes, and how many, as numbers: never zero, for a piece has a byte.
#[inline]
fn key(piece: &[u8]) -> [u64; 2] {
    let len = piece.len();
    let word = |at: usize| {
        piece[at..]
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let half = |at: usize| {
        piece[at..]
            .first_chunk()
            .map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    };
    let length = (len as u64) << 56;
    if len > 8 {
        // The last eight overlap the first: the shift takes out what is twice.
        [word(0), word(len - 8) >> (8 * (16 - len)) | length]
    } else if len == 8 {
        [word(0), length]
    } else if len >= 4 {
        [half(0) | half(len - 4) << (8 * (len - 4)), length]
    } else {
        let byte = |at: usize| u64::from(piece[at]) << (8 * at);
        let low = match len {
            0 => 0,
            1 => byte(0),
            2 => byte(0) | byte(1),
            _ => byte(0) | byte(1) | byte(2),
        };
        [low, length]
    }
}

/// Where to look first.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
fn place([low, high]: [u64; 2], mask: usize) -> usize {
    let mixed = u128::from(low ^ 0x9e37_79b9_7f4a_7c15) * u128::from(high ^ 0xe703_7ed1_a0b4_28db);
    ((mixed >> 64) as usize ^ mixed as usize) & mask
}

#[cfg(test)]
mod tests {
    use super::{Table, key};

    #[test]
    fn pieces_are_given_as_they_came() {
        let text: Vec<u8> = (1..=40).collect();
        let mut table = Table::default();
        for len in 1..=40_usize {
            for _ in 0..=len % 3 {
                table.count(&text[..len]);
            }
        }
        let mut other = Table::default();
        other.count(&text[..16]);
        other.count(&text[..3]);
        table.join(other, &mut || Ok(())).unwrap();
        let mut seen = Vec::new();
        let mut before = 0;
        let collect = |piece: &[u8], count| {
            assert!(before <= count);
            before = count;
            seen.push((piece.to_vec(), count));
        };
        table.drain_by_count(&mut || Ok(()), collect).unwrap();
        seen.sort();
        let expected = (1..=40_usize).map(|len| {
            let more = u64::from(len == 3 || len == 16);
            (text[..len].to_vec(), 1 + len as u64 % 3 + more)
        });
        assert!(seen.into_iter().eq(expected));
    }

    #[test]
    fn keys_are_the_bytes_and_the_length() {
        for len in 1..=15 {
            let piece: Vec<u8> = (1..=len).map(|byte| 0x10 * byte).collect();
            let mut bytes = [0; 16];
            bytes[..piece.len()].copy_from_slice(&piece);
            bytes[15] = len;
            let whole = u128::from_le_bytes(bytes);
            let [low, high] = key(&piece);
            assert_eq!(u128::from(high) << 64 | u128::from(low), whole, "{len}");
        }
    }
}
