//! The tokenizer: a pattern, a vocabulary, its merges and its special tokens, made ready to encode and decode.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::encode::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::merges::Merges;
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::vocabulary::{TokenId, Vocabulary};

/// Encodes text as tokens and decodes tokens to text.
///
/// It never changes, and a clone is the same one.
///
/// ```
/// use ironbpe::Tokenizer;
///
/// let tokenizer = Tokenizer::new();
/// assert_eq!(tokenizer.encode_ordinary("hé")?, [104, 195, 169]);
/// assert_eq!(tokenizer.decode(&[104, 195, 169])?, "hé");
/// # Ok::<(), ironbpe::Error>(())
/// ```
#[derive(Clone)]
pub struct Tokenizer(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) pattern: Pattern,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) merges: Merges,
    pub(crate) specials: Specials,
    pub(crate) engine: OnceLock<Engine>,
}

impl Tokenizer {
    /// The 256 single bytes, no merges, no special tokens, and the pattern [`Pattern::cl100k`].
    pub fn new() -> Self {
        Self::from_checked(
            Pattern::default(),
            Vocabulary::of_bytes(),
            Merges::none(),
            Specials::default(),
        )
    }

    /// A tokenizer of its parts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`]: a byte that is no token, a merge that is not of this vocabulary, or a special token that
    /// has the id of another token.
    pub fn from_parts(
        pattern: Pattern,
        vocabulary: Vocabulary,
        merges: Merges,
        specials: Specials,
    ) -> Result<Self> {
        if let Some(byte) = (0..=u8::MAX).find(|byte| vocabulary.id(&[*byte]).is_none()) {
            return Err(Error::new(
                ErrorKind::Format,
                format!("the byte {byte} is no token, so not every text could be encoded"),
            ));
        }
        if let Some((id, text)) = specials
            .iter()
            .find(|(id, _)| vocabulary.bytes(*id).is_some())
        {
            return Err(Error::new(
                ErrorKind::Format,
                format!("the special token {text:?} has the id {id}, which another token has"),
            ));
        }
        if merges.by_rank() {
            if !merges.are_ranks_of(&vocabulary) {
                return Err(Error::new(
                    ErrorKind::Format,
                    "the merges are by the ranks of another vocabulary",
                ));
            }
            return Ok(Self::from_checked(pattern, vocabulary, merges, specials));
        }
        for ((left, right), merge) in merges.iter() {
            let whole = vocabulary.bytes(merge.id);
            let parts = vocabulary.bytes(left).zip(vocabulary.bytes(right));
            let right_so = whole.zip(parts).is_some_and(|(whole, (left, right))| {
                whole.strip_prefix(left).is_some_and(|rest| rest == right)
            });
            if !right_so {
                let id = merge.id;
                return Err(Error::new(
                    ErrorKind::Format,
                    format!("the merge of {left} and {right} to {id} is not of this vocabulary"),
                ));
            }
        }
        Ok(Self::from_checked(pattern, vocabulary, merges, specials))
    }

    /// A tokenizer of parts that are known to be of each other.
    pub(crate) fn from_checked(
        pattern: Pattern,
        vocabulary: Vocabulary,
        merges: Merges,
        specials: Specials,
    ) -> Self {
        Self(Arc::new(Inner {
            pattern,
            vocabulary,
            merges,
            specials,
            engine: OnceLock::new(),
        }))
    }

    /// How text is cut into pieces.
    pub fn pattern(&self) -> &Pattern {
        &self.0.pattern
    }

    /// The tokens that are not special.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.0.vocabulary
    }

    /// Which pairs become one.
    pub fn merges(&self) -> &Merges {
        &self.0.merges
    }

    /// The special tokens.
    pub fn specials(&self) -> &Specials {
        &self.0.specials
    }

    /// One more than the highest id, special tokens included: how many rows a table of embeddings needs.
    pub fn vocab_size(&self) -> usize {
        let special = self.0.specials.iter().last();
        let special = special.map_or(0, |(id, _)| id as usize + 1);
        self.0.vocabulary.end().max(special)
    }

    /// How many tokens there are, special ones included.
    #[allow(clippy::len_without_is_empty)] // The bytes are always there.
    pub fn len(&self) -> usize {
        self.0.vocabulary.len() + self.0.specials.len()
    }

    /// The id of a token, special or not.
    pub fn token_to_id(&self, token: impl AsRef<[u8]>) -> Option<TokenId> {
        let token = token.as_ref();
        let special = || self.0.specials.id(std::str::from_utf8(token).ok()?);
        self.0.vocabulary.id(token).or_else(special)
    }

    /// The bytes of a token, special or not.
    pub fn id_to_token(&self, id: TokenId) -> Option<&[u8]> {
        let special = || self.0.specials.text(id).map(str::as_bytes);
        self.0.vocabulary.bytes(id).or_else(special)
    }
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Tokenizer {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        Arc::ptr_eq(one, other)
            || (one.pattern == other.pattern
                && one.specials == other.specials
                && one.vocabulary == other.vocabulary
                && one.merges == other.merges)
    }
}

impl Eq for Tokenizer {}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("len", &self.len())
            .field("pattern", &self.0.pattern)
            .field("specials", &self.0.specials)
            .finish_non_exhaustive()
    }
}
