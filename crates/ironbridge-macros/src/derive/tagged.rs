//! Enums with a tag: dicts or objects, one field of which says which variant it is.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Fields, LitStr};

use super::container::Container;
use super::enums::Variant;
use super::errors::Errors;
use super::fields::{self, Field};
use super::rename::Rule;
use super::{literals, pointers, types};

/// The content of a variant.
enum Content<'a> {
    Nothing,
    One(&'a syn::Type),
    Named(Vec<Field<'a>>),
}

pub(super) fn expand(
    container: &Container<'_>,
    variants: &[Variant<'_>],
    errors: &mut Errors,
) -> TokenStream {
    let Some(tag) = &container.tag else {
        return TokenStream::new();
    };
    let contents: Vec<_> = variants
        .iter()
        .map(|variant| read(variant, tag, container.rename_all_fields, errors))
        .collect();
    let values = literals::declare(container, variants);
    let statics = contents
        .iter()
        .enumerate()
        .filter_map(|(index, content)| match content {
            Content::Named(fields) => Some(fields::declare_names(&names(index), fields)),
            _ => None,
        });
    let from = from(container, variants, &contents, tag);
    let into = into(container, variants, &contents);
    quote! {
        static __TAG: __private::Names<1> = __private::Names::new([#tag]);
        #values
        #(#statics)*
        #from
        #into
    }
}

fn names(index: usize) -> Ident {
    format_ident!("__NAMES_{index}", span = Span::call_site())
}

fn read<'a>(variant: &Variant<'a>, tag: &LitStr, rule: Rule, errors: &mut Errors) -> Content<'a> {
    let content = match variant.fields {
        Fields::Unit => Content::Nothing,
        Fields::Named(named) => Content::Named(fields::read(named, rule, errors)),
        Fields::Unnamed(unnamed) => {
            if let [ty] = &*super::tuples::read(unnamed, errors) {
                Content::One(ty)
            } else {
                errors.at(
                    variant.ident,
                    "a variant with several unnamed fields has no place for the tag: name the fields",
                );
                Content::Nothing
            }
        }
    };
    if let Content::Named(fields) = &content
        && fields::names(fields).contains(&tag.value())
    {
        errors.at(
            variant.ident,
            format!(
                "a field of this variant has the name of the tag, `{}`",
                tag.value()
            ),
        );
    }
    if let (Some(class), Content::One(_)) = (&variant.class, &content) {
        errors.at(class, "give the struct in this variant the class");
    }
    content
}

fn from(
    container: &Container<'_>,
    variants: &[Variant<'_>],
    contents: &[Content<'_>],
    tag: &LitStr,
) -> TokenStream {
    let subject = container.subject();
    let last = variants.len() - 1;
    let arms = variants
        .iter()
        .zip(contents)
        .enumerate()
        .map(|(index, (variant, content))| {
            let ident = variant.ident;
            let value = match content {
                Content::Nothing => quote!(Self::#ident {}),
                Content::One(ty) => {
                    let (through, unwrap) = pointers::from_python(ty)
                        .unwrap_or_else(|| ((*ty).clone(), quote!(|value| value)));
                    quote_spanned! {types::span(ty)=>
                        Self::#ident((#unwrap)(__private::only::<#through>(object, #subject)?))
                    }
                }
                Content::Named(fields) => {
                    let names = names(index);
                    let values = fields.iter().map(|field| field.read_from(fields));
                    quote! {{
                        let names = #names.get(source.py());
                        Self::#ident { #(#values),* }
                    }}
                }
            };
            let deny = match content {
                _ if container.deny_unknown.is_none() => None,
                Content::One(_) => None,
                Content::Nothing => Some(quote!(source.deny_unknown(|name| name == #tag)?;)),
                Content::Named(fields) => {
                    let knows = fields::knows(fields, None);
                    Some(quote!(source.deny_unknown(|name| name == #tag || #knows)?;))
                }
            };
            let pattern = if index == last {
                quote!(_)
            } else {
                quote!(#index)
            };
            quote!(#pattern => { #deny #value })
        });
    let nested = contents.iter().any(|content| match content {
        Content::Nothing => false,
        Content::One(ty) => !types::is_leaf(ty),
        Content::Named(fields) => fields::are_nested(fields),
    });
    let level = nested.then(|| quote!(let _level = __private::deeper(object.py())?;));
    let way = container.from();
    container.implement_from(&quote! {
        #level
        let source = &__private::Source::open(object, #way, #subject)?;
        let taken = &|name: &str| name == #tag;
        let tag = source.tag(&__TAG.get(source.py())[0])?;
        let index = __VALUES.index_of_tag(object, #tag, tag.as_borrowed())?;
        ::core::result::Result::Ok(match index { #(#arms),* })
    })
}

fn into(
    container: &Container<'_>,
    variants: &[Variant<'_>],
    contents: &[Content<'_>],
) -> TokenStream {
    let subject = container.subject();
    let name = container.ident;
    let skip_none = container.skip_none.is_some();
    let arms = variants
        .iter()
        .zip(contents)
        .enumerate()
        .map(|(index, (variant, content))| {
            let ident = variant.ident;
            let tag = quote!(&__TAG.get(py)[0], &__VALUES.object(py, #index)?);
            match content {
                Content::One(ty) => {
                    let reference = quote_spanned!(types::span(ty)=> value);
                    let converted = pointers::into_python(ty, &reference);
                    let find = pointers::find(ty, &reference);
                    quote_spanned! {types::span(ty)=>
                        #name::#ident(value) => __private::with_tag(
                            __private::only_into(py, #converted, #subject, || #find)?,
                            #tag,
                        )
                    }
                }
                Content::Nothing => finish(&quote!(#name::#ident {}), variant, &quote!(), &tag),
                Content::Named(fields) => {
                    let (fields, set) = fields::bind(fields, &subject, skip_none);
                    let names = names(index);
                    finish(
                        &quote!(#name::#ident #fields),
                        variant,
                        &quote!(let names = #names.get(py); #set),
                        &tag,
                    )
                }
            }
        });
    container.implement_into(&quote!(match self { #(#arms),* }))
}

/// An arm that makes a dict with the tag and the fields, and an object of it where the variant has a class.
fn finish(
    pattern: &TokenStream,
    variant: &Variant<'_>,
    set: &TokenStream,
    tag: &TokenStream,
) -> TokenStream {
    let object = match &variant.class {
        None => quote!(::core::result::Result::Ok(dict.clone().into_any())),
        Some(class) => quote! {{
            static CLASS: __private::Class = __private::Class::new(#class);
            CLASS.call_with(dict)
        }},
    };
    quote! {
        #pattern => {
            let dict = &__private::tagged(py, #tag)?;
            #set
            #object
        }
    }
}
