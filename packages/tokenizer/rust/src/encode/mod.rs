//! From text to tokens.

use crate::error::{Error, Result};
use crate::specials::{AllowedSpecial, DisallowedSpecial};
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

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

    fn encode_between(&self, bytes: &[u8], ids: &mut Vec<TokenId>) -> Result<()> {
        let mut symbols = Vec::new();
        self.0.pattern.for_each_piece(bytes, |piece| {
            self.merge(piece, &mut symbols);
            ids.extend_from_slice(&symbols);
            Ok::<(), Error>(())
        })
    }

    /// Merges the pair of the lowest rank, the leftmost of those, until there is none.
    fn merge(&self, piece: &[u8], symbols: &mut Vec<TokenId>) {
        let (vocabulary, merges) = (&self.0.vocabulary, &self.0.merges);
        symbols.clear();
        symbols.extend(piece.iter().filter_map(|byte| vocabulary.id(&[*byte])));
        loop {
            let lowest = symbols
                .windows(2)
                .enumerate()
                .filter_map(|(at, pair)| Some((merges.get(pair[0], pair[1])?, at)))
                .min_by_key(|(merge, at)| (merge.rank, *at));
            let Some((merge, at)) = lowest else { return };
            symbols[at] = merge.id;
            symbols.remove(at + 1);
        }
    }
}
