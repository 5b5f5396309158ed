//! How text is cut into pieces. Nothing is merged across their borders.

#![allow(
    clippy::inline_always,
    reason = "the loop over a text is made once for each pattern, of small parts"
)]

mod block;
mod cl100k;
mod class;
mod gpt2;
mod known;
mod o200k;
mod pieces;
mod scan;
mod splitter;

use std::fmt;
use std::sync::{Arc, LazyLock};

use fancy_regex::Regex;
use simdutf8::compat::from_utf8;

use self::known::{CL100K, GPT2, O200K, SPELLINGS};
pub use self::pieces::Pieces;
use self::splitter::Known;
use crate::error::{Error, ErrorKind, Result};

/// A rule that cuts text into pieces, by a regular expression.
///
/// What the expression does not match is a piece too, so that nothing is lost. In bytes that are not UTF-8 each longest
/// stretch of invalid bytes is a piece, and the text between is cut as if it stood alone.
///
/// ```
/// use ironbpe::Pattern;
///
/// let pieces: Vec<&str> = Pattern::gpt2().split("It's 2 o'clock").collect::<Result<_, _>>()?;
/// assert_eq!(pieces, ["It", "'s", " 2", " o", "'", "clock"]);
/// # Ok::<(), ironbpe::Error>(())
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<Inner>);

struct Inner {
    text: String,
    engine: Engine,
}

/// What finds the pieces.
enum Engine {
    Known(Known),
    Regex(Regex),
}

static BUILT_IN: LazyLock<[Pattern; 3]> = LazyLock::new(|| {
    [
        (GPT2, Known::Gpt2),
        (CL100K, Known::Cl100k),
        (O200K, Known::O200k),
    ]
    .map(|(text, known)| Pattern::of(text, Engine::Known(known)))
});

impl Pattern {
    fn of(text: &str, engine: Engine) -> Self {
        let text = text.to_owned();
        Self(Arc::new(Inner { text, engine }))
    }

    /// GPT-2's pattern.
    pub fn gpt2() -> Self {
        BUILT_IN[0].clone()
    }

    /// The pattern of `cl100k_base`, of GPT-3.5 and GPT-4. What training takes unless told otherwise.
    pub fn cl100k() -> Self {
        BUILT_IN[1].clone()
    }

    /// The pattern of `o200k_base`, of GPT-4o.
    pub fn o200k() -> Self {
        BUILT_IN[2].clone()
    }

    /// The pattern of a regular expression, in the syntax of `fancy-regex`: with look-around and possessive repetition.
    ///
    /// The expressions of GPT-2, GPT-4, GPT-4o, Llama 3 and Qwen, in the spellings that tiktoken and Hugging Face have, are
    /// cut by code of their own, which is many times as fast.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pattern`]: it does not compile.
    pub fn new(regex: &str) -> Result<Self> {
        if let Some(&(_, known)) = SPELLINGS.iter().find(|(text, _)| *text == regex) {
            return Ok(Self::of(regex, Engine::Known(known)));
        }
        let compiled = Regex::new(regex).map_err(|error| {
            Error::new(
                ErrorKind::Pattern,
                format!("the pattern {regex:?} does not compile: {error}"),
            )
        })?;
        Ok(Self::of(regex, Engine::Regex(compiled)))
    }

    /// The regular expression.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// `"gpt2"`, `"cl100k"` or `"o200k"`; `None` for others.
    pub fn name(&self) -> Option<&'static str> {
        match self.as_str() {
            GPT2 => Some("gpt2"),
            CL100K => Some("cl100k"),
            O200K => Some("o200k"),
            _ => None,
        }
    }

    /// Whether it is cut by code, which looks at nothing before a piece.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self.0.engine, Engine::Known(_))
    }

    /// The pieces of a text, in its order; together they are the text.
    ///
    /// # Errors
    ///
    /// An item is [`ErrorKind::Pattern`], and the last, where the expression gives up: one of one's own that backtracks too
    /// much. Built-in ones never do.
    pub fn split<'t>(&self, text: &'t str) -> Pieces<'t> {
        Pieces::new(self.clone(), text)
    }

    /// The same of any bytes, for each piece in turn.
    ///
    /// # Errors
    ///
    /// As those of [`split`](Self::split), and what `take` gives.
    pub fn for_each_piece<'t, E: From<Error>>(
        &self,
        bytes: &'t [u8],
        mut take: impl FnMut(&'t [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match from_utf8(rest) {
                Ok(text) => return self.for_each_of_text(text, &mut take),
                Err(error) => {
                    let (valid, rest) = rest.split_at(error.valid_up_to());
                    if let Ok(text) = from_utf8(valid) {
                        self.for_each_of_text(text, &mut take)?;
                    }
                    let invalid = invalid_length(rest);
                    take(&rest[..invalid])?;
                    at += valid.len() + invalid;
                }
            }
        }
        Ok(())
    }

    fn for_each_of_text<'t, E: From<Error>>(
        &self,
        text: &'t str,
        take: &mut impl FnMut(&'t [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.0.engine {
            Engine::Known(known) => known.for_each(text.as_bytes(), take),
            Engine::Regex(_) => self
                .split(text)
                .try_for_each(|piece| take(piece?.as_bytes())),
        }
    }
}

/// How many bytes there are before the first valid character, of bytes that begin with none.
fn invalid_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    for chunk in bytes.utf8_chunks() {
        if !chunk.valid().is_empty() {
            break;
        }
        length += chunk.invalid().len();
    }
    length
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Pattern {}

impl Default for Pattern {
    fn default() -> Self {
        Self::cl100k()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Pattern({name})"),
            None => write!(f, "Pattern({:?})", self.as_str()),
        }
    }
}
