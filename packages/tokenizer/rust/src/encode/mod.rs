//! From text to tokens.

mod cache;
mod engine;
mod long;
mod offsets;
mod options;
mod ranks;
mod short;

use crate::error::{Error, ErrorKind, Result};
use crate::parallel;
use crate::specials::{AllowedSpecial, DisallowedSpecial};
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

pub(crate) use engine::Engine;
pub use offsets::Encoding;
pub use options::EncodeOptions;
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
        self.encode_between(text.as_ref(), &mut ids, &|| false)?;
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
        let options = EncodeOptions::default();
        let options = options.allowed(*allowed).disallowed(*disallowed);
        let mut ids = Vec::new();
        self.encode_into(text, &options, &mut ids)?;
        Ok(ids)
    }

    /// Adds the tokens of a text to `ids`. In case of an error some of them may have been added.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode), and [`ErrorKind::Interrupted`].
    pub fn encode_into(
        &self,
        text: impl AsRef<[u8]>,
        options: &EncodeOptions<'_>,
        ids: &mut Vec<TokenId>,
    ) -> Result<()> {
        self.encode_all(text.as_ref(), options, ids)
    }

    /// How many tokens a text has; they are not kept.
    ///
    /// # Errors
    ///
    /// As [`encode_into`](Self::encode_into).
    pub fn count_tokens(
        &self,
        text: impl AsRef<[u8]>,
        options: &EncodeOptions<'_>,
    ) -> Result<usize> {
        let mut count = 0;
        self.encode_all(text.as_ref(), options, &mut count)?;
        Ok(count)
    }

    /// The tokens of a text, and which of its bytes each was made of.
    ///
    /// # Errors
    ///
    /// As [`encode_into`](Self::encode_into).
    pub fn encode_with_offsets(
        &self,
        text: impl AsRef<[u8]>,
        options: &EncodeOptions<'_>,
    ) -> Result<Encoding> {
        let mut ids = Vec::new();
        self.encode_all(text.as_ref(), options, &mut ids)?;
        let mut end = 0;
        let next = |id: &TokenId| {
            let start = end;
            end += self.id_to_token(*id).map_or(0, <[u8]>::len);
            start..end
        };
        let offsets = ids.iter().map(next).collect();
        Ok(Encoding { ids, offsets })
    }

    /// The tokens of each text, in their order, by so many threads: 0 for as many as there are processors.
    ///
    /// # Errors
    ///
    /// As [`encode_into`](Self::encode_into), of the first text that has one; it says which.
    pub fn encode_batch<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        options: &EncodeOptions<'_>,
        threads: usize,
    ) -> Result<Vec<Vec<TokenId>>> {
        let (allowed, disallowed) = (options.allowed, options.disallowed);
        parallel::map(
            texts,
            |text| text.as_ref().len(),
            threads,
            options.interrupt.unwrap_or(&|| false),
            |text, stop| {
                let options = EncodeOptions {
                    allowed,
                    disallowed,
                    interrupt: Some(stop),
                };
                let mut ids = Vec::new();
                self.encode_all(text.as_ref(), &options, &mut ids)?;
                Ok(ids)
            },
        )
    }

    fn encode_all<S: Sink>(
        &self,
        bytes: &[u8],
        options: &EncodeOptions<'_>,
        sink: &mut S,
    ) -> Result<()> {
        let specials = &self.0.specials;
        specials.check(bytes, &options.allowed, &options.disallowed)?;
        let stop = options.interrupt.unwrap_or(&|| false);
        let mut at = 0;
        while let Some((range, id)) = specials.find(bytes, at, &options.allowed) {
            self.encode_between(&bytes[at..range.start], sink, stop)?;
            sink.one(id);
            at = range.end;
        }
        self.encode_between(&bytes[at..], sink, stop)
    }

    fn encode_between<S: Sink>(&self, bytes: &[u8], sink: &mut S, stop: Stop<'_>) -> Result<()> {
        let inner = &*self.0;
        let engine = inner
            .engine
            .get_or_init(|| Engine::new(&inner.vocabulary, &inner.merges));
        let parts = (&inner.pattern, &inner.vocabulary, &inner.merges);
        engine.encode(parts, bytes, sink, stop)
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
