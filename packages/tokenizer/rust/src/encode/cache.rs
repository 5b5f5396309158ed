//! What pieces became that are not one token: fixed memory, the newer takes the place of the older.

// Only some bits of a hash are wanted, and ids are packed in halves.
#![allow(clippy::cast_possible_truncation)]

use crate::table::Key;
use crate::vocabulary::TokenId;

/// Pieces that a key holds whole: two words of key, then how many ids and the ids, two in a word.
const SMALL: usize = 8;
const SMALL_SLOTS: usize = 1 << 15;
const SMALL_IDS: usize = (SMALL - 2) * 2 - 1;

/// Longer ones: the key, the ids, and in the second half the bytes.
const LARGE: usize = 16;
const LARGE_SLOTS: usize = 1 << 14;
const LARGE_IDS: usize = 11;
const LARGE_BYTES: usize = 64;

/// Pieces and their ids, in 4 MiB at most.
#[derive(Debug, Default)]
pub(super) struct Cache {
    small: Vec<[u64; SMALL]>,
    large: Vec<[u64; LARGE]>,
}

impl Cache {
    /// The longest piece that is kept.
    pub(super) const LONGEST: usize = LARGE_BYTES;

    /// The ids of a piece, given to `take`; says whether there are any.
    #[inline]
    pub(super) fn get(&self, key: Key, piece: &[u8], take: impl FnMut(TokenId)) -> bool {
        if key.is_whole() {
            let Some(slot) = self.small.get(key.hash() as usize % SMALL_SLOTS) else {
                return false;
            };
            let found = slot[0] == key.low && slot[1] == key.high;
            if found {
                unpack(&slot[2..], take);
            }
            found
        } else {
            let Some(slot) = self.large.get(key.hash() as usize % LARGE_SLOTS) else {
                return false;
            };
            let found = slot[0] == key.low
                && slot[1] == key.high
                && pack_bytes(piece).as_slice() == &slot[8..];
            if found {
                unpack(&slot[2..8], take);
            }
            found
        }
    }

    /// Keeps a piece of at most [`Cache::LONGEST`] bytes, unless it has too many ids.
    pub(super) fn put(&mut self, key: Key, piece: &[u8], ids: &[TokenId]) {
        if key.is_whole() {
            if ids.len() <= SMALL_IDS {
                if self.small.is_empty() {
                    self.small = vec![[0; SMALL]; SMALL_SLOTS];
                }
                let slot = &mut self.small[key.hash() as usize % SMALL_SLOTS];
                (slot[0], slot[1]) = (key.low, key.high);
                pack(ids, &mut slot[2..]);
            }
        } else if ids.len() <= LARGE_IDS && piece.len() <= LARGE_BYTES {
            if self.large.is_empty() {
                self.large = vec![[0; LARGE]; LARGE_SLOTS];
            }
            let slot = &mut self.large[key.hash() as usize % LARGE_SLOTS];
            (slot[0], slot[1]) = (key.low, key.high);
            pack(ids, &mut slot[2..8]);
            slot[8..].copy_from_slice(&pack_bytes(piece));
        }
    }
}

fn pack(ids: &[TokenId], words: &mut [u64]) {
    words[0] = ids.len() as u64;
    let places = ids.iter().enumerate().map(|(at, id)| (at + 1, *id));
    for (at, id) in places {
        let shifted = u64::from(id) << (32 * (at % 2));
        if at % 2 == 0 {
            words[at / 2] = shifted;
        } else {
            words[at / 2] |= shifted;
        }
    }
}

#[inline]
fn unpack(words: &[u64], mut take: impl FnMut(TokenId)) {
    let len = words[0] as u32 as usize;
    for at in 1..=len {
        take((words[at / 2] >> (32 * (at % 2))) as TokenId);
    }
}

/// The bytes, and zeros behind them.
#[inline]
fn pack_bytes(piece: &[u8]) -> [u64; LARGE_BYTES / 8] {
    let mut bytes = [0; LARGE_BYTES];
    let len = piece.len().min(LARGE_BYTES);
    bytes[..len].copy_from_slice(&piece[..len]);
    let mut words = [0; LARGE_BYTES / 8];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_ne_bytes(*bytes);
    }
    words
}
