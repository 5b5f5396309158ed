//! An error in Python source, as data: the words and the place.

use std::ops::Range;

/// One thing wrong in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, without a full stop; where the parser found it, in the parser's own words.
    pub message: String,
    /// Where, in bytes of the source.
    pub range: Range<usize>,
}

impl Diagnostic {
    pub(crate) fn new(message: impl Into<String>, range: ruff_text_size::TextRange) -> Self {
        Self {
            message: message.into(),
            range: range.start().to_usize()..range.end().to_usize(),
        }
    }
}

/// A place in source: both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The line and column of a byte offset. An offset past the end or inside a character counts as the one before it.
///
/// ```
/// let place = ironbridge_python_ast::line_column("a\nß = 1", 5);
/// assert_eq!((place.line, place.column), (2, 3));
/// ```
pub fn line_column(source: &str, offset: usize) -> LineColumn {
    let before = &source[..source.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    LineColumn {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}
