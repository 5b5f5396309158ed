//! Writes the handle: a struct, its contract, its methods.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{FnArg, Signature};

use super::attribute::{ClassSettings, ModuleSettings};
use super::declaration::{Declaration, Member};
use super::{batching, call, contract};

/// The handle of a module.
pub(crate) fn module(settings: &ModuleSettings, declaration: &Declaration) -> TokenStream {
    let private = quote!(::ironbridge::__private::module);
    let Declaration {
        attributes,
        visibility,
        name,
        ..
    } = declaration;
    let python_name = settings.name.value();
    let contract = contract::contract(declaration, &python_name, false);
    let source = if let Some(path) = &settings.source {
        quote!(::core::option::Option::Some(::core::include_str!(
            ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path)
        )))
    } else {
        quote!(::core::option::Option::None)
    };
    let methods = methods(declaration, &quote!(self.__handle));
    let batchers = batching::field(declaration);
    let new_batchers = batching::field_value(declaration);
    let own = own(declaration);
    // A module may have functions of these names; then the trait's are called by their full names.
    let load = (!declaration.declares("load")).then(|| {
        quote! {
            /// Imports the module and checks it against this declaration.
            ///
            /// # Errors
            ///
            /// The module is not there, raised while it was imported, or does not fit; the error lists everything that
            /// does not.
            #[track_caller]
            #visibility fn load() -> ::ironbridge::Result<Self> {
                <Self as ::ironbridge::TypedModule>::load()
            }
        }
    });
    let loader = (!declaration.declares("loader")).then(|| {
        quote! {
            /// Settings for loading the module: a directory, source text, another name, watching its files.
            #visibility fn loader() -> ::ironbridge::module::Loader<Self> {
                <Self as ::ironbridge::TypedModule>::loader()
            }
        }
    });
    quote! {
        #(#attributes)*
        #[derive(::core::clone::Clone)]
        #visibility struct #name { __handle: #private::Handle, #batchers }

        impl ::ironbridge::TypedModule for #name {
            const CONTRACT: &'static ::ironbridge::module::Contract = #contract;
            const SOURCE: ::core::option::Option<&'static str> = #source;

            fn from_handle(handle: #private::Handle) -> Self {
                Self { __handle: handle, #new_batchers }
            }

            fn handle(&self) -> &#private::Handle {
                &self.__handle
            }
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.__handle, f)
            }
        }

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #name {
            #load
            #loader
            #methods
        }

        #own
    }
}

/// The handle of an object.
pub(crate) fn class(settings: &ClassSettings, declaration: &Declaration) -> TokenStream {
    let private = quote!(::ironbridge::__private::module);
    let pyo3 = quote!(::ironbridge::pyo3);
    let Declaration {
        attributes,
        visibility,
        name,
        ..
    } = declaration;
    let python_name = settings
        .name
        .as_ref()
        .map_or_else(|| name.unraw().to_string(), syn::LitStr::value);
    let contract = contract::contract(declaration, &python_name, settings.protocol);
    let methods = methods(declaration, &quote!(self.__object));
    let batchers = batching::field(declaration);
    let new_batchers = batching::field_value(declaration);
    let own = own(declaration);
    quote! {
        #(#attributes)*
        #[derive(::core::clone::Clone)]
        #visibility struct #name { __object: #private::Object, #batchers }

        impl ::ironbridge::module::TypedClass for #name {
            const CONTRACT: &'static ::ironbridge::module::Contract = #contract;

            fn object(&self) -> &#pyo3::Py<#pyo3::PyAny> {
                self.__object.object()
            }
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.__object, f)
            }
        }

        impl<'py> #pyo3::FromPyObject<'_, 'py> for #name {
            type Error = #pyo3::PyErr;

            fn extract(
                object: #pyo3::Borrowed<'_, 'py, #pyo3::PyAny>,
            ) -> ::core::result::Result<Self, Self::Error> {
                #private::Object::of(object, <Self as ::ironbridge::module::TypedClass>::CONTRACT)
                    .map(|object| Self { __object: object, #new_batchers })
            }
        }

        impl<'py> #pyo3::IntoPyObject<'py> for #name {
            type Target = #pyo3::PyAny;
            type Output = #pyo3::Bound<'py, #pyo3::PyAny>;
            type Error = ::core::convert::Infallible;

            fn into_pyobject(self, py: #pyo3::Python<'py>) -> ::core::result::Result<Self::Output, Self::Error> {
                ::core::result::Result::Ok(self.__object.object().bind(py).clone())
            }
        }

        impl<'a, 'py> #pyo3::IntoPyObject<'py> for &'a #name {
            type Target = #pyo3::PyAny;
            type Output = #pyo3::Borrowed<'a, 'py, #pyo3::PyAny>;
            type Error = ::core::convert::Infallible;

            fn into_pyobject(self, py: #pyo3::Python<'py>) -> ::core::result::Result<Self::Output, Self::Error> {
                ::core::result::Result::Ok(self.__object.object().bind_borrowed(py))
            }
        }

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #name {
            #methods
        }

        #own
    }
}

fn methods(declaration: &Declaration, handle: &TokenStream) -> TokenStream {
    let visibility = &declaration.visibility;
    let members = declaration
        .members
        .iter()
        .enumerate()
        .map(|(index, member)| {
            let attributes = &member.attributes;
            let signature = signature(member);
            let body = call::body(member, index, handle);
            quote! {
                #(#attributes)*
                #[track_caller]
                #visibility #signature { #body }
            }
        });
    let batched = batching::methods(declaration, handle);
    quote!(#(#members)* #batched)
}

/// The methods of Rust's own, under the user's own lints.
fn own(declaration: &Declaration) -> Option<TokenStream> {
    let (name, own) = (&declaration.name, &declaration.own);
    (!own.is_empty()).then(|| quote!(impl #name { #(#own)* }))
}

/// The signature that users see: of an `async fn`, the future outlives the handle and the arguments.
fn signature(member: &Member) -> Signature {
    let mut signature = member.signature.clone();
    for argument in &mut signature.inputs {
        if let FnArg::Typed(argument) = argument {
            argument.attrs.clear();
        }
    }
    if signature.asyncness.take().is_some() {
        let result = &member.result;
        signature.output = syn::parse_quote!(-> ::ironbridge::aio::PythonFuture<#result>);
    }
    signature
}
