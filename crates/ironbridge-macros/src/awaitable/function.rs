//! A function.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, ItemFn};

use super::parameters::Parameters;
use super::{has, lints, named};

pub(super) fn expand(function: ItemFn) -> syn::Result<TokenStream> {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
    } = function;
    if sig.asyncness.is_none() {
        return Err(Error::new(
            sig.fn_token.span(),
            "only an `async fn` is awaitable",
        ));
    }
    if !has(&attrs, "pyfunction") {
        return Err(Error::new(
            sig.ident.span(),
            "a `#[pyfunction]` under `#[awaitable]` is missing; if it is above, put it under",
        ));
    }
    let parameters = Parameters::read(sig.inputs.iter())?;
    let Parameters { called, run, names } = &parameters;
    let (name, output) = (&sig.ident, &sig.output);
    let (lints, named) = (lints(&attrs), named(&sig));
    Ok(quote! {
        #(#attrs)*
        #[allow(clippy::used_underscore_binding, clippy::too_many_arguments)]
        #vis fn #name<'py>(
            __py: ::ironbridge::pyo3::Python<'py>,
            #(#called),*
        ) -> ::ironbridge::pyo3::PyResult<::ironbridge::pyo3::Bound<'py, ::ironbridge::extension::Awaitable>> {
            #(#lints)*
            async fn #name(#(#run),*) #output #block

            #named(__py, stringify!(#name), stringify!(#name), async move {
                #[allow(unused_imports)]
                use ::ironbridge::__private::extension::Plain as _;
                ::ironbridge::__private::extension::Given(#name(#(#names),*).await).outcome()
            })
        }
    })
}
