//! What pieces became that are not one token: fixed memory, the newer takes the place of the older.

// Only some bits of a hash are wanted, and ids are packed in halves.
#![allow(clippy::cast_possible_truncation)]

use crate::table::Key;
use crate::vocabulary::TokenId;

/// A line of memory for pieces that their keys hold whole. How many ids one has stands in the upper half of its length:
/// either there are two pieces, of up to four ids each, or one of more.
type Small = [u64; 8];
const SMALL_SETS: usize = 1 << 17;
const HALF: usize = 4;
const FEW: usize = 4;
const SMALL_IDS: usize = 12;

/// Any other: the key, how many ids and the ids, and in the second half the bytes.
type Large = [u64; 16];
const LARGE_SLOTS: usize = 1 << 14;
const LARGE_IDS: usize = 11;
const LARGE_BYTES: usize = 64;

/// Pieces and their ids, in 10 MiB at most; memory is touched where something is kept.
#[derive(Debug, Default)]
pub(super) struct Cache {
    small: Vec<Small>,
    large: Vec<Large>,
}

impl Cache {
    /// The longest piece that is kept.
    pub(super) const LONGEST: usize = LARGE_BYTES;

    /// What lies where the ids of a key would be, so that it is near when they are asked for.
    #[inline]
    pub(super) fn touch(&self, key: Key, hash: u64) -> u64 {
        if key.is_whole() {
            let set = self.small.get(hash as usize % SMALL_SETS);
            set.map_or(0, |set| set[0])
        } else {
            let slot = self.large.get(hash as usize % LARGE_SLOTS);
            slot.map_or(0, |slot| slot[0] ^ slot[8])
        }
    }

    /// The ids of a piece, given to `take`; says whether there are any.
    #[inline]
    pub(super) fn get(
        &self,
        key: Key,
        hash: u64,
        piece: &[u8],
        mut take: impl FnMut(TokenId),
    ) -> bool {
        if !key.is_whole() {
            return self.get_large(key, hash, piece, take);
        }
        let Some(set) = self.small.get(hash as usize % SMALL_SETS) else {
            return false;
        };
        let same = |at: usize| set[at] == key.low && (set[at + 1] ^ key.high) << 4 == 0;
        let len = count(set[1]);
        if same(0) {
            take(set[2] as TokenId);
            take((set[2] >> 32) as TokenId);
            for at in 2..len {
                take((set[2 + at / 2] >> (32 * (at % 2))) as TokenId);
            }
            return true;
        }
        if len > FEW || !same(HALF) {
            return false;
        }
        let len = count(set[HALF + 1]);
        take(set[HALF + 2] as TokenId);
        take((set[HALF + 2] >> 32) as TokenId);
        for at in 2..len {
            take((set[HALF + 3] >> (32 * (at % 2))) as TokenId);
        }
        true
    }

    fn get_large(&self, key: Key, hash: u64, piece: &[u8], mut take: impl FnMut(TokenId)) -> bool {
        let Some(slot) = self.large.get(hash as usize % LARGE_SLOTS) else {
            return false;
        };
        let found =
            slot[0] == key.low && slot[1] == key.high && pack_bytes(piece).as_slice() == &slot[8..];
        if found {
            for at in 1..=slot[2] as u32 as usize {
                take((slot[2 + at / 2] >> (32 * (at % 2))) as TokenId);
            }
        }
        found
    }

    /// Keeps a piece of at most [`Cache::LONGEST`] bytes and of more than one id, unless it has too many.
    pub(super) fn put(&mut self, key: Key, hash: u64, piece: &[u8], ids: &[TokenId]) {
        let len = ids.len();
        if key.is_whole() {
            if !(2..=SMALL_IDS).contains(&len) {
                return;
            }
            if self.small.is_empty() {
                self.small = vec![[0; 8]; SMALL_SETS];
            }
            let set = &mut self.small[hash as usize % SMALL_SETS];
            if count(set[1]) <= FEW {
                set.copy_within(..HALF, HALF);
            } else {
                set[HALF..].fill(0);
            }
            set[0] = key.low;
            set[1] = key.high | (len as u64) << 60;
            set[2..HALF].fill(0);
            for (at, id) in ids.iter().enumerate() {
                let word = &mut set[2 + at / 2];
                if at % 2 == 0 {
                    *word = u64::from(*id);
                } else {
                    *word |= u64::from(*id) << 32;
                }
            }
        } else if len <= LARGE_IDS && piece.len() <= LARGE_BYTES {
            if self.large.is_empty() {
                self.large = vec![[0; 16]; LARGE_SLOTS];
            }
            let slot = &mut self.large[hash as usize % LARGE_SLOTS];
            *slot = [0; 16];
            (slot[0], slot[1]) = (key.low, key.high);
            slot[2] = len as u64;
            for (at, id) in (1..).zip(ids) {
                slot[2 + at / 2] |= u64::from(*id) << (32 * (at % 2));
            }
            slot[8..].copy_from_slice(&pack_bytes(piece));
        }
    }
}

#[inline]
fn count(high: u64) -> usize {
    (high >> 60) as usize
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
