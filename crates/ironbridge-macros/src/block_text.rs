//! The block form: Python text put together again from Rust's tokens.
//!
//! Each token goes to the line and column where it stands in the Rust file, so that indentation, line breaks and the
//! lines of tracebacks are the file's own. What Rust's lexer drops or changes, and so would change the Python unseen,
//! is an error ([`crate::gaps`]).

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::captures::{Capture, MARK};
use crate::code::{Code, Places};
use crate::gaps::Gaps;

/// A token with its text.
struct Piece {
    text: String,
    span: Span,
    /// The identifier of `'name`, where it is one.
    capture: Option<Ident>,
    /// Inside brackets, a line's indentation means nothing.
    depth: usize,
}

/// Brings in the code of a block.
pub(crate) fn read(tokens: TokenStream) -> syn::Result<Code> {
    let mut pieces = Vec::new();
    flatten(tokens, 0, &mut pieces)?;
    let Some(first) = pieces.first() else {
        return Err(syn::Error::new(Span::call_site(), "there is no code here"));
    };
    let line = first.span.start().line;
    let file = first.span.file();

    let layout = Layout::new(&pieces)?;
    // What looks like a capture inside a string or a comment is text; only the parser's lexer can tell.
    let (text, places) = layout.write(&pieces, |_| true);
    let candidates: Vec<usize> = (0..pieces.len())
        .filter(|&index| pieces[index].capture.is_some())
        .collect();
    let offsets: Vec<usize> = candidates
        .iter()
        .map(|&index| places[index].0.start)
        .collect();
    let are_names = ironbridge_python_ast::names_at(&text, &offsets);
    let is_capture = |index: usize| {
        let position = candidates.iter().position(|&candidate| candidate == index);
        position.is_some_and(|position| are_names[position])
    };
    let (text, places) = layout.write(&pieces, is_capture);

    Gaps::of(&file, first.span).check(pieces.iter().map(|piece| piece.span), |index| {
        ironbridge_python_ast::names_at(&text, &[places[index].0.start]) == [false]
    })?;

    let mut captures: Vec<Capture> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let Some(name) = piece.capture.as_ref().filter(|_| is_capture(index)) {
            let capture = Capture::marked(name);
            if !captures
                .iter()
                .any(|known| known.parameter == capture.parameter)
            {
                captures.push(capture);
            }
        }
    }
    Ok(Code {
        text,
        file,
        line,
        captures,
        places: Places::Tokens(places),
        tracked_file: None,
    })
}

fn flatten(tokens: TokenStream, depth: usize, pieces: &mut Vec<Piece>) -> syn::Result<()> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => flatten_group(&group, depth, pieces)?,
            TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    // The name's own span, so that errors about the variable are shown under it.
                    pieces.push(Piece {
                        text: format!("'{name}"),
                        span: quote.span(),
                        capture: Some(name),
                        depth,
                    });
                }
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if ["r#", "br#", "c\"", "cr"]
                    .iter()
                    .any(|prefix| text.starts_with(prefix))
                {
                    return Err(syn::Error::new(
                        literal.span(),
                        "this Rust literal is no Python; in a block write a plain string, or hold the code in a \
                         literal: `python!(r#\"…\"#)`",
                    ));
                }
                let text = literal.span().source_text().unwrap_or(text);
                pieces.push(Piece {
                    text,
                    span: literal.span(),
                    capture: None,
                    depth,
                });
            }
            other => {
                let text = other.to_string();
                if text == "#"
                    && other
                        .span()
                        .source_text()
                        .is_some_and(|source| source.starts_with("//"))
                {
                    return Err(crate::gaps::rust_comment(other.span()));
                }
                pieces.push(Piece {
                    text: text.strip_prefix("r#").unwrap_or(&text).to_owned(),
                    span: other.span(),
                    capture: None,
                    depth,
                });
            }
        }
    }
    Ok(())
}

fn flatten_group(group: &Group, depth: usize, pieces: &mut Vec<Piece>) -> syn::Result<()> {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        // Put around what an outer macro filled in.
        Delimiter::None => return flatten(group.stream(), depth, pieces),
    };
    let bracket = |text: &str, span| Piece {
        text: text.to_owned(),
        span,
        capture: None,
        depth,
    };
    pieces.push(bracket(open, group.span_open()));
    flatten(group.stream(), depth + 1, pieces)?;
    pieces.push(bracket(close, group.span_close()));
    Ok(())
}

/// How far each line is moved to the left.
struct Layout {
    first_line: usize,
    first_indentation: usize,
    other_indentation: usize,
}

impl Layout {
    fn new(pieces: &[Piece]) -> syn::Result<Self> {
        let first = pieces[0].span.start();
        let mut line = first.line;
        // The first tokens of the other lines, where their indentation counts.
        let mut line_starts = Vec::new();
        for piece in pieces {
            let start = piece.span.start();
            if start.line > line && piece.depth == 0 && piece.text != "#" {
                line_starts.push((start.column, piece.span));
            }
            line = line.max(piece.span.end().line);
        }
        let leftmost = line_starts.iter().min_by_key(|(column, _)| *column);
        let other_indentation = match leftmost {
            Some(&(column, span)) if column < first.column => {
                if Span::call_site().start().line != first.line && !follows_header(pieces[0].span) {
                    return Err(syn::Error::new(
                        span,
                        "this line is indented less than the first line of the block",
                    ));
                }
                // The block began on the line of its brace or header and went on below, further left.
                column
            }
            _ => first.column,
        };
        Ok(Self {
            first_line: first.line,
            first_indentation: first.column,
            other_indentation,
        })
    }

    /// The text, and for each piece its byte range and span.
    fn write(
        &self,
        pieces: &[Piece],
        is_capture: impl Fn(usize) -> bool,
    ) -> (String, Vec<(std::ops::Range<usize>, Span)>) {
        let mut text = String::new();
        let mut places = Vec::with_capacity(pieces.len());
        let (mut line, mut column) = (self.first_line, 0);
        for (index, piece) in pieces.iter().enumerate() {
            let start = piece.span.start();
            if start.line > line {
                text.extend(std::iter::repeat_n('\n', start.line - line));
                (line, column) = (start.line, 0);
            }
            let indentation = if line == self.first_line {
                self.first_indentation
            } else {
                self.other_indentation
            };
            let target = start.column.saturating_sub(indentation);
            if start.line == line && target > column {
                text.extend(std::iter::repeat_n(' ', target - column));
            }
            let from = text.len();
            match &piece.capture {
                Some(_) if is_capture(index) => {
                    text.push(MARK);
                    text.push_str(piece.text[1..].trim_start_matches("r#"));
                }
                _ => text.push_str(&piece.text),
            }
            places.push((from..text.len(), piece.span));

            let written = &text[from..];
            match written.rsplit_once('\n') {
                Some((lines, last)) => {
                    line += lines.matches('\n').count() + 1;
                    column = last.chars().count();
                    // Positions on the rest of this line are counted with the indentation still on it.
                    column = column.saturating_sub(self.other_indentation.min(column));
                    column = column.max(
                        piece
                            .span
                            .end()
                            .column
                            .saturating_sub(self.other_indentation),
                    );
                }
                None => column = target.max(column) + written.chars().count(),
            }
        }
        text.push('\n');
        (text, places)
    }
}

/// Whether the line on which the token stands has `=>` or `{` before it.
fn follows_header(token: Span) -> bool {
    let start = token.start();
    crate::gaps::source_line(token, start.line).is_some_and(|line| {
        let before: String = line.chars().take(start.column).collect();
        let before = before.trim_end();
        before.ends_with("=>") || before.ends_with(['{', '('])
    })
}
