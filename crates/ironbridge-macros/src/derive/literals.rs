//! Enums whose variants have no fields: values of a `Literal`, or members of an `Enum`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use super::container::Container;
use super::enums::{Value, Variant};
use super::errors::Errors;

pub(super) fn expand_literals(container: &Container<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let values = declare(container, variants);
    let from = from(container, variants, &quote!(__VALUES.index(object)?));
    let index = index(container, variants);
    let into = container.implement_into(&quote!(__VALUES.object(py, #index)));
    quote!(#values #from #into)
}

pub(super) fn expand_members(
    container: &Container<'_>,
    class: &LitStr,
    variants: &[Variant<'_>],
    errors: &mut Errors,
) -> TokenStream {
    let names: Vec<String> = variants
        .iter()
        .map(|variant| {
            if let Value::Str(name) = &variant.value {
                name.clone()
            } else {
                errors.at(
                    variant.ident,
                    "members of an `Enum` go by their names: give `name = \"…\"`, not a value",
                );
                String::new()
            }
        })
        .collect();
    let (subject, count) = (container.subject(), names.len());
    let from = from(container, variants, &quote!(__MEMBERS.index(object)?));
    let index = index(container, variants);
    let into = container.implement_into(&quote!(__MEMBERS.member(py, #index)));
    quote! {
        static __MEMBERS: __private::Members<#count> =
            __private::Members::new(#class, #subject, [#(#names),*]);
        #from
        #into
    }
}

/// A static with the values of the variants.
pub(super) fn declare(container: &Container<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let (subject, count) = (container.subject(), variants.len());
    let values = variants.iter().map(|variant| match &variant.value {
        Value::Str(text) => quote!(__private::Literal::Str(#text)),
        Value::Int(number) => quote!(__private::Literal::Int(#number)),
        Value::Bool(value) => quote!(__private::Literal::Bool(#value)),
    });
    quote! {
        static __VALUES: __private::Literals<#count> =
            __private::Literals::new(#subject, [#(#values),*]);
    }
}

fn from(container: &Container<'_>, variants: &[Variant<'_>], index: &TokenStream) -> TokenStream {
    let last = variants.len() - 1;
    let arms = variants.iter().enumerate().map(|(index, variant)| {
        let ident = variant.ident;
        let pattern = if index == last {
            quote!(_)
        } else {
            quote!(#index)
        };
        quote!(#pattern => Self::#ident {})
    });
    container.implement_from(&quote!(::core::result::Result::Ok(match #index { #(#arms),* })))
}

fn index(container: &Container<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let name = container.ident;
    let arms = variants.iter().enumerate().map(|(index, variant)| {
        let ident = variant.ident;
        quote!(#name::#ident {} => #index)
    });
    quote!(match self { #(#arms),* })
}
