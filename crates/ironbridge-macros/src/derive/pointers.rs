//! `Box`, `Arc` and `Rc` in fields, which `PyO3` does not convert; and the containers of a field, to find in them what
//! could not be converted.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Type, parse_quote};

use super::types::parts;

fn is_pointer(name: &str) -> bool {
    matches!(name, "Box" | "Arc" | "Rc")
}

/// Where a pointer stands in the type: the type to convert to instead, and a closure from that to the type.
pub(super) fn from_python(ty: &Type) -> Option<(Type, TokenStream)> {
    let (name, arguments) = parts(ty)?;
    match (&*name, &*arguments) {
        (pointer, [inner]) if is_pointer(pointer) => {
            let pointer = Ident::new(pointer, Span::call_site());
            let pointer = quote!(__private::pointers::#pointer);
            match from_python(inner) {
                None => Some((
                    parse_quote!(__private::Boxed<#pointer<#inner>>),
                    quote!(|value: __private::Boxed<#pointer<#inner>>| value.0),
                )),
                Some((through, unwrap)) => {
                    Some((through, quote!(|value| #pointer::new((#unwrap)(value)))))
                }
            }
        }
        ("Option", [inner]) => {
            let (through, unwrap) = from_python(inner)?;
            let ty: Type = parse_quote!(::core::option::Option<#through>);
            Some((ty.clone(), quote!(|value: #ty| value.map(#unwrap))))
        }
        ("Vec", [inner]) => {
            let (through, unwrap) = from_python(inner)?;
            let ty: Type = parse_quote!(__private::pointers::Vec<#through>);
            let collect = quote!(value.into_iter().map(#unwrap).collect());
            Some((ty.clone(), quote!(|value: #ty| #collect)))
        }
        ("HashMap", [key, inner]) => {
            let (through, unwrap) = from_python(inner)?;
            let ty: Type = parse_quote!(__private::pointers::HashMap<#key, #through>);
            let collect =
                quote!(value.into_iter().map(|(key, value)| (key, (#unwrap)(value))).collect());
            Some((ty.clone(), quote!(|value: #ty| #collect)))
        }
        _ => None,
    }
}

/// What to convert for a reference to a value of the type.
pub(super) fn into_python(ty: &Type, value: &TokenStream) -> TokenStream {
    if let Type::Reference(_) = ty {
        return quote!(*#value);
    }
    through(ty, value).unwrap_or_else(|| value.clone())
}

fn through(ty: &Type, value: &TokenStream) -> Option<TokenStream> {
    let (name, arguments) = parts(ty)?;
    let item = quote!(value);
    match (&*name, &*arguments) {
        (pointer, [inner]) if is_pointer(pointer) => {
            let behind = quote!((&**#value));
            Some(through(inner, &behind).unwrap_or(behind))
        }
        ("Option", [inner]) => {
            let inner = through(inner, &item)?;
            Some(quote!(::core::option::Option::as_ref(#value).map(|value| #inner)))
        }
        ("Vec", [inner]) => {
            let inner = through(inner, &item)?;
            Some(
                quote!((#value).iter().map(|value| #inner).collect::<__private::pointers::Vec<_>>()),
            )
        }
        ("HashMap", [_, inner]) => {
            let inner = through(inner, &item)?;
            Some(quote! {
                (#value).iter().map(|(key, value)| (key, #inner))
                    .collect::<__private::pointers::HashMap<_, _>>()
            })
        }
        _ => None,
    }
}

/// An expression that finds the element of the value that cannot be converted. Where the value has no elements, it is
/// the value itself.
pub(super) fn find(ty: &Type, value: &TokenStream) -> TokenStream {
    if !has_elements(ty) {
        return quote!(::core::option::Option::None);
    }
    let shape = shape(ty);
    quote!(<#shape as __private::Find<'__py, #ty>>::find(#value, py))
}

fn has_elements(ty: &Type) -> bool {
    match parts(ty) {
        Some((name, arguments)) => match (&*name, &*arguments) {
            (pointer, [inner]) if is_pointer(pointer) || pointer == "Option" => has_elements(inner),
            ("Vec", [_]) | ("HashMap" | "BTreeMap", [_, _, ..]) => true,
            _ => false,
        },
        None => false,
    }
}

fn shape(ty: &Type) -> TokenStream {
    let Some((name, arguments)) = parts(ty) else {
        return quote!(__private::Whole);
    };
    let (outer, inner) = match (&*name, &*arguments) {
        (pointer, [inner]) if is_pointer(pointer) => (quote!(Behind), inner),
        ("Option", [inner]) => (quote!(Maybe), inner),
        ("Vec", [inner]) => (quote!(Each), inner),
        ("HashMap" | "BTreeMap", [_, inner, ..]) => (quote!(Keyed), inner),
        _ => return quote!(__private::Whole),
    };
    let inner = shape(inner);
    quote!(__private::#outer<#inner>)
}
