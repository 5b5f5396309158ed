//! Questions about the tokens of Python source: which pieces of text are names, which lines lie inside a string.

use std::ops::Range;

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

/// For each byte offset of `offsets`, whether a name begins there.
///
/// A name inside a comment, a string or the literal part of an f-string is text, not a name. Source that does not
/// parse is answered as far as its tokens can be told apart.
///
/// ```
/// let source = "x = y  # y";
/// assert_eq!(ironbridge_python_ast::names_at(source, &[4, 9]), [true, false]);
/// ```
pub fn names_at(source: &str, offsets: &[usize]) -> Vec<bool> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let tokens = parsed.tokens();
    offsets
        .iter()
        .map(|&offset| {
            tokens.iter().any(|token| {
                // Keywords count: the parser then says better what is wrong with them.
                let is_word = !is_text(token.kind()) && token.kind() != TokenKind::Comment;
                is_word && token.start().to_usize() <= offset && offset < token.end().to_usize()
            })
        })
        .collect()
}

/// The byte ranges of everything whose whitespace is its own business: strings and the literal parts of f-strings.
pub(crate) fn text_ranges(source: &str) -> Vec<Range<usize>> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    parsed
        .tokens()
        .iter()
        .filter(|token| is_text(token.kind()))
        .map(|token| token.start().to_usize()..token.end().to_usize())
        .collect()
}

fn is_text(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle
    )
}
