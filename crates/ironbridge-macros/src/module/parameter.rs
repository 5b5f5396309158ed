//! A parameter of a declared function, and how Python gets it.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, Ident, Pat, Type, TypeParamBound};

use super::attribute::{Errors, is_python_name, take_python};

/// How an argument is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    /// By its place.
    Positional,
    /// By its name.
    Keyword,
    /// By its name, or not at all: an `Option`, of which `None` leaves Python its default.
    Default,
    /// As [`Default`](Self::Default), and by name alone in Python.
    KeywordDefault,
    /// The items, by their places: `*args`.
    Args,
    /// The items, by their names: `**kwargs`.
    Kwargs,
    /// The fields that are set, by their names.
    Options,
}

impl ParameterKind {
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::Default | Self::KeywordDefault)
    }
}

/// A parameter.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) python_name: String,
    /// As declared.
    pub(crate) ty: Type,
    pub(crate) kind: ParameterKind,
}

const KEYS: &str = "`keyword`, `default`, `args`, `kwargs`, `options`, `name = \"…\"`";

impl Parameter {
    /// Reads a parameter and takes its `#[python(…)]` off.
    pub(crate) fn read(argument: &mut FnArg) -> syn::Result<Option<Self>> {
        let FnArg::Typed(typed) = argument else {
            return Ok(None);
        };
        let mut errors = Errors::default();
        let items = errors
            .take(take_python(&mut typed.attrs))
            .unwrap_or_default();
        let Pat::Ident(pattern) = &*typed.pat else {
            errors.at(&typed.pat, "a parameter must be a plain name");
            return errors.finish(None);
        };
        let mut python_name = pattern.ident.unraw().to_string();
        let (mut keyword, mut default, mut kind) = (false, false, None);
        for item in items {
            let key = item.key.to_string();
            match (&*key, &item.value) {
                ("keyword", None) => keyword = true,
                ("default", None) => default = true,
                ("args" | "kwargs" | "options", None) if kind.is_some() => {
                    errors.at(
                        &item.key,
                        "only one of `args`, `kwargs` and `options` can hold",
                    );
                }
                ("args", None) => kind = Some(ParameterKind::Args),
                ("kwargs", None) => kind = Some(ParameterKind::Kwargs),
                ("options", None) => kind = Some(ParameterKind::Options),
                ("name", Some(name)) if is_python_name(&name.value()) => {
                    python_name = name.value();
                }
                ("name", Some(name)) => errors.at(name, "this is no Python name"),
                ("name", None) => errors.at(&item.key, "expected `name = \"…\"`"),
                _ => errors.push(syn::Error::new(
                    item.span(),
                    format!("unknown `{key}` of a parameter; there are {KEYS}"),
                )),
            }
        }
        if kind.is_some() && (keyword || default) {
            errors.at(
                &pattern.ident,
                "`args`, `kwargs` and `options` go without `keyword` and `default`",
            );
        }
        if default && option_of(&typed.ty).is_none() {
            errors.at(
                &typed.ty,
                "a parameter with `default` is an `Option`: `None` leaves Python its default",
            );
        }
        if matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_some()) {
            errors.at(
                &typed.ty,
                "Python gets a value of its own, so a change would be lost: no `&mut`",
            );
        }
        let kind = kind.unwrap_or(match (keyword, default) {
            (false, false) => ParameterKind::Positional,
            (true, false) => ParameterKind::Keyword,
            (false, true) => ParameterKind::Default,
            (true, true) => ParameterKind::KeywordDefault,
        });
        errors.finish(Some(Self {
            name: pattern.ident.clone(),
            python_name,
            ty: (*typed.ty).clone(),
            kind,
        }))
    }

    /// Whether the parameter is a Rust closure: `impl Fn(A, B) -> Result<R>`.
    pub(crate) fn is_closure(&self) -> bool {
        is_closure(&self.ty)
    }
}

/// Whether the type is `impl Fn(…) …`.
pub(crate) fn is_closure(ty: &Type) -> bool {
    let Type::ImplTrait(ty) = ty else {
        return false;
    };
    ty.bounds.iter().any(|bound| {
        matches!(bound, TypeParamBound::Trait(bound)
            if bound.path.segments.last().is_some_and(|segment| segment.ident == "Fn"))
    })
}

/// The `T` of `Option<T>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    only_argument(ty, "Option")
}

/// The `T` of `Name<T>`.
pub(crate) fn only_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// Tokens as a person would write them, near enough for a message.
pub(crate) fn spelled(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let mut spelled = String::with_capacity(text.len());
    for c in text.chars() {
        let glued = matches!(
            c,
            '<' | '>' | ',' | '(' | ')' | '[' | ']' | ';' | ':' | '.' | '?'
        );
        let after = spelled.chars().rev().nth(1);
        if glued && spelled.ends_with(' ') && !(c == '>' && after == Some('-')) {
            spelled.pop();
        }
        if c == ' ' && (spelled.ends_with(['<', '(', '[', '&']) || spelled.ends_with("::")) {
            continue;
        }
        spelled.push(c);
    }
    let spelled = spelled.replace("->", " -> ");
    spelled.split_whitespace().collect::<Vec<_>>().join(" ")
}
