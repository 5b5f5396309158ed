//! What Rust's lexer takes away between tokens: comments. `7 // 2` would become `7`, so a block that holds one outside
//! of a Python comment is refused.

use std::fs;

use proc_macro2::{LineColumn, Span};

/// The lines of the Rust file, where they can be read.
pub(crate) struct Gaps {
    lines: Option<Vec<String>>,
    file: String,
}

impl Gaps {
    pub(crate) fn of(file: &str, token: Span) -> Self {
        Self {
            lines: lines_of(token),
            file: file.to_owned(),
        }
    }

    /// Refuses a Rust comment between or right after the tokens, unless `in_comment(index)` says that the token before
    /// it belongs to a Python comment or string.
    pub(crate) fn check(
        &self,
        spans: impl Iterator<Item = Span>,
        in_text: impl Fn(usize) -> bool,
    ) -> syn::Result<()> {
        let Some(lines) = &self.lines else {
            return Ok(());
        };
        let spans: Vec<Span> = spans.collect();
        for (index, span) in spans.iter().enumerate() {
            if span.file() != self.file {
                // Filled in by an outer macro.
                continue;
            }
            let end = span.end();
            let next = spans.get(index + 1).filter(|next| next.file() == self.file);
            let gap = between(lines, end, next.map(Span::start));
            let gap = gap.trim_start();
            if (gap.starts_with("//") || gap.starts_with("/*")) && !in_text(index) {
                return Err(rust_comment(*span));
            }
        }
        Ok(())
    }
}

/// The error about a Rust comment after `before`.
pub(crate) fn rust_comment(before: Span) -> syn::Error {
    syn::Error::new(
        before,
        "a Rust comment (`//` or `/*`) follows here, which Python would never see; for floor division hold the code \
         in a literal: `python!(r#\"… // …\"#)`; for a comment write `#`",
    )
}

/// One line of the file in which the token stands, from 1.
pub(crate) fn source_line(token: Span, line: usize) -> Option<String> {
    lines_of(token)?.into_iter().nth(line.checked_sub(1)?)
}

fn lines_of(token: Span) -> Option<Vec<String>> {
    let source = fs::read_to_string(token.local_file()?).ok()?;
    Some(source.lines().map(str::to_owned).collect())
}

/// The text from `start` to `end`, or to the end of the line. Columns are in characters from 0, lines from 1.
fn between(lines: &[String], start: LineColumn, end: Option<LineColumn>) -> String {
    let end = end.filter(|end| (end.line, end.column) >= (start.line, start.column));
    let last_line = end.map_or(start.line, |end| end.line);
    let mut text = String::new();
    for number in start.line..=last_line {
        let Some(line) = lines.get(number - 1) else {
            break;
        };
        let from = if number == start.line {
            start.column
        } else {
            0
        };
        let to = match end {
            Some(end) if number == end.line => end.column,
            _ => usize::MAX,
        };
        text.extend(line.chars().take(to).skip(from));
        text.push('\n');
    }
    text
}
