//! `#[module]` and `#[class]`: a Python module or class declared as a trait, which becomes the handle to it.
//!
//! The trait is read into a `declaration`, with every mistake reported at once; its types are put into Python's words
//! for the contract (`hint`); then the handle is written (`expand`): a struct, the contract as a static, and one method
//! for each of the trait's, whose body puts the arguments together (`call`). Methods of one
//! item (`batched`) are no members of Python's: they submit to a batcher (`batching`).

mod attribute;
mod batched;
mod batching;
mod call;
mod contract;
mod declaration;
mod expand;
mod hint;
mod parameter;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemTrait;

use declaration::{Declaration, Of};

/// The expansion of `#[module("name")]`.
pub(crate) fn module(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |item| {
        let settings = syn::parse2::<attribute::ModuleSettings>(arguments)?;
        let declaration = Declaration::read(item, Of::Module)?;
        Ok(expand::module(&settings, &declaration))
    })
}

/// The expansion of `#[class]`.
pub(crate) fn class(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |item| {
        let settings = syn::parse2::<attribute::ClassSettings>(arguments)?;
        let declaration = Declaration::read(item, Of::Class)?;
        Ok(expand::class(&settings, &declaration))
    })
}

fn expand(
    item: TokenStream,
    write: impl FnOnce(ItemTrait) -> syn::Result<TokenStream>,
) -> TokenStream {
    let item = match syn::parse2::<ItemTrait>(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let (visibility, name) = (item.vis.clone(), item.ident.clone());
    write(item).unwrap_or_else(|error| {
        // The name stays known, so that its uses are not errors as well.
        let errors = error.to_compile_error();
        quote!(#errors #[allow(dead_code)] #visibility struct #name(());)
    })
}
