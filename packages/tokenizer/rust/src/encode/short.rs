//! Merges of a short piece: the ranks lie in an array by the places of first bytes, and one word says which places are left.

// Ranks and places are packed in one word.
#![allow(clippy::cast_possible_truncation)]

use super::ranks::{NONE, Pair, Ranks};
use crate::vocabulary::TokenId;

/// Pieces of up to so many bytes are merged here: as many as a word has bits, less one.
pub(super) const SHORT: usize = 63;

/// The ranks lie above their places, which makes the leftmost of equal ones the lowest.
const NOTHING: u64 = u64::MAX;

/// Merges what `ids` has, one for each byte of the piece, as long as there is a rank below `limit`; gives how many are left.
///
/// The piece has at most [`SHORT`] bytes, and more than one.
#[inline]
pub(super) fn merge<R: Ranks>(ranks: &R, piece: &[u8], limit: u32, ids: &mut [TokenId]) -> usize {
    let len = piece.len().min(ids.len()).min(SHORT);
    let mut order = [NOTHING; SHORT + 1];
    for (at, bytes) in piece[..len].windows(2).enumerate() {
        order[at] = ordered(ranks.of_bytes(bytes[0], bytes[1]), at);
    }
    // One bit for each place at which a token begins, and one for the end.
    let mut begins = u64::MAX >> (63 - len);
    let limit = u64::from(limit) << 8;
    loop {
        let first = order[..len - 1]
            .iter()
            .fold(NOTHING, |all, one| all.min(*one));
        if first >= limit {
            break;
        }
        let at = (first & 63) as usize;
        let id = ranks.id((first >> 8) as u32);
        let right = after(begins, at);
        let end = after(begins, right);
        ids[at] = id;
        begins ^= 1 << right;
        order[right] = NOTHING;
        order[at] = NOTHING;
        if end < len {
            let pair = Pair {
                start: at,
                end: after(begins, end),
                left: id,
                right: ids[end],
            };
            order[at] = ordered(ranks.rank(piece, pair), at);
        }
        if at > 0 {
            let before = 63 - (begins & ((1 << at) - 1)).leading_zeros() as usize;
            let pair = Pair {
                start: before,
                end,
                left: ids[before],
                right: id,
            };
            order[before] = ordered(ranks.rank(piece, pair), before);
        }
    }
    let mut kept = 0;
    begins ^= 1 << len;
    while begins != 0 {
        ids[kept] = ids[begins.trailing_zeros() as usize];
        kept += 1;
        begins &= begins - 1;
    }
    kept
}

#[inline]
fn ordered(rank: u32, at: usize) -> u64 {
    if rank == NONE {
        NOTHING
    } else {
        u64::from(rank) << 8 | at as u64
    }
}

/// The next one in a set.
#[inline]
fn after(set: u64, at: usize) -> usize {
    (set & (u64::MAX << at << 1)).trailing_zeros() as usize
}
