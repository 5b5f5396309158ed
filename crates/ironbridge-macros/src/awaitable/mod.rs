//! `#[awaitable]`: an `async fn` that PyO3 makes a function of, which gives Python an object to await.
//!
//! On a function (`function`) it stands above `#[pyfunction]`, on methods (`methods`) above the `impl` of `#[pymethods]`,
//! so that PyO3's macro sees functions that are not `async`.

mod function;
mod methods;
mod parameters;

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Item, ReturnType, Signature};

/// The expansion of `#[awaitable]`.
pub(crate) fn awaitable(arguments: &TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item).unwrap_or_else(|error| error.to_compile_error())
}

fn expand(arguments: &TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new(
            arguments.span(),
            "`#[awaitable]` takes no arguments",
        ));
    }
    match syn::parse2::<Item>(item)? {
        Item::Fn(function) => function::expand(function),
        Item::Impl(methods) => methods::expand(methods),
        other => Err(Error::new(
            other.span(),
            "`#[awaitable]` is for an `async fn` with `#[pyfunction]`, or an `impl` with `#[pymethods]`",
        )),
    }
}

/// Is it there, by whichever path?
fn has(attributes: &[Attribute], name: &str) -> bool {
    let is_it = |attribute: &Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|segment| segment.ident == name)
    };
    attributes.iter().any(is_it)
}

/// Those that say how strict the compiler is, which are for the body as well.
fn lints(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    let levels = ["allow", "expect", "warn", "deny", "forbid"];
    attributes
        .iter()
        .filter(move |attribute| levels.iter().any(|level| attribute.path().is_ident(level)))
}

/// The function that makes the object. An error about what the future gives stands at its type.
fn named(signature: &Signature) -> TokenStream {
    let span = match &signature.output {
        ReturnType::Default => signature.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    quote_spanned!(span=> ::ironbridge::__private::extension::named)
}
