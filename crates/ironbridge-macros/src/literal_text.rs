//! The string form: Python in a literal, for code that Rust's lexer cannot read.

use ironbridge_python_ast::dedent;
use proc_macro2::{Literal, TokenStream, TokenTree};
use rustc_literal_escaper::unescape_str;
use syn::LitStr;

use crate::captures;
use crate::code::{Code, Places};

/// Brings in the code of `"…", captures…`.
pub(crate) fn read(code: TokenStream) -> syn::Result<Code> {
    let mut tokens = code.into_iter();
    let Some(TokenTree::Literal(literal)) = tokens.next() else {
        return Err(syn::Error::new(
            proc_macro2::Span::call_site(),
            "expected a string literal",
        ));
    };
    let value = syn::parse2::<LitStr>(TokenTree::Literal(literal.clone()).into())?.value();
    let text = dedent(&value);
    let captures = captures::parse_list(tokens.collect(), &text)?;
    let start = literal.span().start();
    Ok(Code {
        file: literal.span().file(),
        line: start.line,
        captures,
        places: Places::Inside {
            token: literal.span(),
            line_starts: line_starts(&literal, &value, &text),
        },
        text,
        tracked_file: None,
    })
}

/// For each line of the dedented text, the line and column (from 1) in the Rust file where it begins.
fn line_starts(literal: &Literal, value: &str, text: &str) -> Vec<(usize, usize)> {
    let source = literal
        .span()
        .source_text()
        .unwrap_or_else(|| literal.to_string());
    let start = literal.span().start();
    let place = |offset: usize| {
        let before = &source[..offset];
        match before.rsplit_once('\n') {
            Some((lines, last)) => (
                start.line + lines.matches('\n').count() + 1,
                last.chars().count() + 1,
            ),
            None => (start.line, start.column + before.chars().count() + 1),
        }
    };
    value_line_offsets(&source)
        .into_iter()
        .zip(value.lines().zip(text.lines()))
        .map(|(offset, (before, after))| {
            let removed = before.chars().count().saturating_sub(after.chars().count());
            let (line, column) = place(offset);
            (line, column + removed)
        })
        .collect()
}

/// The byte offsets in a literal's source at which the lines of its value begin.
fn value_line_offsets(source: &str) -> Vec<usize> {
    let (Some(open), Some(close)) = (source.find('"'), source.rfind('"')) else {
        return Vec::new();
    };
    let content_start = open + 1;
    let content = &source[content_start..close.max(content_start)];
    let mut offsets = vec![content_start];
    if source.starts_with('r') {
        offsets.extend(
            content
                .match_indices('\n')
                .map(|(at, _)| content_start + at + 1),
        );
    } else {
        unescape_str(content, |range, unescaped| {
            if unescaped == Ok('\n') {
                offsets.push(content_start + range.end);
            }
        });
    }
    offsets
}
