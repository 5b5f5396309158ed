//! Python code that has come in: its text, its captures, and where in the program each piece stands.

use ironbridge_python_ast::{Diagnostic, line_column};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::captures::Capture;

/// Code with its origin.
pub(crate) struct Code {
    /// Dedented Python.
    pub(crate) text: String,
    /// The file that tracebacks name.
    pub(crate) file: String,
    /// The line of `file` on which the text begins, from 1.
    pub(crate) line: usize,
    /// Captured variables, in order of the parameters they become.
    pub(crate) captures: Vec<Capture>,
    /// Where the text stands.
    pub(crate) places: Places,
    /// A file to be watched for changes by the build.
    pub(crate) tracked_file: Option<String>,
}

/// How offsets of the text lead back to the program.
pub(crate) enum Places {
    /// The text was made from tokens: byte ranges of the text, in order, each with its token.
    Tokens(Vec<(std::ops::Range<usize>, Span)>),
    /// The text lies inside one token (a string literal) or another file: errors are shown at that token, with the
    /// place drawn into the message.
    Inside {
        /// The token.
        token: Span,
        /// For each line of the text, the line and column (from 1) in `file` where it begins.
        line_starts: Vec<(usize, usize)>,
    },
}

impl Code {
    /// The diagnostics as one error of the compiler, each at its place.
    pub(crate) fn error(&self, diagnostics: Vec<Diagnostic>) -> syn::Error {
        diagnostics
            .into_iter()
            .map(|diagnostic| self.one_error(&diagnostic))
            .reduce(|mut all, next| {
                all.combine(next);
                all
            })
            .unwrap_or_else(|| {
                syn::Error::new(Span::call_site(), "this is no Python that can be read")
            })
    }

    fn one_error(&self, diagnostic: &Diagnostic) -> syn::Error {
        match &self.places {
            Places::Tokens(places) => {
                syn::Error::new_spanned(spanning(places, &diagnostic.range), &diagnostic.message)
            }
            Places::Inside { token, line_starts } => {
                syn::Error::new(*token, self.drawn(diagnostic, line_starts))
            }
        }
    }

    /// The message with the line it is about, drawn as the compiler draws lines.
    fn drawn(&self, diagnostic: &Diagnostic, line_starts: &[(usize, usize)]) -> String {
        let place = line_column(&self.text, diagnostic.range.start);
        let end = line_column(&self.text, diagnostic.range.end);
        let (line, first_column) = line_starts
            .get(place.line - 1)
            .copied()
            .unwrap_or((self.line + place.line - 1, 1));
        let column = first_column + place.column - 1;
        let shown = self.text.lines().nth(place.line - 1).unwrap_or_default();
        let width = if end.line == place.line {
            end.column.saturating_sub(place.column).max(1)
        } else {
            1
        };
        let gutter = " ".repeat(line.to_string().len());
        format!(
            "{message}\n{gutter}--> {file}:{line}:{column}\n{gutter} |\n{line} | {shown}\n{gutter} | {indent}{carets}",
            message = diagnostic.message,
            file = self.file,
            indent = " ".repeat(place.column - 1),
            carets = "^".repeat(width),
        )
    }
}

/// Tokens whose spans run from the first to the last token that `range` touches; where it touches none (the end of a
/// line), the last one before it.
fn spanning(
    places: &[(std::ops::Range<usize>, Span)],
    range: &std::ops::Range<usize>,
) -> TokenStream {
    let end = range.end.max(range.start + 1);
    let mut touched = places
        .iter()
        .filter(|(place, _)| place.start < end && range.start < place.end);
    let before = places.iter().rfind(|(place, _)| place.start <= range.start);
    let first = touched.clone().next().or(before).or(places.first());
    let last = touched.next_back().or(first);
    let (Some((_, first)), Some((_, last))) = (first, last) else {
        return TokenStream::new();
    };
    let mut tokens = quote_spanned!(*first=> x);
    tokens.extend(quote_spanned!(*last=> x));
    tokens
}
