//! The pieces of a text, one by one.

use fancy_regex::Regex;

use super::{Engine, Pattern};
use crate::error::{Error, ErrorKind, Result};

/// Gives the pieces of a text. Made by [`Pattern::split`].
#[derive(Debug)]
pub struct Pieces<'t> {
    pattern: Pattern,
    text: &'t str,
    at: usize,
    /// A match that comes after what was given.
    found: Option<(usize, usize)>,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(pattern: Pattern, text: &'t str) -> Self {
        Self {
            pattern,
            text,
            at: 0,
            found: None,
        }
    }

    /// The next piece by the regular expression.
    fn next_match(&mut self) -> Result<&'t str> {
        let text = self.text;
        let found = match (self.found.take(), &self.pattern.0.engine) {
            (None, Engine::Regex(regex)) => find(regex, text, self.at)?,
            (found, _) => found,
        };
        let (start, end) = found.unwrap_or((text.len(), text.len()));
        if self.at < start {
            let gap = &text[self.at..start];
            self.at = start;
            self.found = found;
            return Ok(gap);
        }
        self.at = end;
        Ok(&text[start..end])
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Result<&'t str>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text;
        if self.at >= text.len() {
            return None;
        }
        if let Engine::Known(known) = self.pattern.0.engine {
            let start = self.at;
            self.at = known.end(text, start);
            return Some(Ok(&text[start..self.at]));
        }
        let piece = self.next_match();
        if piece.is_err() {
            self.at = text.len();
        }
        Some(piece)
    }
}

/// The next match that is not empty.
fn find(regex: &Regex, text: &str, mut from: usize) -> Result<Option<(usize, usize)>> {
    loop {
        let found = regex.find_from_pos(text, from).map_err(|error| {
            let regex = regex.as_str();
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
