//! The methods of a class.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ImplItem, ImplItemFn, ItemImpl, Receiver, Type};

use super::parameters::Parameters;
use super::{has, lints, named};

pub(super) fn expand(mut methods: ItemImpl) -> syn::Result<TokenStream> {
    if !has(&methods.attrs, "pymethods") {
        return Err(Error::new(
            methods.impl_token.span(),
            "a `#[pymethods]` under `#[awaitable]` is missing; if it is above, put it under",
        ));
    }
    let class = name_of(&methods.self_ty);
    let mut bodies = Vec::new();
    for item in &mut methods.items {
        if let ImplItem::Fn(method) = item
            && method.sig.asyncness.is_some()
        {
            let (called, body) = split(&class, method)?;
            *item = ImplItem::Verbatim(called);
            bodies.push(body);
        }
    }
    if bodies.is_empty() {
        return Err(Error::new(
            methods.impl_token.span(),
            "no method is an `async fn`: `#[awaitable]` is of no use here",
        ));
    }
    let (generics, ty) = (&methods.generics, &methods.self_ty);
    // PyO3 reads the tokens of its `impl` again, so what is verbatim here is a function there.
    Ok(quote! {
        #methods

        impl #generics #ty {
            #(#bodies)*
        }
    })
}

/// The method that Python calls, and the one that runs.
fn split(class: &str, method: &ImplItemFn) -> syn::Result<(TokenStream, TokenStream)> {
    let ImplItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = method;
    if has(attrs, "classmethod") {
        return Err(Error::new(
            sig.ident.span(),
            "an `async` method has an object, or is a `#[staticmethod]`",
        ));
    }
    let receiver = match sig.receiver() {
        Some(receiver) => Some(checked(receiver)?),
        None => None,
    };
    let inputs = sig
        .inputs
        .iter()
        .filter(|input| matches!(input, FnArg::Typed(_)));
    let parameters = Parameters::read(inputs)?;
    let Parameters { called, run, names } = &parameters;
    let (name, output) = (&sig.ident, &sig.output);
    let body = format_ident!("__awaitable_{name}");
    let qualified = format!("{class}.{name}");
    // An error about the class stands at the receiver.
    let (this, object, get) = match receiver {
        None => (quote!(), quote!(), quote!()),
        Some(receiver) => {
            let span = receiver.span();
            let slf = Ident::new("__slf", Span::mixed_site());
            (
                quote!(#slf: ::ironbridge::pyo3::Py<Self>,),
                quote!(#receiver,),
                quote_spanned!(span=> #slf.get(),),
            )
        }
    };
    let (lints, named) = (lints(attrs), named(sig));
    let call = quote! {
        #(#attrs)*
        #[allow(clippy::used_underscore_binding, clippy::too_many_arguments)]
        #vis fn #name<'py>(
            #this
            __py: ::ironbridge::pyo3::Python<'py>,
            #(#called),*
        ) -> ::ironbridge::pyo3::PyResult<::ironbridge::pyo3::Bound<'py, ::ironbridge::extension::Awaitable>> {
            #named(__py, stringify!(#name), #qualified, async move {
                #[allow(unused_imports)]
                use ::ironbridge::__private::extension::Plain as _;
                ::ironbridge::__private::extension::Given(Self::#body(#get #(#names),*).await).outcome()
            })
        }
    };
    let body = quote! {
        #(#lints)*
        async fn #body(#object #(#run),*) #output #block
    };
    Ok((call, body))
}

/// `&self`, of an object that several may use at a time.
fn checked(receiver: &Receiver) -> syn::Result<&Receiver> {
    if receiver.mutability.is_some()
        || receiver.reference.is_none()
        || receiver.colon_token.is_some()
    {
        return Err(Error::new(
            receiver.span(),
            "an `async` method takes `&self`, of a `#[pyclass(frozen)]`: others may call it while this one waits; \
             what changes goes into an `ironbridge::sync::Mutex`",
        ));
    }
    Ok(receiver)
}

fn name_of(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default(),
        other => other.to_token_stream().to_string(),
    }
}
