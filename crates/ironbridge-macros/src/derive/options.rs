//! `#[python(options)]`: the keyword arguments of a call, of which most are left out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::FieldsNamed;

use super::container::{Bound, Container};
use super::errors::Errors;
use super::{fields, types};

pub(super) fn expand(
    container: &Container<'_>,
    named: &FieldsNamed,
    errors: &mut Errors,
) -> TokenStream {
    let fields = fields::read(named, container.rename_all, errors);
    for field in &fields {
        if types::argument(field.ty, "Option").is_none() {
            errors.at(
                field.ty,
                format!(
                    "a field of `options` is an `Option`: `{}` of `None` is left out, and Python's default applies",
                    field.ident
                ),
            );
        }
    }
    let statics = fields::declare_names(&Ident::new("__NAMES", Span::call_site()), &fields);
    let subject = container.subject();
    let set: Vec<_> = fields
        .iter()
        .map(|field| {
            let ident = field.ident;
            field.set(&quote!((&self.#ident)), &subject, true)
        })
        .collect();
    let texts = fields::names(&fields);
    let of = quote!(__private::Options);
    let constant = quote!(const NAMES: &'static [&'static str] = &[#(#texts),*];);
    let arguments = quote!(keywords: &__private::Bound<'__py, __private::PyDict>);
    let by_reference = container.implement(
        &["'__a"],
        Bound::IntoAny,
        &of,
        true,
        &quote! {
            #constant
            fn fill<'__py>(self, #arguments) -> __private::PyResult<()> {
                let dict = keywords;
                let py = dict.py();
                let names = __NAMES.get(py);
                #(#set)*
                ::core::result::Result::Ok(())
            }
        },
    );
    let by_value = container.implement(
        &[],
        Bound::IntoAny,
        &of,
        false,
        &quote! {
            #constant
            fn fill<'__py>(self, #arguments) -> __private::PyResult<()> {
                __private::Options::fill(&self, keywords)
            }
        },
    );
    quote!(#statics #by_reference #by_value)
}
