//! The tokens: their bytes by id, and their ids by bytes.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::table::{Key, TokenTable};

/// The number of a token.
pub type TokenId = u32;

/// How many bytes are copied at once.
pub(crate) const WINDOW: usize = 16;

/// The tokens that merges make: bytes and ids, each of them once. Special tokens are not among them.
///
/// Ids need not be without holes. A clone is cheap.
#[derive(Clone)]
pub struct Vocabulary(Arc<Inner>);

#[derive(Clone, Default)]
struct Inner {
    /// All tokens' bytes, in the order of their ids.
    bytes: Vec<u8>,
    /// Where each id's bytes end; they begin where those before end. An id that no token has is empty.
    ends: Vec<u32>,
    ids: TokenTable,
}

/// What [`Vocabulary::append`] did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// The token has an id already.
    Known(TokenId),
    /// The bytes of all would be more than 4 GiB.
    Full,
}

impl Inner {
    #[inline]
    fn range(&self, id: TokenId) -> Option<(usize, usize)> {
        let id = id as usize;
        let end = *self.ends.get(id)? as usize;
        let start = match id.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)? as usize,
        };
        (start < end).then_some((start, end))
    }

    fn append(&mut self, id: TokenId, token: &[u8]) -> Result<(), Refused> {
        let Ok(end) = u32::try_from(self.bytes.len() + token.len()) else {
            return Err(Refused::Full);
        };
        let (bytes, ends) = (&self.bytes, &self.ends);
        let same = |other: TokenId| {
            let other = other as usize;
            let start = if other == 0 { 0 } else { ends[other - 1] };
            bytes[start as usize..ends[other] as usize] == *token
        };
        if let Some(other) = self.ids.insert(Key::new(token), id, same) {
            return Err(Refused::Known(other));
        }
        let holes_end = self.ends.last().copied().unwrap_or_default();
        self.ends.resize(id as usize, holes_end);
        self.bytes.extend_from_slice(token);
        self.ends.push(end);
        Ok(())
    }
}

impl Vocabulary {
    /// The 256 single bytes, each with its value as its id.
    pub fn of_bytes() -> Self {
        let single = (0..=u8::MAX).map(|byte| (u32::from(byte), [byte]));
        let mut vocabulary = Self(Arc::default());
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
        let mut inner = Inner::default();
        inner.ids.reserve(all.len());
        inner.ends.reserve(all.len());
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
            match inner.append(*id, bytes) {
                Ok(()) => {}
                Err(Refused::Full) => {
                    return Err(Error::new(
                        ErrorKind::Format,
                        "the tokens take more than 4 GiB",
                    ));
                }
                Err(Refused::Known(other)) => {
                    let text = bytes.escape_ascii();
                    return Err(Error::new(
                        ErrorKind::Format,
                        format!("the tokens {other} and {id} are the same: b\"{text}\""),
                    ));
                }
            }
        }
        Ok(Self(Arc::new(inner)))
    }

    /// Adds a token whose id is higher than all others, and gives the id that its bytes have already, if they have one: then
    /// nothing is added. The bytes of all stay below 4 GiB.
    pub(crate) fn append(&mut self, id: TokenId, bytes: &[u8]) -> Option<TokenId> {
        match Arc::make_mut(&mut self.0).append(id, bytes) {
            Ok(()) | Err(Refused::Full) => None,
            Err(Refused::Known(other)) => Some(other),
        }
    }

    /// The bytes of a token; `None` for an id that none has.
    #[inline]
    pub fn bytes(&self, id: TokenId) -> Option<&[u8]> {
        let (start, end) = self.0.range(id)?;
        self.0.bytes.get(start..end)
    }

    /// A token of at most [`WINDOW`] bytes, with what lies behind it, and its length; not those of the last tokens, behind
    /// which too little lies.
    #[inline]
    pub(crate) fn window(&self, id: TokenId) -> Option<(&[u8; WINDOW], usize)> {
        let (start, end) = self.0.range(id)?;
        let window = self.0.bytes.get(start..)?.first_chunk()?;
        (end - start <= WINDOW).then_some((window, end - start))
    }

    /// The id of a token.
    #[inline]
    pub fn id(&self, bytes: &[u8]) -> Option<TokenId> {
        let same = |id| self.bytes(id) == Some(bytes);
        self.0.ids.get(Key::new(bytes), same)
    }

    /// The ids of all, for those who have keys.
    #[inline]
    pub(crate) fn table(&self) -> &TokenTable {
        &self.0.ids
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.0.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the highest id.
    pub fn end(&self) -> usize {
        self.0.ends.len()
    }

    /// The tokens by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &[u8])> {
        let ids = 0..TokenId::try_from(self.end()).unwrap_or(TokenId::MAX);
        ids.filter_map(|id| Some((id, self.bytes(id)?)))
    }
}

impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        Arc::ptr_eq(one, other) || (one.ends == other.ends && one.bytes == other.bytes)
    }
}

impl Eq for Vocabulary {}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
