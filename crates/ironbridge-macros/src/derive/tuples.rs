//! Tuple structs: a newtype is what it holds, others are tuples.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{FieldsUnnamed, Index, Type};

use super::container::Container;
use super::errors::Errors;
use super::{pointers, types};

/// The types of the fields, on which no attribute may stand.
pub(super) fn read<'a>(unnamed: &'a FieldsUnnamed, errors: &mut Errors) -> Vec<&'a Type> {
    for field in &unnamed.unnamed {
        let python = field.attrs.iter().find(|a| a.path().is_ident("python"));
        if let Some(python) = python {
            errors.at(python, "a field without a name takes no `#[python(…)]`");
        }
    }
    unnamed.unnamed.iter().map(|field| &field.ty).collect()
}

pub(super) fn expand(
    container: &Container<'_>,
    unnamed: &FieldsUnnamed,
    errors: &mut Errors,
) -> TokenStream {
    let types = read(unnamed, errors);
    if let Some(options) = &container.options {
        errors.at(
            options,
            "`options` needs named fields: they are the keywords",
        );
    }
    let subject = container.subject();
    let level = (!types.iter().all(|ty| types::is_leaf(ty)))
        .then(|| quote!(let _level = __private::deeper(object.py())?;));
    let read = read_from(&types, &subject, &quote!(Self));
    let from = container.implement_from(&quote!(#level #read));
    let references: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, ty)| {
            let index = Index::from(index);
            quote_spanned!(types::span(ty)=> (&self.#index))
        })
        .collect();
    let object = object(&types, &references, &subject);
    let body = match &container.class {
        None => object,
        Some(class) => {
            let arguments = if types.len() == 1 {
                quote!((object,))
            } else {
                quote!(object.cast_into::<__private::PyTuple>()?)
            };
            quote! {
                static CLASS: __private::Class = __private::Class::new(#class);
                let object = { #object }?;
                CLASS.get(py)?.call1(#arguments)
            }
        }
    };
    let into = container.implement_into(&body);
    quote!(#from #into)
}

/// A `PyResult` of the constructor, from `object`.
pub(super) fn read_from(types: &[&Type], subject: &str, constructor: &TokenStream) -> TokenStream {
    if let [ty] = types {
        let (through, unwrap) = through(ty);
        return quote_spanned! {types::span(ty)=>
            __private::only::<#through>(object, #subject).map(|value| #constructor((#unwrap)(value)))
        };
    }
    let length = types.len();
    let items = types.iter().enumerate().map(|(index, ty)| {
        let (through, unwrap) = through(ty);
        quote_spanned!(types::span(ty)=> (#unwrap)(items.item::<#through>(#index)?))
    });
    quote! {
        __private::Items::open(object, #length, #subject)
            .and_then(|items| ::core::result::Result::Ok(#constructor(#(#items),*)))
    }
}

fn through(ty: &Type) -> (Type, TokenStream) {
    pointers::from_python(ty).unwrap_or_else(|| (ty.clone(), quote!(|value| value)))
}

/// A `PyResult` of the object of the fields.
pub(super) fn object(types: &[&Type], references: &[TokenStream], subject: &str) -> TokenStream {
    if let ([ty], [reference]) = (types, references) {
        let converted = pointers::into_python(ty, reference);
        let find = pointers::find(ty, reference);
        return quote_spanned!(types::span(ty)=> __private::only_into(py, #converted, #subject, || #find));
    }
    let items = types.iter().zip(references).enumerate();
    let items = items.map(|(index, (ty, reference))| {
        let converted = pointers::into_python(ty, reference);
        let find = pointers::find(ty, reference);
        quote_spanned!(types::span(ty)=> __private::item(py, #converted, #subject, #index, || #find)?)
    });
    let items: Vec<_> = items.collect();
    let count = items.len();
    quote! {{
        let items: [__private::Bound<'__py, __private::PyAny>; #count] = [#(#items),*];
        __private::PyTuple::new(py, items).map(__private::Bound::into_any)
    }}
}
