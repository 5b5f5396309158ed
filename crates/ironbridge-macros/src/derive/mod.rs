//! `#[derive(Python)]`: a type is read (`attributes`, `fields`, `rename`), checked, and its conversions are written,
//! for each kind of type in a module of its own. What they call stands in `ironbridge::__private::convert`.
//!
//! Errors are gathered, and reported together.

mod attributes;
mod container;
mod enums;
mod errors;
mod fields;
mod literals;
mod options;
mod pointers;
mod rename;
mod structs;
mod tagged;
mod tuples;
mod types;
mod untagged;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use container::Container;
use errors::Errors;

/// The expansion of `#[derive(Python)]`.
pub(crate) fn python(input: TokenStream) -> TokenStream {
    expand(input).unwrap_or_else(|error| error.to_compile_error())
}

fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let mut errors = Errors::default();
    let container = Container::read(&input, &mut errors);
    let body = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) if container.options.is_some() => {
                options::expand(&container, named, &mut errors)
            }
            Fields::Named(named) => structs::expand(&container, named, &mut errors),
            Fields::Unnamed(unnamed) => tuples::expand(&container, unnamed, &mut errors),
            Fields::Unit => {
                errors.at(
                    &input.ident,
                    "a struct without fields has nothing to convert; write `{}` after its name for an empty dict",
                );
                TokenStream::new()
            }
        },
        Data::Enum(data) => enums::expand(&container, data, &mut errors),
        Data::Union(_) => {
            errors.at(
                &input.ident,
                "a Rust `union` cannot be converted; a Python union is an `enum`",
            );
            TokenStream::new()
        }
    };
    errors.finish()?;
    Ok(quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction, unused_imports, unused_variables, deprecated)]
        const _: () = {
            use ::ironbridge::__private::convert as __private;
            use __private::{PyAnyMethods as _, PyDictMethods as _, ReadAny as _, ReadQuick as _};
            #body
        };
    })
}
