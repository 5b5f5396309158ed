//! The contract, as a constant: what loading checks against the Python side.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use super::declaration::{Declaration, Member, MemberKind};
use super::hint::hint;
use super::parameter::{Parameter, ParameterKind, spelled};

/// `&Contract { … }`.
pub(crate) fn contract(
    declaration: &Declaration,
    python_name: &str,
    is_protocol: bool,
) -> TokenStream {
    let trait_name = declaration.name.unraw().to_string();
    let file = Span::call_site().file();
    let members = declaration.members.iter().map(member);
    quote! {
        &::ironbridge::module::Contract {
            trait_name: #trait_name,
            python_name: #python_name,
            is_protocol: #is_protocol,
            file: #file,
            members: &[#(#members),*],
        }
    }
}

fn member(member: &Member) -> TokenStream {
    let private = quote!(::ironbridge::__private::module);
    let kind = match member.kind {
        MemberKind::Function => quote!(Function),
        MemberKind::Get => quote!(Get),
        MemberKind::Set => quote!(Set),
        MemberKind::Class => quote!(Class),
    };
    let result = &member.result;
    let class = if member.python_name.is_none() {
        quote!(::core::option::Option::Some(|| <#result as ::ironbridge::module::TypedClass>::CONTRACT))
    } else {
        quote!(#private::ClassOf::<#result>::CONTRACT)
    };
    let python_name = member.python_name.as_ref().map_or_else(
        || quote!(<#result as ::ironbridge::module::TypedClass>::CONTRACT.python_name),
        |name| quote!(#name),
    );
    let parameters = member.parameters.iter().map(parameter);
    let (is_async, spelled, result_hint) = (member.is_async(), &member.spelled, hint(result));
    let line = u32::try_from(member.signature.ident.span().start().line).unwrap_or(u32::MAX);
    quote! {
        ::ironbridge::module::Member {
            python_name: #python_name,
            kind: ::ironbridge::module::MemberKind::#kind,
            is_async: #is_async,
            parameters: &[#(#parameters),*],
            result: #result_hint,
            class: {
                #[allow(unused_imports)]
                use #private::NoClass as _;
                #class
            },
            line: #line,
            declaration: #spelled,
        }
    }
}

fn parameter(parameter: &Parameter) -> TokenStream {
    let ty = &parameter.ty;
    let kind = match parameter.kind {
        ParameterKind::Positional => quote!(Positional),
        ParameterKind::Keyword => quote!(Keyword),
        ParameterKind::Default => quote!(Default),
        ParameterKind::KeywordDefault => quote!(KeywordDefault),
        ParameterKind::Args => quote!(Args),
        ParameterKind::Kwargs => quote!(Kwargs),
        ParameterKind::Options => quote!(Options),
    };
    let names = if parameter.kind == ParameterKind::Options {
        let ty = without_lifetimes(ty);
        quote!(<#ty as ::ironbridge::convert::Options>::NAMES)
    } else {
        quote!(&[])
    };
    // What is left out where it is `None` is never `None` in Python.
    let passed = match super::parameter::option_of(ty) {
        Some(inner) if parameter.kind.is_optional() => inner,
        _ => ty,
    };
    let (name, hint, rust_type) = (&parameter.python_name, hint(passed), spelled(ty));
    quote! {
        ::ironbridge::module::Parameter {
            name: #name,
            kind: ::ironbridge::module::ParameterKind::#kind,
            hint: #hint,
            names: #names,
            rust_type: #rust_type,
        }
    }
}

/// The type behind a reference: a constant can name no lifetime of the function's.
fn without_lifetimes(ty: &syn::Type) -> &syn::Type {
    match ty {
        syn::Type::Reference(reference) => &reference.elem,
        ty => ty,
    }
}
