//! Where the ranks of pairs are looked up: in the list of merges, or among the tokens themselves.

use crate::merges::Merges;
use crate::table::{Filter, Key, PairTable, pair};
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
    /// That of two bytes, or [`NONE`].
    fn of_bytes(&self, left: u8, right: u8) -> u32;

    /// That of a pair in a piece, or [`NONE`].
    fn rank(&self, piece: &[u8], pair: Pair) -> u32;

    /// What a pair of that rank becomes.
    fn id(&self, rank: u32) -> TokenId;
}

/// What is computed of the vocabulary and the merges to look up faster.
pub(super) struct Tables {
    /// The id of each byte.
    pub(super) bytes: [TokenId; 256],
    /// The rank of each two bytes.
    pairs: Vec<u32>,
    /// Of the hashes that the tables of tokens or of pairs have.
    filter: Filter,
}

impl Tables {
    pub(super) fn new(vocabulary: &Vocabulary, merges: &Merges) -> Self {
        let mut tables = Self {
            bytes: [0; 256],
            pairs: vec![NONE; 1 << 16],
            filter: Filter::default(),
        };
        for byte in 0..=u8::MAX {
            tables.bytes[usize::from(byte)] = vocabulary.id(&[byte]).unwrap_or_default();
        }
        if let Some((_, table)) = merges.listed() {
            tables.filter = table.filter();
            for left in 0..=u8::MAX {
                for right in 0..=u8::MAX {
                    let ids = [left, right].map(|byte| tables.bytes[usize::from(byte)]);
                    if tables
                        .filter
                        .may_have(PairTable::hash(pair(ids[0], ids[1])))
                        && let Some(merge) = table.get(ids[0], ids[1])
                    {
                        tables.pairs[place(left, right)] = merge.rank;
                    }
                }
            }
        } else {
            tables.filter = vocabulary.table().filter();
            for (id, token) in vocabulary.iter() {
                if let [left, right] = *token {
                    tables.pairs[place(left, right)] = id;
                }
            }
        }
        tables
    }

    #[inline]
    fn of_bytes(&self, left: u8, right: u8) -> u32 {
        self.pairs[place(left, right)]
    }
}

#[inline]
fn place(left: u8, right: u8) -> usize {
    usize::from(left) << 8 | usize::from(right)
}

/// Merges that are listed.
pub(super) struct Listed<'a> {
    ids: &'a [TokenId],
    table: &'a PairTable,
    tables: &'a Tables,
}

impl Ranks for Listed<'_> {
    #[inline]
    fn of_bytes(&self, left: u8, right: u8) -> u32 {
        self.tables.of_bytes(left, right)
    }

    #[inline]
    fn rank(&self, _: &[u8], both: Pair) -> u32 {
        let both = pair(both.left, both.right);
        if !self.tables.filter.may_have(PairTable::hash(both)) {
            return NONE;
        }
        let merge = self.table.get_pair(both);
        merge.map_or(NONE, |merge| merge.rank)
    }

    #[inline]
    fn id(&self, rank: u32) -> TokenId {
        self.ids[rank as usize]
    }
}

/// Merges by rank: whatever is a token.
pub(super) struct ByRank<'a> {
    vocabulary: &'a Vocabulary,
    tables: &'a Tables,
}

impl Ranks for ByRank<'_> {
    #[inline]
    fn of_bytes(&self, left: u8, right: u8) -> u32 {
        self.tables.of_bytes(left, right)
    }

    #[inline]
    fn rank(&self, piece: &[u8], pair: Pair) -> u32 {
        let len = pair.end - pair.start;
        let key = if len <= Key::WHOLE {
            Key::within(piece, pair.start, len)
        } else {
            Key::new(&piece[pair.start..pair.end])
        };
        let hash = key.hash();
        if !self.tables.filter.may_have(hash) {
            return NONE;
        }
        let table = self.vocabulary.table();
        let same = |id| self.vocabulary.bytes(id) == Some(&piece[pair.start..pair.end]);
        let id = table.get_from(table.place_of(hash), key, same);
        id.unwrap_or(NONE)
    }

    #[inline]
    fn id(&self, rank: u32) -> TokenId {
        rank
    }
}

/// Of each token the pair that makes it where it stands alone, by ascending id: of merges by rank.
pub(crate) fn last_pairs(vocabulary: &Vocabulary, merges: &Merges) -> Vec<(TokenId, TokenId)> {
    let tables = Tables::new(vocabulary, merges);
    let ranks = ByRank {
        vocabulary,
        tables: &tables,
    };
    let mut work = super::long::Long::default();
    let mut ids = Vec::new();
    let mut pair_of = |(id, token): (TokenId, &[u8])| {
        if token.len() < 2 {
            return None;
        }
        ids.clear();
        ids.extend(token.iter().map(|byte| tables.bytes[usize::from(*byte)]));
        // All that goes before the last merge has a lower rank.
        super::merge(&ranks, token, id, &mut ids, &mut work, &|| false).ok()?;
        match ids[..] {
            [left, right] => Some((left, right)),
            _ => None,
        }
    };
    vocabulary.iter().filter_map(&mut pair_of).collect()
}

/// Either of the two.
pub(super) enum AnyRanks<'a> {
    Listed(Listed<'a>),
    ByRank(ByRank<'a>),
}

impl<'a> AnyRanks<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary, merges: &'a Merges, tables: &'a Tables) -> Self {
        match merges.listed() {
            Some((ids, table)) => Self::Listed(Listed { ids, table, tables }),
            None => Self::ByRank(ByRank { vocabulary, tables }),
        }
    }
}
