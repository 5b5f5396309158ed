//! Which of the three forms the code has: a block, a string literal, a file.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// The form of the code.
pub(crate) enum Form {
    /// Python tokens.
    Block,
    /// A string literal, and captures.
    Literal,
    /// `file = "path"`, and captures.
    File,
}

/// Tells the form by the first tokens, and where these could be Python by the delimiter of the macro call: braces hold
/// a block, parentheses a literal or a file.
pub(crate) fn of(code: &TokenStream, wants_value: bool) -> syn::Result<Form> {
    let head: Vec<TokenTree> = code.clone().into_iter().take(4).collect();
    let braces = delimiter_of_call() == Some(Delimiter::Brace);

    if let [
        TokenTree::Ident(file),
        TokenTree::Punct(equals),
        path,
        rest @ ..,
    ] = &*head
        && file == "file"
        && equals.as_char() == '='
        && is_string(path)
        && ends_item(rest.first())
        && !braces
    {
        return Ok(Form::File);
    }
    if let [literal, rest @ ..] = &*head
        && is_string(literal)
        && ends_item(rest.first())
    {
        if !braces || is_rust_only(literal) {
            return Ok(Form::Literal);
        }
        if rest.is_empty() && !wants_value {
            return Err(syn::Error::new(
                literal.span(),
                "a block that is only a string does nothing; to run the text of a literal write \
                 `python!(\"…\")`, with parentheses",
            ));
        }
    }
    Ok(Form::Block)
}

fn is_string(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Literal(literal)
        if literal.to_string().starts_with('"') || literal.to_string().starts_with('r'))
}

/// `r#"…"#` cannot be Python: the `#` would begin a comment.
fn is_rust_only(token: &TokenTree) -> bool {
    token.to_string().starts_with("r#")
}

fn ends_item(next: Option<&TokenTree>) -> bool {
    match next {
        None => true,
        Some(TokenTree::Punct(comma)) => comma.as_char() == ',',
        Some(_) => false,
    }
}

/// The delimiter of the macro call, read from its source; `None` where an editor or an outer macro hides it.
fn delimiter_of_call() -> Option<Delimiter> {
    let call = Span::call_site().source_text()?;
    let after_name = call.split_once('!')?.1.trim_start();
    match after_name.chars().next()? {
        '{' => Some(Delimiter::Brace),
        '(' => Some(Delimiter::Parenthesis),
        '[' => Some(Delimiter::Bracket),
        _ => None,
    }
}
