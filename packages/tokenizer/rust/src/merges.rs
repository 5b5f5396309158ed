//! Which pairs of tokens become one, and which goes first.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::error::{Error, ErrorKind, Result};
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
#[derive(Clone, PartialEq, Eq)]
pub struct Merges {
    /// By rank.
    pairs: Vec<(TokenId, TokenId)>,
    of: FxHashMap<(TokenId, TokenId), Merge>,
}

impl Merges {
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
            let rank = merges.pairs.len();
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
            pairs: Vec::new(),
            of: FxHashMap::default(),
        }
    }

    /// Adds the next merge, unless there is one of that pair.
    pub(crate) fn append(&mut self, pair: (TokenId, TokenId), id: TokenId) -> bool {
        let Ok(rank) = u32::try_from(self.pairs.len()) else {
            return false;
        };
        if self.of.contains_key(&pair) {
            return false;
        }
        self.of.insert(pair, Merge { rank, id });
        self.pairs.push(pair);
        true
    }

    /// What a pair becomes, if it is merged.
    #[inline]
    pub fn get(&self, left: TokenId, right: TokenId) -> Option<Merge> {
        self.of.get(&(left, right)).copied()
    }

    /// The pairs in the order of their ranks.
    pub fn pairs(&self) -> &[(TokenId, TokenId)] {
        &self.pairs
    }

    /// Each pair and what it becomes, in no order.
    pub fn iter(&self) -> impl Iterator<Item = ((TokenId, TokenId), Merge)> {
        self.of.iter().map(|(pair, merge)| (*pair, *merge))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl fmt::Debug for Merges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merges")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
