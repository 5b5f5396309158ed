//! Structs with named fields: dicts, or objects with attributes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::FieldsNamed;

use super::container::{Bound, Container};
use super::errors::Errors;
use super::fields::{self, Field};
use super::types;

pub(super) fn expand(
    container: &Container<'_>,
    named: &FieldsNamed,
    errors: &mut Errors,
) -> TokenStream {
    let rule = if container.rename_all_fields == super::rename::Rule::None {
        container.rename_all
    } else {
        container.rename_all_fields
    };
    let fields = fields::read(named, rule, errors);
    let statics = fields::declare_names(&Ident::new("__NAMES", Span::call_site()), &fields);
    let from = from(container, &fields);
    let into = into(container, &fields);
    quote!(#statics #from #into)
}

fn from(container: &Container<'_>, fields: &[Field<'_>]) -> TokenStream {
    if !container.converts_from() {
        return TokenStream::new();
    }
    let values = fields.iter().map(|field| field.read_from(fields));
    let knows = fields::knows(fields, None);
    let from_fields = container.implement(
        &["'__py"],
        Bound::From,
        &quote!(__private::FromFields<'__py>),
        false,
        &quote! {
            #[inline]
            fn from_fields(
                source: &__private::Source<'_, '__py>,
                taken: &dyn ::core::ops::Fn(&str) -> bool,
            ) -> __private::PyResult<Self> {
                let names = __NAMES.get(source.py());
                ::core::result::Result::Ok(Self { #(#values),* })
            }
            fn knows(name: &str) -> bool { #knows }
        },
    );
    let subject = container.subject();
    let way = container.from();
    let level =
        fields::are_nested(fields).then(|| quote!(let _level = __private::deeper(object.py())?;));
    let deny = container
        .deny_unknown
        .is_some()
        .then(|| quote!(source.deny_unknown(<Self as __private::FromFields<'__py>>::knows)?;));
    let from_python = container.implement_from(&quote! {
        #level
        let source = __private::Source::open(object, #way, #subject)?;
        #deny
        __private::FromFields::from_fields(&source, &|_| false)
    });
    quote!(#from_fields #from_python)
}

fn into(container: &Container<'_>, fields: &[Field<'_>]) -> TokenStream {
    if !container.converts_into() {
        return TokenStream::new();
    }
    let subject = container.subject();
    let skip_none = container.skip_none.is_some();
    let set = fields.iter().map(|field| {
        let ident = field.ident;
        let value = quote_spanned!(types::span(field.ty)=> (&self.#ident));
        field.set(&value, &subject, skip_none)
    });
    let into_fields = container.implement(
        &["'__py"],
        Bound::Into,
        &quote!(__private::IntoFields<'__py>),
        false,
        &quote! {
            #[inline]
            fn fill(&self, dict: &__private::Bound<'__py, __private::PyDict>) -> __private::PyResult<()> {
                let py = dict.py();
                let names = __NAMES.get(py);
                #(#set)*
                ::core::result::Result::Ok(())
            }
        },
    );
    let dict = quote! {
        let dict = __private::PyDict::new(py);
        __private::IntoFields::fill(self, &dict)?;
    };
    let body = match &container.class {
        None => quote!(#dict ::core::result::Result::Ok(dict.into_any())),
        Some(class) if skip_none || fields::have_flattened(fields) => quote! {
            static CLASS: __private::Class = __private::Class::new(#class);
            #dict
            CLASS.call_with(&dict)
        },
        Some(class) => {
            let values = fields.iter().filter_map(|field| {
                let ident = field.ident;
                let value = quote_spanned!(types::span(field.ty)=> (&self.#ident));
                field.object(&value, &subject)
            });
            quote! {
                static CLASS: __private::Class = __private::Class::new(#class);
                let names = __NAMES.get(py);
                CLASS.call(py, &__NAMES, &[#(#values),*])
            }
        }
    };
    let into_python = container.implement_into(&body);
    quote!(#into_fields #into_python)
}
