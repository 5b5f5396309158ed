//! tiktoken's files of ranks: a line for each token, its bytes in Base64, a space, its rank.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{bad, files, from_file, shown};
use crate::error::{Error, ErrorKind, Result};
use crate::merges::Merges;
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::{TokenId, Vocabulary};

impl Tokenizer {
    /// The tokenizer of tiktoken's ranks, which hold neither the pattern nor the special tokens.
    ///
    /// Two tokens are merged where their bytes together are a token, those of the lowest rank first, and the rank is the id.
    ///
    /// ```
    /// use ironbpe::{Pattern, Specials, Tokenizer};
    ///
    /// let ranks = Tokenizer::new().to_tiktoken()? + "aGU= 256\naGV5 257\n";
    /// let specials = Specials::new([("<|endoftext|>", 258)])?;
    /// let tokenizer = Tokenizer::from_tiktoken(&ranks, Pattern::gpt2(), specials)?;
    /// assert_eq!(tokenizer.encode_ordinary("hey he")?, [257, 32, 256]);
    /// # Ok::<(), ironbpe::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] names the line: it is no line of ranks. Else a token or a rank that comes twice, or a byte that
    /// is no token.
    pub fn from_tiktoken(
        ranks: impl AsRef<[u8]>,
        pattern: Pattern,
        specials: Specials,
    ) -> Result<Self> {
        let mut tokens: Vec<(Vec<u8>, TokenId)> = Vec::new();
        for (number, line) in ranks.as_ref().split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                tokens.push(token(line, number + 1)?);
            }
        }
        let vocabulary = Vocabulary::from_tokens(tokens)?;
        let merges = Merges::from_ranks(&vocabulary);
        Self::from_parts(pattern, vocabulary, merges, specials)
    }

    /// The tokenizer of a file of ranks, such as `cl100k_base.tiktoken`, as [`from_tiktoken`](Self::from_tiktoken).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]: the file cannot be read. Else as those of [`from_tiktoken`](Self::from_tiktoken).
    pub fn from_tiktoken_file(
        path: impl AsRef<Path>,
        pattern: Pattern,
        specials: Specials,
    ) -> Result<Self> {
        from_file(path.as_ref(), |ranks| {
            Self::from_tiktoken(ranks, pattern, specials)
        })
    }

    /// tiktoken's ranks, by ascending id. The pattern and the special tokens have no place in them.
    ///
    /// ```
    /// use ironbpe::Tokenizer;
    ///
    /// let ranks = Tokenizer::new().to_tiktoken()?;
    /// assert!(ranks.starts_with("AA== 0\nAQ== 1\n"));
    /// # Ok::<(), ironbpe::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Inexpressible`]: tiktoken would encode otherwise, since the merges are not those that the ids give. Those
    /// of a training are.
    pub fn to_tiktoken(&self) -> Result<String> {
        let vocabulary = self.vocabulary();
        check(vocabulary, self.merges())?;
        let mut ranks = String::new();
        for (id, token) in vocabulary.iter() {
            BASE64_STANDARD.encode_string(token, &mut ranks);
            // Writing to a string does not fail.
            let _ = writeln!(ranks, " {id}");
        }
        Ok(ranks)
    }

    /// Writes [`to_tiktoken`](Self::to_tiktoken) to a file, as [`save`](Self::save) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]: the file cannot be written. Else as those of [`to_tiktoken`](Self::to_tiktoken).
    pub fn to_tiktoken_file(&self, path: impl AsRef<Path>) -> Result<()> {
        files::write(path.as_ref(), self.to_tiktoken()?.as_bytes())
    }
}

fn token(line: &[u8], number: usize) -> Result<(Vec<u8>, TokenId)> {
    let wrong = |what: String| bad(format!("line {number}, {}, {what}", shown(line)));
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(token), Some(rank), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(wrong(
            "is not a token and a rank with a space between".into(),
        ));
    };
    let token = BASE64_STANDARD
        .decode(token)
        .map_err(|error| wrong(format!("has a token that is no Base64: {error}")))?;
    let rank = str::from_utf8(rank).ok().and_then(|rank| rank.parse().ok());
    let rank = rank.ok_or_else(|| wrong("has a rank that is no number below 2³²".into()))?;
    Ok((token, rank))
}

/// Whether the merges are those that tiktoken makes with the ids as ranks.
///
/// They are if each token of several bytes is made by one merge, if these go by ascending id, and if each is the one that
/// tiktoken would make last. For up to there both do the same, whatever stands around: a merge that crosses the token's
/// borders would keep it from being made.
fn check(vocabulary: &Vocabulary, merges: &Merges) -> Result<()> {
    let other = |message: String| {
        Error::new(ErrorKind::Inexpressible, message)
            .help("Hugging Face's format lists merges as they are")
    };
    if merges.by_rank() && merges.whole_pieces() {
        return Ok(());
    }
    let ranks = Merges::from_ranks(vocabulary);
    let mut made = merges.iter();
    for ((left, right), merge) in ranks.iter() {
        match made.next() {
            Some((pair, own)) if pair == (left, right) && own.id == merge.id => {}
            Some(((left, right), own)) => {
                return Err(other(format!(
                    "tiktoken would not merge {left} and {right} to {} there: ids are its ranks",
                    own.id
                )));
            }
            None => {
                return Err(other(format!(
                    "tiktoken would merge {left} and {right} to {}, which is no merge here",
                    merge.id
                )));
            }
        }
    }
    if let Some(((left, right), merge)) = made.next() {
        let id = merge.id;
        return Err(other(format!(
            "tiktoken would not merge {left} and {right} to {id}: ids are its ranks"
        )));
    }
    let several = vocabulary.iter().filter(|(_, token)| token.len() > 1);
    if !merges.whole_pieces() && several.count() != ranks.len() {
        return Err(other(
            "a token is made by no merge, but tiktoken would make it of a piece that is the token"
                .into(),
        ));
    }
    Ok(())
}
