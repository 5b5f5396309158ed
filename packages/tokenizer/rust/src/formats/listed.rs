//! What the formats that spell tokens as text and list merges have in common.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use super::{bad, byte_level};
use crate::error::{Error, ErrorKind, Result};
use crate::merges::Merges;
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::{TokenId, Vocabulary};

/// The longest token whose merges are sought step by step.
const LONGEST: usize = 1024;

/// Tokens as text, in the order of the file, what comes twice included.
pub(super) struct Vocab(pub(super) Vec<(String, TokenId)>);

impl<'de> Deserialize<'de> for Vocab {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tokens;
        impl<'de> Visitor<'de> for Tokens {
            type Value = Vocab;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of tokens to ids")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocab, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Vocab(all))
            }
        }
        deserializer.deserialize_map(Tokens)
    }
}

impl Serialize for Vocab {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(text, id)| (text, id)))
    }
}

/// What was read: the names of its parts are for errors.
pub(super) struct Listed<'a> {
    pub(super) vocab: Vec<(String, TokenId)>,
    pub(super) merges: Vec<(&'a str, &'a str)>,
    pub(super) whole_pieces: bool,
    pub(super) specials: Specials,
}

impl Listed<'_> {
    /// The tokenizer; `place` says where the merge of a number stands.
    pub(super) fn tokenizer(
        self,
        pattern: Pattern,
        place: impl Fn(usize) -> String,
    ) -> Result<Tokenizer> {
        let specials = &self.specials;
        let mut tokens = Vec::with_capacity(self.vocab.len());
        for (text, id) in &self.vocab {
            match specials.id(text) {
                Some(other) if other == *id => continue,
                Some(other) => {
                    return Err(bad(format!(
                        "the special token {text:?} has the id {other}, but the id {id} in the vocabulary"
                    )));
                }
                None => {}
            }
            let bytes = byte_level::read(text).map_err(|char| {
                bad(format!(
                    "the token {text:?}, of id {id}, has the character {char:?}, which stands for no byte"
                ))
            })?;
            tokens.push((bytes, *id));
        }
        let vocabulary = Vocabulary::from_tokens(tokens)?;
        let mut pairs = Vec::with_capacity(self.merges.len());
        for (at, (left, right)) in self.merges.iter().enumerate() {
            let id = |part: &str| {
                let bytes = byte_level::read(part).ok();
                bytes
                    .and_then(|bytes| vocabulary.id(&bytes))
                    .ok_or_else(|| {
                        if specials.id(part).is_some() {
                            let message =
                                format!("{}: the special token {part:?} is merged", place(at));
                            return Error::new(ErrorKind::Inexpressible, message);
                        }
                        bad(format!("{}: {part:?} is no token", place(at)))
                    })
            };
            let pair = (id(left)?, id(right)?);
            // What it becomes must be a token that is not special.
            id(&format!("{left}{right}"))?;
            pairs.push(pair);
        }
        let merges = Merges::from_pairs(&vocabulary, pairs)?.with_whole_pieces(self.whole_pieces);
        Tokenizer::from_parts(pattern, vocabulary, merges, self.specials)
    }
}

/// The tokens as text, special ones included, by ascending id.
pub(super) fn vocab(tokenizer: &Tokenizer) -> Result<Vec<(String, TokenId)>> {
    let vocabulary = tokenizer.vocabulary();
    let mut all: Vec<(String, TokenId)> = vocabulary
        .iter()
        .map(|(id, token)| (byte_level::spell(token), id))
        .collect();
    for (id, text) in tokenizer.specials().iter() {
        let same = byte_level::read(text)
            .ok()
            .and_then(|bytes| vocabulary.id(&bytes));
        if let Some(other) = same {
            return Err(Error::new(
                ErrorKind::Inexpressible,
                format!("the special token {text:?} is spelled as the token {other} is"),
            ));
        }
        all.push((text.to_owned(), id));
    }
    all.sort_unstable_by_key(|(_, id)| *id);
    Ok(all)
}

/// The merges, listed so that they make the same.
fn pairs(tokenizer: &Tokenizer) -> Result<&[(TokenId, TokenId)]> {
    let (vocabulary, merges) = (tokenizer.vocabulary(), tokenizer.merges());
    let pairs = merges.pairs();
    if !merges.by_rank() {
        return Ok(pairs);
    }
    // Those that have no pair must not be made at all. By ranks that fall they could be.
    let mut made = merges.iter().map(|(_, merge)| merge.id).peekable();
    for (id, token) in vocabulary.iter() {
        if made.next_if_eq(&id).is_none() && token.len() > 1 && is_made(vocabulary, merges, token) {
            return Err(Error::new(
                ErrorKind::Inexpressible,
                format!(
                    "the token {id} is made of tokens of higher ranks, which no list of merges has"
                ),
            ));
        }
    }
    Ok(pairs)
}

/// Whether merging makes a token of its bytes; assumed of very long ones.
fn is_made(vocabulary: &Vocabulary, merges: &Merges, token: &[u8]) -> bool {
    if token.len() > LONGEST {
        return true;
    }
    let ids = token.iter().map(|byte| vocabulary.id(&[*byte]));
    let Some(mut ids) = ids.collect::<Option<Vec<TokenId>>>() else {
        return false;
    };
    loop {
        let pairs = ids.windows(2).enumerate();
        let lowest = pairs
            .filter_map(|(at, pair)| Some((merges.get(pair[0], pair[1])?, at)))
            .min_by_key(|(merge, at)| (merge.rank, *at));
        let Some((merge, at)) = lowest else {
            return ids.len() == 1;
        };
        ids[at] = merge.id;
        ids.remove(at + 1);
    }
}

/// The merges, each as two texts with a space between.
pub(super) fn merges(tokenizer: &Tokenizer) -> Result<Vec<String>> {
    let spell = |id| byte_level::spell(tokenizer.vocabulary().bytes(id).unwrap_or_default());
    let pairs = pairs(tokenizer)?.iter();
    Ok(pairs
        .map(|(left, right)| format!("{} {}", spell(*left), spell(*right)))
        .collect())
}

/// Refuses a tokenizer that makes tokens of whole pieces which merges would not make.
pub(super) fn check_whole_pieces(tokenizer: &Tokenizer) -> Result<()> {
    let (vocabulary, merges) = (tokenizer.vocabulary(), tokenizer.merges());
    if !merges.whole_pieces() {
        return Ok(());
    }
    let mut made: Vec<TokenId> = merges.iter().map(|(_, merge)| merge.id).collect();
    made.sort_unstable();
    for (id, token) in vocabulary.iter() {
        let is_made = || match (merges.by_rank(), token.len() > LONGEST) {
            (true, _) => made.binary_search(&id).is_ok(),
            (false, long) => !long && is_made(vocabulary, merges, token),
        };
        if token.len() > 1 && !is_made() {
            return Err(Error::new(
                ErrorKind::Inexpressible,
                format!("a piece becomes the token {id} though merges do not make it"),
            )
            .help("Hugging Face's format can say so"));
        }
    }
    Ok(())
}
