//! How text is cut into pieces. Nothing is merged across their borders.

use std::fmt;
use std::sync::{Arc, LazyLock};

use fancy_regex::Regex;

use crate::error::{Error, ErrorKind, Result};

/// GPT-2's.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// That of GPT-3.5 and GPT-4.
const CL100K: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";

/// That of GPT-4o.
const O200K: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

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
    kind: Kind,
    regex: Regex,
}

/// The patterns that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gpt2,
    Cl100k,
    O200k,
    Custom,
}

static BUILT_IN: LazyLock<[Pattern; 3]> = LazyLock::new(|| {
    let make = |(text, kind)| {
        let regex = Regex::new(text).expect("a constant");
        Pattern(Arc::new(Inner {
            text: String::from(text),
            kind,
            regex,
        }))
    };
    [
        (GPT2, Kind::Gpt2),
        (CL100K, Kind::Cl100k),
        (O200K, Kind::O200k),
    ]
    .map(make)
});

impl Pattern {
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

    /// The pattern of a regular expression, in the syntax of `fancy-regex`: with look-around and possessive repetition. That
    /// of a built-in one is that one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pattern`]: it does not compile.
    pub fn new(regex: &str) -> Result<Self> {
        if let Some(known) = BUILT_IN.iter().find(|known| known.0.text == regex) {
            return Ok(known.clone());
        }
        let compiled = Regex::new(regex).map_err(|error| {
            Error::new(
                ErrorKind::Pattern,
                format!("the pattern {regex:?} does not compile: {error}"),
            )
        })?;
        Ok(Self(Arc::new(Inner {
            text: regex.to_owned(),
            kind: Kind::Custom,
            regex: compiled,
        })))
    }

    /// The regular expression.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// `"gpt2"`, `"cl100k"` or `"o200k"`; `None` for others.
    pub fn name(&self) -> Option<&'static str> {
        match self.0.kind {
            Kind::Gpt2 => Some("gpt2"),
            Kind::Cl100k => Some("cl100k"),
            Kind::O200k => Some("o200k"),
            Kind::Custom => None,
        }
    }

    /// The pieces of a text, in its order; together they are the text.
    ///
    /// # Errors
    ///
    /// An item is [`ErrorKind::Pattern`], and the last, where the expression gives up: one of one's own that backtracks too
    /// much. Built-in ones never do.
    pub fn split<'t>(&self, text: &'t str) -> Pieces<'t> {
        Pieces {
            pattern: self.clone(),
            text,
            at: 0,
            found: None,
        }
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
        for chunk in bytes.utf8_chunks() {
            for piece in self.split(chunk.valid()) {
                take(piece?.as_bytes())?;
            }
            at += chunk.valid().len();
            let invalid = chunk.invalid().len();
            if invalid > 0 {
                take(&bytes[at..at + invalid])?;
            }
            at += invalid;
        }
        Ok(())
    }
}

/// Gives the pieces of a text. Made by [`Pattern::split`].
#[derive(Debug)]
pub struct Pieces<'t> {
    pattern: Pattern,
    text: &'t str,
    at: usize,
    /// A match that comes after what was given.
    found: Option<(usize, usize)>,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Result<&'t str>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text;
        if self.at >= text.len() {
            return None;
        }
        let found = match self.found.take() {
            Some(found) => Some(found),
            None => match find(&self.pattern, text, self.at) {
                Ok(found) => found,
                Err(error) => {
                    self.at = text.len();
                    return Some(Err(error));
                }
            },
        };
        let (start, end) = found.unwrap_or((text.len(), text.len()));
        if self.at < start {
            let gap = &text[self.at..start];
            self.at = start;
            self.found = found;
            return Some(Ok(gap));
        }
        self.at = end;
        Some(Ok(&text[start..end]))
    }
}

/// The next match that is not empty.
fn find(pattern: &Pattern, text: &str, mut from: usize) -> Result<Option<(usize, usize)>> {
    loop {
        let found = pattern.0.regex.find_from_pos(text, from).map_err(|error| {
            let regex = pattern.as_str();
            Error::new(
                ErrorKind::Pattern,
                format!("the pattern {regex:?} gave up at byte {from} of a text: {error}"),
            )
            .help("avoid nested repetitions")
        })?;
        let Some(found) = found else { return Ok(None) };
        if found.end() > found.start() {
            return Ok(Some((found.start(), found.end())));
        }
        // Empty: the search goes on behind the next character.
        let Some(next) = text[found.end()..].chars().next() else {
            return Ok(None);
        };
        from = found.end() + next.len_utf8();
    }
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
