//! Named fields, of structs and of variants.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Expr, FieldsNamed, LitStr, Type};

use super::attributes::{self, Known, Part};
use super::errors::Errors;
use super::pointers;
use super::rename::Rule;
use super::types;

const KNOWN: Known = Known {
    place: "a field",
    names: &[
        ("name", "name = \"…\""),
        ("default", "default"),
        ("skip", "skip"),
        ("flatten", "flatten"),
    ],
};

/// A named field.
pub(super) struct Field<'a> {
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    /// In Python.
    pub(super) name: String,
    default: Option<DefaultValue>,
    kind: Kind,
}

/// What a field is where it is missing.
enum DefaultValue {
    OfTheType,
    Given(Box<Expr>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The field of that index among those with a name.
    Named(usize),
    Skipped,
    Flattened,
}

/// Reads the fields.
pub(super) fn read<'a>(named: &'a FieldsNamed, rule: Rule, errors: &mut Errors) -> Vec<Field<'a>> {
    let mut fields: Vec<Field<'a>> = Vec::new();
    let mut index = 0;
    for field in &named.named {
        let Some(ident) = &field.ident else { continue };
        let mut parts = attributes::read(&field.attrs, &KNOWN, errors);
        let name: Option<LitStr> = Part::take_text(&mut parts, "name", errors);
        let default = Part::take(&mut parts, "default").map(|part| match part.value {
            Some(value) => DefaultValue::Given(Box::new(value)),
            None => DefaultValue::OfTheType,
        });
        let skip = Part::take_flag(&mut parts, "skip", errors);
        let flatten = Part::take_flag(&mut parts, "flatten", errors);
        let kind = if let Some(flatten) = &flatten {
            if name.is_some() || default.is_some() || skip.is_some() {
                errors.at(
                    flatten,
                    "a flattened field has no name of its own: it goes with nothing else",
                );
            }
            Kind::Flattened
        } else if let Some(skip) = &skip {
            if name.is_some() {
                errors.at(skip, "a skipped field has no name in Python");
            }
            Kind::Skipped
        } else {
            index += 1;
            Kind::Named(index - 1)
        };
        let name = match name {
            Some(name) => name.value(),
            None => rule.apply(&ident.unraw().to_string()),
        };
        let twice = fields.iter().any(|other| {
            matches!((other.kind, kind), (Kind::Named(_), Kind::Named(_))) && other.name == name
        });
        if twice {
            errors.at(ident, format!("two fields are `{name}` in Python"));
        }
        fields.push(Field {
            ident,
            ty: &field.ty,
            name,
            default,
            kind,
        });
    }
    fields
}

/// The names of the fields that have one.
pub(super) fn names(fields: &[Field<'_>]) -> Vec<String> {
    let named = fields.iter().filter(|f| matches!(f.kind, Kind::Named(_)));
    named.map(|field| field.name.clone()).collect()
}

/// A static with the names of the fields.
pub(super) fn declare_names(ident: &Ident, fields: &[Field<'_>]) -> TokenStream {
    let names = names(fields);
    let count = names.len();
    quote!(static #ident: __private::Names<#count> = __private::Names::new([#(#names),*]);)
}

/// Whether to count how deep conversions are nested.
pub(super) fn are_nested(fields: &[Field<'_>]) -> bool {
    let mut read = fields.iter().filter(|field| field.kind != Kind::Skipped);
    read.any(|field| !types::is_leaf(field.ty))
}

pub(super) fn have_flattened(fields: &[Field<'_>]) -> bool {
    fields.iter().any(|field| field.kind == Kind::Flattened)
}

/// An expression that tells whether `name` is one of the fields, those of the flattened ones included; of all but
/// `except`, if that is one.
pub(super) fn knows(fields: &[Field<'_>], except: Option<&Ident>) -> TokenStream {
    let names = names(fields);
    let flattened = fields
        .iter()
        .filter(|field| field.kind == Kind::Flattened && Some(field.ident) != except)
        .map(|field| field.ty);
    let own = if names.is_empty() {
        quote!(false)
    } else {
        quote!(::core::matches!(name, #(#names)|*))
    };
    quote!(#own #(|| <#flattened as __private::FromFields<'__py>>::knows(name))*)
}

/// The pattern of a variant's fields, and the statements that set them in `dict`.
pub(super) fn bind(
    fields: &[Field<'_>],
    subject: &str,
    skip_none: bool,
) -> (TokenStream, TokenStream) {
    let bound: Vec<_> = (0..fields.len())
        .map(|index| format_ident!("__field_{index}"))
        .collect();
    let idents = fields.iter().map(|field| field.ident);
    let pattern = quote!({ #(#idents: #bound),* });
    let set = fields
        .iter()
        .zip(&bound)
        .map(|(field, bound)| field.set(&quote!(#bound), subject, skip_none));
    (pattern, quote!(#(#set)*))
}

impl Field<'_> {
    /// `field: value`, read from `source` by `names`.
    pub(super) fn read_from(&self, fields: &[Field<'_>]) -> TokenStream {
        let Self { ident, ty, .. } = self;
        let span = types::span(ty);
        let default = if let Some(DefaultValue::Given(value)) = &self.default {
            quote!(|| #value)
        } else {
            quote_spanned!(span=> ::core::default::Default::default)
        };
        let value = match self.kind {
            Kind::Skipped => quote_spanned!(span=> __private::produce::<#ty>(#default)),
            Kind::Flattened => {
                let others = knows(fields, Some(ident));
                quote_spanned! {span=>
                    <#ty as __private::FromFields<'__py>>::from_fields(source, &|name| taken(name) || #others)?
                }
            }
            Kind::Named(index) => {
                let (through, unwrap) = pointers::from_python(ty)
                    .unwrap_or_else(|| ((*ty).clone(), quote!(|value| value)));
                let name = quote!(&names[#index]);
                let (required, optional) = if types::is_plain(ty) {
                    let of = quote!((&__private::Of::<#ty>::new()));
                    (
                        quote_spanned!(span=> #of.required(source, #name)?),
                        quote_spanned!(span=> #of.optional(source, #name)?),
                    )
                } else {
                    (
                        quote_spanned!(span=> source.required::<#through>(#name)?),
                        quote_spanned!(span=> source.optional::<#through>(#name)?),
                    )
                };
                if self.default.is_some() {
                    quote_spanned!(span=> #optional.map_or_else(#default, #unwrap))
                } else {
                    quote_spanned!(span=> (#unwrap)(#required))
                }
            }
        };
        quote!(#ident: #value)
    }

    /// The statement that sets the field in `dict`; `value` is an expression for its reference.
    pub(super) fn set(&self, value: &TokenStream, subject: &str, skip_none: bool) -> TokenStream {
        let ty = self.ty;
        let span = types::span(ty);
        match self.kind {
            Kind::Skipped => TokenStream::new(),
            Kind::Flattened => {
                quote_spanned!(span=> __private::IntoFields::<'__py>::fill(#value, dict)?;)
            }
            Kind::Named(index) => {
                if skip_none && let Some(inner) = types::argument(ty, "Option") {
                    let some = quote!(some);
                    let set = set_one(inner, &some, subject, index);
                    quote!(if let ::core::option::Option::Some(some) = #value { #set })
                } else {
                    set_one(ty, value, subject, index)
                }
            }
        }
    }

    /// The object of the field, as an expression; none for a skipped one.
    pub(super) fn object(&self, value: &TokenStream, subject: &str) -> Option<TokenStream> {
        let Kind::Named(index) = self.kind else {
            return None;
        };
        let ty = self.ty;
        let converted = pointers::into_python(ty, value);
        let find = pointers::find(ty, value);
        Some(quote_spanned! {types::span(ty)=>
            __private::field(py, #converted, #subject, &names[#index], || #find)?
        })
    }
}

fn set_one(ty: &Type, value: &TokenStream, subject: &str, index: usize) -> TokenStream {
    let converted = pointers::into_python(ty, value);
    let find = pointers::find(ty, value);
    quote_spanned! {types::span(ty)=>
        __private::set(dict, #converted, #subject, &names[#index], || #find)?;
    }
}
