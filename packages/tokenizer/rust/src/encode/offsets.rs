//! Tokens and where they stand.

use std::ops::Range;

use crate::vocabulary::TokenId;

/// The tokens of a text and where each stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Encoding {
    /// The tokens.
    pub ids: Vec<TokenId>,
    /// The bytes that each was made of.
    pub offsets: Vec<Range<usize>>,
}

impl Encoding {
    /// The offsets in characters, as Python counts them. A token that has a part of a character has the character.
    ///
    /// `text` is what was encoded.
    pub fn char_offsets(&self, text: &str) -> Vec<Range<usize>> {
        let bytes = text.as_bytes();
        // How many characters begin in the bytes up to `at`, exclusively.
        let (mut at, mut count) = (0, 0);
        let mut offsets = Vec::with_capacity(self.offsets.len());
        for range in &self.offsets {
            let end = range.end.min(bytes.len());
            let continued = bytes.get(range.start).is_some_and(|byte| !begins(*byte));
            count += bytes[at.min(range.start)..range.start.min(end)]
                .iter()
                .filter(|byte| begins(**byte))
                .count();
            let start = count - usize::from(continued && count > 0);
            count += bytes[range.start.min(end)..end]
                .iter()
                .filter(|byte| begins(**byte))
                .count();
            at = end;
            offsets.push(start..count);
        }
        offsets
    }
}

/// Whether a byte of UTF-8 begins a character.
fn begins(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}
