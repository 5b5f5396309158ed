//! Hash tables from bytes to tokens and from pairs to merges: open addressing, no allocation for each entry, few lines of
//! memory touched in a search.

// Only some bits of hashes and products are wanted.
#![allow(clippy::cast_possible_truncation)]

use crate::merges::Merge;
use crate::vocabulary::TokenId;

/// Bytes as a table sees them. Those of up to 15 bytes are whole in it, others by their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Key {
    pub(crate) low: u64,
    /// The last bytes, and the length in the highest byte: 255 for more than [`Key::WHOLE`].
    pub(crate) high: u64,
}

impl Key {
    /// So many bytes a key holds.
    pub(crate) const WHOLE: usize = 15;

    #[inline]
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let len = bytes.len();
        if len > Self::WHOLE {
            return Self::long(bytes);
        }
        let (low, high) = if len >= 8 {
            let low = word(bytes, 0);
            // The last eight, of which those that `low` has are shifted out.
            let shift = 8 * (16 - len);
            let high = if len == 8 {
                0
            } else {
                word(bytes, len - 8) >> shift
            };
            (low, high)
        } else if len >= 4 {
            let first = u64::from(half(bytes, 0));
            let last = u64::from(half(bytes, len - 4));
            (first | last << (8 * (len - 4)), 0)
        } else if len > 0 {
            let first = u64::from(bytes[0]);
            let middle = u64::from(bytes[len / 2]) << (8 * (len / 2));
            let last = u64::from(bytes[len - 1]) << (8 * (len - 1));
            (first | middle | last, 0)
        } else {
            (0, 0)
        };
        Self {
            low,
            high: high | (len as u64) << 56,
        }
    }

    /// Of the `len` bytes at `at`, at most [`Key::WHOLE`]; quick where 16 bytes follow.
    #[inline]
    pub(crate) fn within(text: &[u8], at: usize, len: usize) -> Self {
        let Some(sixteen) = text.get(at..at + 16) else {
            return Self::new(&text[at..at + len]);
        };
        let (low, high) = (word(sixteen, 0), word(sixteen, 8));
        let bits = 8 * len as u32;
        let (low, high) = if len <= 8 {
            (low & (u64::MAX >> (64 - bits)), 0)
        } else {
            (low, high & (u64::MAX >> (128 - bits)))
        };
        Self {
            low,
            high: high | u64::from(bits) << 53,
        }
    }

    #[inline(never)]
    fn long(bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut hash = bytes.len() as u64;
        for word in words {
            hash = mix(hash ^ u64::from_le_bytes(*word), ODD[0]);
        }
        if !rest.is_empty() {
            hash = mix(hash ^ word(bytes, bytes.len() - 8), ODD[1]);
        }
        Self {
            low: hash,
            high: 0xff << 56 | bytes.len() as u64,
        }
    }

    #[inline]
    pub(crate) fn is_whole(self) -> bool {
        self.high >> 56 != 0xff
    }

    #[inline]
    pub(crate) fn hash(self) -> u64 {
        mix(self.low ^ ODD[0], self.high ^ ODD[1])
    }
}

/// Numbers without a pattern: digits of π.
const ODD: [u64; 2] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345];

/// Both halves of a product: each bit depends on all of both.
#[inline]
fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default())
}

#[inline]
fn half(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default())
}

/// A place of a table of `len`, evenly.
#[inline]
fn reduce(hash: u64, len: usize) -> usize {
    ((u128::from(hash) * len as u128) >> 64) as usize
}

/// Hashes that are there for sure or perhaps, and those that are not: small enough to stay near the processor.
#[derive(Default)]
pub(crate) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    fn new(hashes: impl Iterator<Item = u64>, len: usize) -> Self {
        let mut words = vec![0; (len / 8 + 1).next_power_of_two()];
        let mask = words.len() * 64 - 1;
        for hash in hashes {
            let bit = hash as usize & mask;
            words[bit / 64] |= 1 << (bit % 64);
        }
        Self { words }
    }

    /// False where it is not there.
    #[inline]
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        let word = (hash as usize / 64) & (self.words.len() - 1);
        let word = self.words.get(word).copied().unwrap_or_default();
        (word >> (hash % 64)) & 1 != 0
    }
}

/// Ids by bytes. The bytes that a key does not hold whole are looked up by whoever asks.
#[derive(Clone, Default)]
pub(crate) struct TokenTable {
    /// At least half of them empty: those whose key is of no bytes.
    slots: Vec<(Key, TokenId)>,
    len: usize,
}

impl TokenTable {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        let needed = (self.len + more) * 2 + 2;
        if needed <= self.slots.len() {
            return;
        }
        let grown = vec![(Key::default(), 0); needed.max(self.slots.len() * 2)];
        let old = std::mem::replace(&mut self.slots, grown);
        for (key, id) in old {
            if key.high != 0 {
                let mut at = self.place(key);
                while self.slots[at].0.high != 0 {
                    at = self.after(at);
                }
                self.slots[at] = (key, id);
            }
        }
    }

    pub(crate) fn filter(&self) -> Filter {
        let full = self.slots.iter().filter(|(key, _)| key.high != 0);
        Filter::new(full.map(|(key, _)| key.hash()), self.len)
    }

    /// Where the search for a key of that hash begins; the table has slots.
    #[inline]
    pub(crate) fn place_of(&self, hash: u64) -> usize {
        reduce(hash, self.slots.len())
    }

    #[inline]
    fn place(&self, key: Key) -> usize {
        self.place_of(key.hash())
    }

    /// What lies there, so that it is in the processor's cache when it is asked for.
    #[inline]
    pub(crate) fn touch(&self, place: usize) -> u64 {
        self.slots[place].0.low
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() {
            0
        } else {
            at + 1
        }
    }

    /// The id of a key whose search begins at `at`; `same` says whether a token that is longer than keys are is the one.
    #[inline]
    pub(crate) fn get_from(
        &self,
        mut at: usize,
        key: Key,
        same: impl Fn(TokenId) -> bool,
    ) -> Option<TokenId> {
        loop {
            let (found, id) = *self.slots.get(at)?;
            if found == key && (key.is_whole() || same(id)) {
                return Some(id);
            }
            if found.high == 0 {
                return None;
            }
            at = self.after(at);
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: Key, same: impl Fn(TokenId) -> bool) -> Option<TokenId> {
        if self.slots.is_empty() {
            return None;
        }
        self.get_from(self.place(key), key, same)
    }

    /// Adds one, unless there is one already, whose id it gives.
    pub(crate) fn insert(
        &mut self,
        key: Key,
        id: TokenId,
        same: impl Fn(TokenId) -> bool,
    ) -> Option<TokenId> {
        if (self.len + 1) * 2 > self.slots.len() {
            self.reserve(self.len.max(256));
        }
        let mut at = self.place(key);
        loop {
            let (found, other) = self.slots[at];
            if found.high == 0 {
                self.slots[at] = (key, id);
                self.len += 1;
                return None;
            }
            if found == key && (key.is_whole() || same(other)) {
                return Some(other);
            }
            at = self.after(at);
        }
    }
}

/// A pair in one number.
#[inline]
pub(crate) fn pair(left: TokenId, right: TokenId) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

/// Merges by pair.
#[derive(Clone, Default)]
pub(crate) struct PairTable {
    /// At least half of them empty: those whose rank is the highest number.
    slots: Vec<(u64, Merge)>,
    len: usize,
}

impl PairTable {
    const EMPTY: (u64, Merge) = (
        0,
        Merge {
            rank: u32::MAX,
            id: 0,
        },
    );

    pub(crate) fn filter(&self) -> Filter {
        let full = self.slots.iter().filter(|slot| slot.1.rank != u32::MAX);
        Filter::new(full.map(|slot| Self::hash(slot.0)), self.len)
    }

    /// The hash of a pair, in one number.
    #[inline]
    pub(crate) fn hash(pair: u64) -> u64 {
        mix(pair ^ ODD[0], ODD[1])
    }

    #[inline]
    fn place(&self, pair: u64) -> usize {
        reduce(Self::hash(pair), self.slots.len())
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() {
            0
        } else {
            at + 1
        }
    }

    #[inline]
    pub(crate) fn get(&self, left: TokenId, right: TokenId) -> Option<Merge> {
        self.get_pair(pair(left, right))
    }

    #[inline]
    pub(crate) fn get_pair(&self, pair: u64) -> Option<Merge> {
        if self.slots.is_empty() {
            return None;
        }
        let mut at = self.place(pair);
        loop {
            let (found, merge) = *self.slots.get(at)?;
            if merge.rank == u32::MAX {
                return None;
            }
            if found == pair {
                return Some(merge);
            }
            at = self.after(at);
        }
    }

    /// Adds one, whose rank is not the highest number; says whether there was none of that pair.
    pub(crate) fn insert(&mut self, left: TokenId, right: TokenId, merge: Merge) -> bool {
        if (self.len + 1) * 2 > self.slots.len() {
            let grown = vec![Self::EMPTY; (self.len + 256) * 4];
            let old = std::mem::replace(&mut self.slots, grown);
            for (pair, merge) in old {
                if merge.rank != u32::MAX {
                    let mut at = self.place(pair);
                    while self.slots[at].1.rank != u32::MAX {
                        at = self.after(at);
                    }
                    self.slots[at] = (pair, merge);
                }
            }
        }
        let pair = pair(left, right);
        let mut at = self.place(pair);
        loop {
            let (found, other) = self.slots[at];
            if other.rank == u32::MAX {
                self.slots[at] = (pair, merge);
                self.len += 1;
                return true;
            }
            if found == pair {
                return false;
            }
            at = self.after(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_key_is_the_same_wherever_its_bytes_stand() {
        let text: Vec<u8> = (0_u8..64).map(|at| at.wrapping_mul(37) ^ 0xa5).collect();
        for at in 0..text.len() {
            for len in 1..=Key::WHOLE.min(text.len() - at) {
                let bytes = &text[at..at + len];
                let mut whole = [0; 16];
                whole[..len].copy_from_slice(bytes);
                whole[15] = len as u8;
                let whole = u128::from_le_bytes(whole);
                let key = Key {
                    low: whole as u64,
                    high: (whole >> 64) as u64,
                };
                assert_eq!(Key::new(bytes), key);
                assert_eq!(Key::within(&text, at, len), key);
            }
        }
    }

    #[test]
    fn long_keys_differ_in_each_byte() {
        let text = [7; 40];
        for len in 16..=text.len() {
            let key = Key::new(&text[..len]);
            assert!(!key.is_whole());
            for at in 0..len {
                let mut other = text;
                other[at] ^= 1;
                assert_ne!(Key::new(&other[..len]), key);
            }
        }
    }
}
