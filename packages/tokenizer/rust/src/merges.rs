//! Which pairs of tokens become one, and which goes first.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::encode::last_pairs;
use crate::error::{Error, ErrorKind, Result};
use crate::table::PairTable;
use crate::vocabulary::{TokenId, Vocabulary};

/// What a pair becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// Of the pairs in a piece the one with the lowest rank is merged first.
    pub rank: u32,
    /// The token that it becomes.
    pub id: TokenId,
}

/// The merges of a vocabulary, in their order.
///
/// Either they are listed, as training and Hugging Face do, or by rank, as tiktoken does: then every two tokens whose bytes
/// together are a token become it, and its id is its rank.
#[derive(Clone)]
pub struct Merges {
    kind: Kind,
    whole_pieces: bool,
}

#[derive(Clone)]
enum Kind {
    Listed {
        /// By rank.
        pairs: Vec<(TokenId, TokenId)>,
        /// What each becomes.
        ids: Vec<TokenId>,
        of: PairTable,
    },
    ByRank {
        vocabulary: Vocabulary,
        /// Made when they are asked for.
        pairs: Arc<OnceLock<Vec<(TokenId, TokenId)>>>,
    },
}

impl Merges {
    /// The merges that tiktoken makes with a vocabulary: two tokens are merged where their bytes together are a token, those
    /// of the lowest id first. A piece that is a token as a whole becomes it.
    pub fn from_ranks(vocabulary: &Vocabulary) -> Self {
        Self {
            kind: Kind::ByRank {
                vocabulary: vocabulary.clone(),
                pairs: Arc::default(),
            },
            whole_pieces: true,
        }
    }

    /// Pairs in the order of their ranks; what each becomes is the token of their bytes together.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`]: a pair that comes twice, of a token that there is not, or whose bytes together are no token.
    pub fn from_pairs(
        vocabulary: &Vocabulary,
        pairs: impl IntoIterator<Item = (TokenId, TokenId)>,
    ) -> Result<Self> {
        let mut merges = Self::none();
        let mut bytes = Vec::new();
        for (left, right) in pairs {
            let rank = merges.len();
            bytes.clear();
            for part in [left, right] {
                let part = vocabulary.bytes(part).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Format,
                        format!("merge {rank} is of the token {part}, which there is not"),
                    )
                })?;
                bytes.extend_from_slice(part);
            }
            let id = vocabulary.id(&bytes).ok_or_else(|| {
                let text = bytes.escape_ascii();
                Error::new(
                    ErrorKind::Format,
                    format!("merge {rank} makes b\"{text}\", which is no token"),
                )
            })?;
            if !merges.append((left, right), id) {
                return Err(Error::new(
                    ErrorKind::Format,
                    format!("merge {rank}, ({left}, {right}), comes twice"),
                ));
            }
        }
        Ok(merges)
    }

    /// No merge.
    pub(crate) fn none() -> Self {
        Self {
            kind: Kind::Listed {
                pairs: Vec::new(),
                ids: Vec::new(),
                of: PairTable::default(),
            },
            whole_pieces: false,
        }
    }

    /// Adds the next merge, unless there is one of that pair. They are listed.
    pub(crate) fn append(&mut self, pair: (TokenId, TokenId), id: TokenId) -> bool {
        let Kind::Listed { pairs, ids, of } = &mut self.kind else {
            return false;
        };
        let Ok(rank) = u32::try_from(pairs.len()) else {
            return false;
        };
        let added = rank < u32::MAX && of.insert(pair.0, pair.1, Merge { rank, id });
        if added {
            pairs.push(pair);
            ids.push(id);
        }
        added
    }

    /// Whether a piece that is a token as a whole becomes it even if its merges would make something else, as Hugging Face
    /// has it under `ignore_merges`. Merges by rank do so unless told otherwise, as tiktoken does; those that are listed
    /// do not.
    #[must_use]
    pub fn with_whole_pieces(mut self, whole_pieces: bool) -> Self {
        self.whole_pieces = whole_pieces;
        self
    }

    /// Whether a piece that is a token as a whole becomes it in any case.
    pub fn whole_pieces(&self) -> bool {
        self.whole_pieces
    }

    /// Whether any two tokens are merged whose bytes together are a token, by its id.
    pub fn by_rank(&self) -> bool {
        matches!(self.kind, Kind::ByRank { .. })
    }

    /// What a pair becomes, if it is merged.
    #[inline]
    pub fn get(&self, left: TokenId, right: TokenId) -> Option<Merge> {
        match &self.kind {
            Kind::Listed { of, .. } => of.get(left, right),
            Kind::ByRank { vocabulary, .. } => {
                let whole = [vocabulary.bytes(left)?, vocabulary.bytes(right)?].concat();
                let id = vocabulary.id(&whole)?;
                Some(Merge { rank: id, id })
            }
        }
    }

    /// The pairs in the order of their ranks.
    ///
    /// Merges by rank have many pairs of one rank: here each token has the one that makes it where it stands alone, which is
    /// what formats that list merges want. A token that no merges make has none.
    pub fn pairs(&self) -> &[(TokenId, TokenId)] {
        match &self.kind {
            Kind::Listed { pairs, .. } => pairs,
            Kind::ByRank { vocabulary, pairs } => {
                pairs.get_or_init(|| last_pairs(vocabulary, self))
            }
        }
    }

    /// Each of [`pairs`](Self::pairs) and what it becomes.
    pub fn iter(&self) -> impl Iterator<Item = ((TokenId, TokenId), Merge)> {
        let pairs = self.pairs().iter();
        pairs.filter_map(|pair| Some((*pair, self.get(pair.0, pair.1)?)))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pairs().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs().is_empty()
    }

    /// What those that are listed become, by rank, and their table.
    pub(crate) fn listed(&self) -> Option<(&[TokenId], &PairTable)> {
        match &self.kind {
            Kind::Listed { ids, of, .. } => Some((ids, of)),
            Kind::ByRank { .. } => None,
        }
    }

    /// Whether they are by the ranks of that vocabulary.
    pub(crate) fn are_ranks_of(&self, other: &Vocabulary) -> bool {
        matches!(&self.kind, Kind::ByRank { vocabulary, .. } if vocabulary == other)
    }
}

impl PartialEq for Merges {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.kind, &other.kind) {
            (Kind::Listed { .. }, Kind::Listed { .. }) => {
                self.len() == other.len() && self.iter().eq(other.iter())
            }
            (Kind::ByRank { vocabulary, .. }, Kind::ByRank { .. }) => {
                other.are_ranks_of(vocabulary)
            }
            _ => false,
        };
        same && self.whole_pieces == other.whole_pieces
    }
}

impl Eq for Merges {}

impl fmt::Debug for Merges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Merges");
        if let Kind::Listed { pairs, .. } = &self.kind {
            out.field("len", &pairs.len());
        }
        out.field("by_rank", &self.by_rank())
            .field("whole_pieces", &self.whole_pieces)
            .finish()
    }
}
