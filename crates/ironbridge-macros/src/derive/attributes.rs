//! Reading `#[python(name = "type", default)]`.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Token};

use super::errors::Errors;

/// What may stand in `#[python(…)]` at some place.
pub(super) struct Known {
    /// Where: `a field`.
    pub(super) place: &'static str,
    /// The names, and how each is written.
    pub(super) names: &'static [(&'static str, &'static str)],
}

/// One part: `default`, `default = 3`.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) name: Ident,
    pub(super) value: Option<Expr>,
}

impl Parse for Part {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Self { name, value })
    }
}

/// The parts of all `#[python(…)]` of one item, each known and none repeated.
pub(super) fn read(attributes: &[Attribute], known: &Known, errors: &mut Errors) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for attribute in attributes {
        if !attribute.path().is_ident("python") {
            continue;
        }
        let list = attribute.parse_args_with(Punctuated::<Part, Token![,]>::parse_terminated);
        let list = match list {
            Ok(list) => list,
            Err(error) => {
                errors.add(error);
                continue;
            }
        };
        for part in list {
            if parts.iter().any(|other| other.name == part.name) {
                errors.at(&part.name, format!("`{}` is given twice", part.name));
            } else if known.names.iter().any(|(name, _)| part.name == name) {
                parts.push(part);
            } else {
                errors.at(&part.name, unknown(&part.name.to_string(), known));
            }
        }
    }
    parts
}

fn unknown(name: &str, known: &Known) -> String {
    let near = known
        .names
        .iter()
        .map(|(other, written)| (strsim::damerau_levenshtein(name, other), written))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 2);
    let place = known.place;
    if let Some((_, written)) = near {
        return format!("{place} has no `{name}`; did you mean `{written}`?");
    }
    let all: Vec<_> = known
        .names
        .iter()
        .map(|(_, written)| format!("`{written}`"))
        .collect();
    format!("{place} has no `{name}`; there are {}", all.join(", "))
}

impl Part {
    /// Takes the part of that name out of the list.
    pub(super) fn take(parts: &mut Vec<Self>, name: &str) -> Option<Self> {
        let index = parts.iter().position(|part| part.name == name)?;
        Some(parts.remove(index))
    }

    /// Takes a part that has no value.
    pub(super) fn take_flag(
        parts: &mut Vec<Self>,
        name: &str,
        errors: &mut Errors,
    ) -> Option<Ident> {
        let part = Self::take(parts, name)?;
        if let Some(value) = &part.value {
            errors.at(value, format!("`{name}` stands alone, without a value"));
        }
        Some(part.name)
    }

    /// Takes a part whose value is a string literal.
    pub(super) fn take_text(
        parts: &mut Vec<Self>,
        name: &str,
        errors: &mut Errors,
    ) -> Option<LitStr> {
        let part = Self::take(parts, name)?;
        match part.value {
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => Some(text),
            Some(value) => {
                errors.at(&value, format!("`{name}` takes a string: `{name} = \"…\"`"));
                None
            }
            None => {
                errors.at(
                    &part.name,
                    format!("`{name}` takes a string: `{name} = \"…\"`"),
                );
                None
            }
        }
    }
}
