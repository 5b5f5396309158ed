//! From text to tokens.

mod cache;
mod engine;
mod long;
mod ranks;
mod short;

use crate::error::{Error, ErrorKind, Result};
use crate::specials::{AllowedSpecial, DisallowedSpecial};
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

pub(crate) use engine::Engine;
pub(crate) use ranks::last_pairs;

use engine::Sink;
use long::Long;
use ranks::Ranks;

/// Asked now and then by long work, whether it is to stop.
type Stop<'a> = &'a dyn Fn() -> bool;

impl Tokenizer {
    /// The tokens of a text, in which special tokens are text like any other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pattern`](crate::ErrorKind::Pattern): a pattern of one's own gave up.
    pub fn encode_ordinary(&self, text: impl AsRef<[u8]>) -> Result<Vec<TokenId>> {
        let mut ids = Vec::new();
        self.encode_between(text.as_ref(), &mut ids)?;
        Ok(ids)
    }

    /// The tokens of a text. Special tokens that are allowed become one each; the text is refused where one stands that is
    /// disallowed.
    ///
    /// ```
    /// use ironbpe::{AllowedSpecial, DisallowedSpecial, Merges, Pattern, Specials, Tokenizer, Vocabulary};
    ///
    /// let vocabulary = Vocabulary::of_bytes();
    /// let merges = Merges::from_pairs(&vocabulary, [])?;
    /// let specials = Specials::new([("<|end|>", 256)])?;
    /// let tokenizer = Tokenizer::from_parts(Pattern::cl100k(), vocabulary, merges, specials)?;
    /// let ids = tokenizer.encode("a<|end|>", &AllowedSpecial::All, &DisallowedSpecial::All)?;
    /// assert_eq!(ids, [97, 256]);
    /// # Ok::<(), ironbpe::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DisallowedSpecial`](crate::ErrorKind::DisallowedSpecial) says which and where. Else as
    /// [`encode_ordinary`](Self::encode_ordinary).
    pub fn encode(
        &self,
        text: impl AsRef<[u8]>,
        allowed: &AllowedSpecial<'_>,
        disallowed: &DisallowedSpecial<'_>,
    ) -> Result<Vec<TokenId>> {
        let bytes = text.as_ref();
        let specials = &self.0.specials;
        specials.check(bytes, allowed, disallowed)?;
        let mut ids = Vec::new();
        let mut at = 0;
        while let Some((range, id)) = specials.find(bytes, at, allowed) {
            self.encode_between(&bytes[at..range.start], &mut ids)?;
            ids.push(id);
            at = range.end;
        }
        self.encode_between(&bytes[at..], &mut ids)?;
        Ok(ids)
    }

    fn encode_between<S: Sink>(&self, bytes: &[u8], sink: &mut S) -> Result<()> {
        let inner = &*self.0;
        let engine = inner
            .engine
            .get_or_init(|| Engine::new(&inner.vocabulary, &inner.merges));
        let parts = (&inner.pattern, &inner.vocabulary, &inner.merges);
        engine.encode(parts, bytes, sink, &|| false)
    }
}

/// Merges the pair of the lowest rank, the leftmost of those, as long as there is one below `limit`; `ids` are those of the
/// bytes of the piece.
fn merge<R: Ranks>(
    ranks: &R,
    piece: &[u8],
    limit: u32,
    ids: &mut Vec<TokenId>,
    long: &mut Long,
    stop: Stop<'_>,
) -> Result<()> {
    if piece.len() > short::SHORT {
        return long.merge(ranks, piece, limit, ids, stop);
    }
    if piece.len() > 1 {
        let kept = short::merge(ranks, piece, limit, ids);
        ids.truncate(kept);
    }
    Ok(())
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "encoding was asked to stop")
}
