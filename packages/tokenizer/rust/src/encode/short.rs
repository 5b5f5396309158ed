//! Merges of a short piece: in arrays, where the lowest rank is looked for from left to right.

use super::ranks::{NONE, Pair, Ranks};
use crate::vocabulary::TokenId;

/// Pieces of up to so many bytes are merged here.
pub(super) const SHORT: usize = 40;

#[allow(clippy::cast_possible_truncation)] // Few.
const STARTS: [u8; SHORT + 1] = {
    let mut starts = [0; SHORT + 1];
    let mut at = 0;
    while at <= SHORT {
        starts[at] = at as u8;
        at += 1;
    }
    starts
};

/// Merges what `ids` has, one for each byte of the piece, as long as there is a rank below `limit`; gives how many are left.
///
/// `ids` has at most [`SHORT`], and more than one.
#[inline]
pub(super) fn merge<R: Ranks>(ranks: &R, piece: &[u8], limit: u32, ids: &mut [TokenId]) -> usize {
    let mut len = piece.len().min(ids.len()).min(SHORT);
    // Where each begins, and the rank of each with its right neighbour.
    let mut starts = STARTS;
    let mut found = [NONE; SHORT];
    let rank = |starts: &[u8; SHORT + 1], ids: &[TokenId], at: usize| {
        let pair = Pair {
            start: usize::from(starts[at]),
            end: usize::from(starts[at + 2]),
            left: ids[at],
            right: ids[at + 1],
        };
        ranks.rank(piece, pair)
    };
    for (at, found) in found[..len - 1].iter_mut().enumerate() {
        *found = rank(&starts, ids, at);
    }
    loop {
        let mut lowest = limit;
        let mut at = SHORT;
        for (place, rank) in found[..len - 1].iter().enumerate() {
            if *rank < lowest {
                lowest = *rank;
                at = place;
            }
        }
        if at == SHORT {
            return len;
        }
        ids[at] = ranks.id(lowest);
        len -= 1;
        for place in at + 1..len {
            ids[place] = ids[place + 1];
            found[place] = found[place + 1];
            starts[place] = starts[place + 1];
        }
        starts[len] = starts[len + 1];
        if len == 1 {
            return 1;
        }
        if at + 1 < len {
            found[at] = rank(&starts, ids, at);
        }
        if at > 0 {
            found[at - 1] = rank(&starts, ids, at - 1);
        }
    }
}
