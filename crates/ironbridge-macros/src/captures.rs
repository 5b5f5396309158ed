//! Captured Rust variables: `'name` in a block, `name` or `name = expression` after a literal or a file.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token};

/// One captured value and the Python parameter it becomes.
pub(crate) struct Capture {
    /// What a person calls it.
    pub(crate) shown: String,
    /// The name of the parameter.
    pub(crate) parameter: String,
    /// The Rust expression.
    pub(crate) value: TokenStream,
}

/// Stands for the `'` of a capture in Python: MODIFIER LETTER APOSTROPHE, which looks like it, takes one column like
/// it, and may begin a Python name that nobody types by accident.
pub(crate) const MARK: char = '\u{2BC}';

impl Capture {
    /// The capture `'name` of a block.
    pub(crate) fn marked(name: &Ident) -> Self {
        Self {
            shown: format!("'{name}"),
            parameter: format!("{MARK}{}", without_raw_prefix(name)),
            value: quote!(#name),
        }
    }
}

/// The name of a block's capture as the person wrote it.
pub(crate) fn shown(parameter: &str) -> String {
    parameter.replace(MARK, "'")
}

/// Parses `, name, name = expression, …`, the part after a literal or a file, and checks that the code uses each.
pub(crate) fn parse_list(tokens: TokenStream, text: &str) -> syn::Result<Vec<Capture>> {
    let captures = (|input: ParseStream<'_>| {
        let mut captures = Vec::new();
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            captures.push(parse_one(input)?);
        }
        if input.is_empty() {
            Ok(captures)
        } else {
            Err(input.error("expected `,` and a capture: `name` or `name = expression`"))
        }
    })
    .parse2(tokens)?;

    let mut errors: Option<syn::Error> = None;
    for (index, (name, _)) in captures.iter().enumerate() {
        let repeated = captures[..index].iter().any(|(other, _)| other == name);
        let problem = if repeated {
            format!("`{name}` is captured twice")
        } else if !uses(text, &without_raw_prefix(name)) {
            format!("`{name}` is captured but the code never uses it")
        } else {
            continue;
        };
        let error = syn::Error::new(name.span(), problem);
        match &mut errors {
            Some(errors) => errors.combine(error),
            None => errors = Some(error),
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    Ok(captures
        .into_iter()
        .map(|(name, value)| Capture {
            shown: name.to_string(),
            parameter: without_raw_prefix(&name),
            value,
        })
        .collect())
}

fn parse_one(input: ParseStream<'_>) -> syn::Result<(Ident, TokenStream)> {
    let name: Ident = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected a capture: `name` or `name = expression`",
        )
    })?;
    let value = if input.parse::<Option<Token![=]>>()?.is_some() {
        let value: Expr = input.parse()?;
        quote!(#value)
    } else {
        quote!(#name)
    };
    Ok((name, value))
}

/// Whether `name` stands in the code as a name, not as a piece of a string or a comment.
fn uses(text: &str, name: &str) -> bool {
    let offsets: Vec<usize> = text
        .match_indices(name)
        .map(|(offset, _)| offset)
        .filter(|&offset| {
            let continues = |c: char| c == '_' || c.is_alphanumeric();
            !text[..offset].ends_with(continues)
                && !text[offset + name.len()..].starts_with(continues)
        })
        .collect();
    ironbridge_python_ast::names_at(text, &offsets).contains(&true)
}

/// `r#type` is `type` in Python.
fn without_raw_prefix(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}
