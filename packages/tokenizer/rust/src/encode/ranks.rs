//! Where the ranks of pairs are looked up: in the list of merges, or among the tokens themselves.

use crate::merges::Merges;
use crate::table::{Key, PairTable};
use crate::vocabulary::{TokenId, Vocabulary};

/// The rank of a pair that is not merged.
pub(super) const NONE: u32 = u32::MAX;

/// Two neighbours in a piece: their bytes together, and their ids.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) left: TokenId,
    pub(super) right: TokenId,
}

/// The ranks of pairs.
pub(super) trait Ranks {
    /// That of a pair in a piece, or [`NONE`].
    fn rank(&self, piece: &[u8], pair: Pair) -> u32;

    /// What a pair of that rank becomes.
    fn id(&self, rank: u32) -> TokenId;
}

/// Merges that are listed.
pub(super) struct Listed<'m> {
    ids: &'m [TokenId],
    table: &'m PairTable,
}

impl Ranks for Listed<'_> {
    #[inline]
    fn rank(&self, _: &[u8], pair: Pair) -> u32 {
        let merge = self.table.get(pair.left, pair.right);
        merge.map_or(NONE, |merge| merge.rank)
    }

    #[inline]
    fn id(&self, rank: u32) -> TokenId {
        self.ids[rank as usize]
    }
}

/// Merges by rank: whatever is a token.
pub(crate) struct ByRank<'v> {
    vocabulary: &'v Vocabulary,
}

impl Ranks for ByRank<'_> {
    #[inline]
    fn rank(&self, piece: &[u8], pair: Pair) -> u32 {
        let len = pair.end - pair.start;
        let id = if len <= Key::WHOLE {
            let key = Key::within(piece, pair.start, len);
            self.vocabulary.table().get(key, |_| false)
        } else {
            self.vocabulary.id(&piece[pair.start..pair.end])
        };
        id.unwrap_or(NONE)
    }

    #[inline]
    fn id(&self, rank: u32) -> TokenId {
        rank
    }
}

impl<'v> ByRank<'v> {
    pub(crate) fn new(vocabulary: &'v Vocabulary) -> Self {
        Self { vocabulary }
    }

    /// Of each token the pair that makes it where it stands alone, by ascending id.
    pub(crate) fn last_pairs(&self) -> Vec<(TokenId, TokenId)> {
        let bytes = byte_ids(self.vocabulary);
        let mut work = super::long::Long::default();
        let mut ids = Vec::new();
        let mut pair_of = |(id, token): (TokenId, &[u8])| {
            if token.len() < 2 {
                return None;
            }
            ids.clear();
            ids.extend(token.iter().map(|byte| bytes[usize::from(*byte)]));
            // All that goes before the last merge has a lower rank.
            super::merge(self, token, id, &mut ids, &mut work, &|| false).ok()?;
            match ids[..] {
                [left, right] => Some((left, right)),
                _ => None,
            }
        };
        self.vocabulary.iter().filter_map(&mut pair_of).collect()
    }
}

/// Either of the two.
pub(super) enum AnyRanks<'a> {
    Listed(Listed<'a>),
    ByRank(ByRank<'a>),
}

impl<'a> AnyRanks<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary, merges: &'a Merges) -> Self {
        match merges.listed() {
            Some((ids, table)) => Self::Listed(Listed { ids, table }),
            None => Self::ByRank(ByRank { vocabulary }),
        }
    }
}

/// The id of each byte.
pub(super) fn byte_ids(vocabulary: &Vocabulary) -> [TokenId; 256] {
    let mut ids = [0; 256];
    for byte in 0..=u8::MAX {
        ids[usize::from(byte)] = vocabulary.id(&[byte]).unwrap_or_default();
    }
    ids
}
