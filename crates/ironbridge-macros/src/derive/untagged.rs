//! Enums with fields and without a tag: unions, of which the first variant that fits is taken.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Fields, Type};

use super::container::Container;
use super::enums::{Value, Variant};
use super::errors::Errors;
use super::fields::{self, Field};
use super::{literals, tuples, types};

enum Content<'a> {
    Value,
    Items(Vec<&'a Type>),
    Named(Vec<Field<'a>>),
}

pub(super) fn expand(
    container: &Container<'_>,
    variants: &[Variant<'_>],
    errors: &mut Errors,
) -> TokenStream {
    let contents: Vec<_> = variants
        .iter()
        .map(|variant| match variant.fields {
            Fields::Unit => Content::Value,
            Fields::Unnamed(unnamed) => Content::Items(tuples::read(unnamed, errors)),
            Fields::Named(named) => {
                Content::Named(fields::read(named, container.rename_all_fields, errors))
            }
        })
        .collect();
    let values = literals::declare(container, variants);
    let statics = contents
        .iter()
        .enumerate()
        .filter_map(|(index, content)| match content {
            Content::Named(fields) => Some(fields::declare_names(&names(index), fields)),
            _ => None,
        });
    let from = from(container, variants, &contents);
    let into = into(container, variants, &contents);
    quote!(#values #(#statics)* #from #into)
}

fn names(index: usize) -> Ident {
    format_ident!("__NAMES_{index}", span = Span::call_site())
}

fn from(
    container: &Container<'_>,
    variants: &[Variant<'_>],
    contents: &[Content<'_>],
) -> TokenStream {
    let attempts: Vec<_> = variants
        .iter()
        .zip(contents)
        .enumerate()
        .map(|(index, (variant, content))| {
            let (shown, read) = attempt(container, variant, content, index);
            quote! {
                if let ::core::option::Option::Some(value) = attempts.attempt(#index, #shown, #read)? {
                    return ::core::result::Result::Ok(value);
                }
            }
        })
        .collect();
    // Who is of the very type comes first, then who can be converted to it.
    let plain: Vec<_> = contents.iter().map(plain).collect();
    let exact = attempts
        .iter()
        .zip(&plain)
        .map(|(attempt, plain)| match plain {
            Some(plain) => quote!(if __private::Plain::#plain.fits(object) { #attempt }),
            None => attempt.clone(),
        });
    let converted = attempts.iter().zip(&plain).filter_map(|(attempt, plain)| {
        let plain = plain.as_ref()?;
        Some(quote!(if !__private::Plain::#plain.fits(object) { #attempt }))
    });
    let subject = container.subject();
    let nested = contents.iter().any(|content| match content {
        Content::Value => false,
        Content::Items(types) => !types.iter().all(|ty| types::is_leaf(ty)),
        Content::Named(fields) => fields::are_nested(fields),
    });
    let level = nested.then(|| quote!(let _level = __private::deeper(object.py())?;));
    container.implement_from(&quote! {
        #level
        let mut attempts = __private::Attempts::new(object, #subject);
        #(#exact)*
        #(#converted)*
        ::core::result::Result::Err(attempts.error())
    })
}

/// What the variant is called in an error, and a `PyResult` of it.
fn attempt(
    container: &Container<'_>,
    variant: &Variant<'_>,
    content: &Content<'_>,
    index: usize,
) -> (String, TokenStream) {
    let subject = variant.ident.to_string();
    let ident = variant.ident;
    match content {
        Content::Value => {
            let shown = match &variant.value {
                Value::Str(text) => format!("'{text}'"),
                Value::Int(number) => number.to_string(),
                Value::Bool(true) => "True".to_owned(),
                Value::Bool(false) => "False".to_owned(),
            };
            let read = quote!(__VALUES.is(object, #index).map(|()| Self::#ident {}));
            (shown, read)
        }
        Content::Items(items) => {
            let shown = match &**items {
                [ty] => shown(ty),
                _ => format!("a tuple of {}", items.len()),
            };
            (
                shown,
                tuples::read_from(items, &subject, &quote!(Self::#ident)),
            )
        }
        Content::Named(fields) => {
            let names = names(index);
            let values = fields.iter().map(|field| field.read_from(fields));
            let way = container.from();
            let deny = container.deny_unknown.is_some().then(|| {
                let knows = fields::knows(fields, None);
                quote!(source.deny_unknown(|name| #knows)?;)
            });
            let read = quote! {
                (|| -> __private::PyResult<Self> {
                    let source = &__private::Source::open(object, #way, #subject)?;
                    let taken = &|_: &str| false;
                    #deny
                    let names = #names.get(source.py());
                    ::core::result::Result::Ok(Self::#ident { #(#values),* })
                })()
            };
            (subject, read)
        }
    }
}

/// The Python type that the variant's is the counterpart of, if it is a plain one.
fn plain(content: &Content<'_>) -> Option<Ident> {
    let Content::Items(items) = content else {
        return None;
    };
    let [ty] = &**items else { return None };
    let (name, _) = types::parts(ty)?;
    let plain = match &*name {
        "bool" => "Bool",
        "f32" | "f64" => "Float",
        "String" | "Str" | "char" => "Str",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" | "BigInt" | "BigUint" => "Int",
        _ => return None,
    };
    Some(Ident::new(plain, Span::call_site()))
}

/// The type as errors name it.
fn shown(ty: &Type) -> String {
    match types::parts(ty) {
        Some((name, _)) if name == "String" || name == "Str" => "str".to_owned(),
        Some((name, _)) if name == "Bytes" => "bytes".to_owned(),
        Some((name, arguments)) if arguments.is_empty() => name,
        _ => ty.to_token_stream().to_string().replace(' ', ""),
    }
}

fn into(
    container: &Container<'_>,
    variants: &[Variant<'_>],
    contents: &[Content<'_>],
) -> TokenStream {
    let subject = container.subject();
    let name = container.ident;
    let arms = variants
        .iter()
        .zip(contents)
        .enumerate()
        .map(|(index, (variant, content))| {
            let ident = variant.ident;
            match content {
                Content::Value => quote!(#name::#ident {} => __VALUES.object(py, #index)),
                Content::Items(items) => {
                    let bound: Vec<_> = (0..items.len())
                        .map(|index| format_ident!("__field_{index}"))
                        .collect();
                    let references: Vec<_> = items
                        .iter()
                        .zip(&bound)
                        .map(|(ty, bound)| {
                            let bound = Ident::new(&bound.to_string(), types::span(ty));
                            quote!(#bound)
                        })
                        .collect();
                    let object = tuples::object(items, &references, &subject);
                    quote!(#name::#ident(#(#bound),*) => #object)
                }
                Content::Named(fields) => {
                    let (fields, set) = fields::bind(fields, &subject, false);
                    let names = names(index);
                    quote! {
                        #name::#ident #fields => {
                            let dict = &__private::PyDict::new(py);
                            let names = #names.get(py);
                            #set
                            ::core::result::Result::Ok(dict.clone().into_any())
                        }
                    }
                }
            }
        });
    container.implement_into(&quote!(match self { #(#arms),* }))
}
