//! Whether a file still says what would be written.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Whether two texts of Rust are the same code: layout, trailing commas and plain comments aside, so that a file which
/// rustfmt has been over agrees. Documentation counts.
///
/// ```
/// use ironbridge_bindgen::agree;
///
/// assert!(agree("fn f(a: u8, b: u8);", "fn f(\n    a: u8,\n    b: u8, // a comment\n);"));
/// assert!(!agree("/// One.\nfn f();", "/// Two.\nfn f();"));
/// ```
pub fn agree(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (one.parse(), other.parse()) {
        (Ok(one), Ok(other)) => words(one) == words(other),
        _ => false,
    }
}

fn words(tokens: TokenStream) -> Vec<String> {
    let mut out = Vec::new();
    collect(tokens, &mut out);
    out
}

fn collect(tokens: TokenStream, out: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push(open.to_owned());
                collect(group.stream(), out);
                if out.last().is_some_and(|last| last == ",") {
                    out.pop();
                }
                out.push(close.to_owned());
            }
            token => out.push(token.to_string()),
        }
    }
}
