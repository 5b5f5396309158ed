//! The tokens: their bytes by id, and their ids by bytes.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::error::{Error, ErrorKind, Result};

/// The number of a token.
pub type TokenId = u32;

/// The tokens that merges make: bytes and ids, each of them once. Special tokens are not among them.
///
/// Ids need not be without holes.
#[derive(Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// All tokens' bytes, in the order of their ids.
    bytes: Vec<u8>,
    /// Where each id's bytes end; they begin where those before end. An id that no token has is empty.
    ends: Vec<u32>,
    ids: FxHashMap<Box<[u8]>, TokenId>,
}

impl Vocabulary {
    /// The 256 single bytes, each with its value as its id.
    pub fn of_bytes() -> Self {
        let single = (0..=u8::MAX).map(|byte| (u32::from(byte), [byte]));
        let mut vocabulary = Self::empty();
        for (id, bytes) in single {
            vocabulary.append(id, &bytes);
        }
        vocabulary
    }

    /// The tokens, in any order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`]: an id or a token that comes twice, an empty token, an id so high above the number of tokens that
    /// most would be holes, or more bytes than 4 GiB.
    pub fn from_tokens<B: AsRef<[u8]>>(
        tokens: impl IntoIterator<Item = (B, TokenId)>,
    ) -> Result<Self> {
        let mut all: Vec<(TokenId, B)> =
            tokens.into_iter().map(|(bytes, id)| (id, bytes)).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        if let Some((highest, _)) = all.last() {
            // A hostile file must not make us hold four billion empty tokens.
            let most = 2 * all.len() + (1 << 20);
            if *highest as usize > most {
                let count = all.len();
                return Err(Error::new(
                    ErrorKind::Format,
                    format!("the id {highest} is too high for a vocabulary of {count} tokens"),
                ));
            }
        }
        let mut vocabulary = Self::empty();
        let mut before = None;
        for (id, bytes) in &all {
            let bytes = bytes.as_ref();
            if before == Some(*id) {
                return Err(Error::new(
                    ErrorKind::Format,
                    format!("two tokens have the id {id}"),
                ));
            }
            before = Some(*id);
            if bytes.is_empty() {
                return Err(Error::new(
                    ErrorKind::Format,
                    format!("the token {id} is empty"),
                ));
            }
            if u32::try_from(vocabulary.bytes.len() + bytes.len()).is_err() {
                return Err(Error::new(
                    ErrorKind::Format,
                    "the tokens take more than 4 GiB",
                ));
            }
            if let Some(other) = vocabulary.append(*id, bytes) {
                let text = bytes.escape_ascii();
                return Err(Error::new(
                    ErrorKind::Format,
                    format!("the tokens {other} and {id} are the same: b\"{text}\""),
                ));
            }
        }
        Ok(vocabulary)
    }

    fn empty() -> Self {
        Self {
            bytes: Vec::new(),
            ends: Vec::new(),
            ids: FxHashMap::default(),
        }
    }

    /// Adds a token whose id is higher than all others, and gives the id that its bytes have already, if they have one: then
    /// nothing is added. The bytes of all stay below 4 GiB.
    pub(crate) fn append(&mut self, id: TokenId, bytes: &[u8]) -> Option<TokenId> {
        if let Some(other) = self.ids.get(bytes) {
            return Some(*other);
        }
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.ends.resize(id as usize, end);
        self.bytes.extend_from_slice(bytes);
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.ids.insert(bytes.into(), id);
        None
    }

    /// The bytes of a token; `None` for an id that none has.
    #[inline]
    pub fn bytes(&self, id: TokenId) -> Option<&[u8]> {
        let id = id as usize;
        let end = *self.ends.get(id)? as usize;
        let start = if id == 0 {
            0
        } else {
            self.ends[id - 1] as usize
        };
        (start < end).then(|| &self.bytes[start..end])
    }

    /// The id of a token.
    #[inline]
    pub fn id(&self, bytes: &[u8]) -> Option<TokenId> {
        self.ids.get(bytes).copied()
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// One more than the highest id.
    pub fn end(&self) -> usize {
        self.ends.len()
    }

    /// The tokens by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &[u8])> {
        let ids = 0..TokenId::try_from(self.ends.len()).unwrap_or(TokenId::MAX);
        ids.filter_map(|id| Some((id, self.bytes(id)?)))
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
