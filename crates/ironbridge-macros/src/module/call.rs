//! The body of a method: the arguments, put together and passed.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{ReturnType, Type, TypeReference};

use super::declaration::{Member, MemberKind};
use super::parameter::{Parameter, ParameterKind, option_of};

/// The statements of a member's method. `handle` is what holds the Python side.
pub(crate) fn body(member: &Member, index: usize, handle: &TokenStream) -> TokenStream {
    let private = quote!(::ironbridge::__private::module);
    let site = site(member, index);
    let result = if is_unit(&member.result) {
        quote!(#private::Discard)
    } else {
        let result = &member.result;
        quote!(#result)
    };
    let what = what(member);
    let finish = if is_unit(&member.result) {
        quote!(::core::result::Result::Ok({ let #private::Discard = __value?; }))
    } else if lives_on(&member.result) {
        // Its later errors name the call that it came from.
        quote!(::core::result::Result::Ok(__value?.named(#what)))
    } else {
        quote!(::core::result::Result::Ok(__value?))
    };
    let call = format_ident!("__call");
    if member.is_async() {
        return awaited(member, handle, &site, &what);
    }
    if member.kind == MemberKind::Function && is_stream(&member.result) {
        return streamed(member, handle, &site, &what);
    }
    let value = match member.kind {
        MemberKind::Get => quote!(#handle.get::<#result>(&__SITE)),
        MemberKind::Set => {
            let name = &member.parameters[0].name;
            let value = value(&member.parameters[0], &quote!(#name));
            quote!(#handle.set(&__SITE, #value))
        }
        MemberKind::Function | MemberKind::Class if is_fixed(member) => {
            let arguments = in_order(member).map(|(index, parameter)| {
                let name = &parameter.name;
                let value = value(parameter, &quote!(#name));
                quote!(#call.argument(#index, #value)?)
            });
            quote! {
                #handle.call::<#result, _, _>(&__SITE, |#call| ::core::result::Result::Ok([#(#arguments),*]))
            }
        }
        MemberKind::Function | MemberKind::Class => {
            let pushes = pushes(member, &call, false);
            quote! {
                #handle.call_with::<#result, _>(&__SITE, |#call| {
                    #(#pushes)*
                    ::core::result::Result::Ok(())
                })
            }
        }
    };
    let finish = if member.kind == MemberKind::Set {
        quote!(::core::result::Result::Ok(__value?))
    } else {
        finish
    };
    quote! {
        #site
        let __value = #value;
        #finish
    }
}

/// The body of an `async fn`.
fn awaited(member: &Member, handle: &TokenStream, site: &TokenStream, what: &str) -> TokenStream {
    let private = quote!(::ironbridge::__private::module);
    let call = format_ident!("__call");
    let owned = member.parameters.iter().filter_map(owned);
    let pushes = pushes(member, &call, true);
    let result = &member.result;
    let kind = if is_unit(result) {
        quote!(Nothing)
    } else {
        quote!(Something)
    };
    let named =
        lives_on(result).then(|| quote!(.finished_by(|__value: #result| __value.named(#what))));
    // Whoever awaits it gets this crate's error.
    let promised = match &member.signature.output {
        ReturnType::Type(_, promised) => quote_spanned!(promised.span()=> #promised),
        ReturnType::Default => quote!(()),
    };
    quote! {
        #site
        let _: fn(::ironbridge::Result<#result>) -> #promised = |__result| __result;
        #(#owned)*
        #handle.call_async::<#result, #private::#kind, _>(&__SITE, #what, move |#call| {
            #(#pushes)*
            ::core::result::Result::Ok(())
        })#named
    }
}

/// The body of a function that gives a stream: called where the first item is asked for, as a future is.
fn streamed(member: &Member, handle: &TokenStream, site: &TokenStream, what: &str) -> TokenStream {
    let call = format_ident!("__call");
    let owned = member.parameters.iter().filter_map(owned);
    let pushes = pushes(member, &call, true);
    let result = &member.result;
    quote! {
        #site
        #(#owned)*
        let __stream: #result = #handle.stream(&__SITE, #what, move |#call| {
            #(#pushes)*
            ::core::result::Result::Ok(())
        });
        ::core::result::Result::Ok(__stream)
    }
}

/// What the call knows of its member: `static __SITE`.
pub(crate) fn site(member: &Member, index: usize) -> TokenStream {
    let private = quote!(::ironbridge::__private::module);
    let by_name: Vec<&str> = member
        .parameters
        .iter()
        .filter(|parameter| is_named(parameter))
        .map(|parameter| &*parameter.python_name)
        .collect();
    let python_name = member.python_name.as_ref().map_or_else(
        || {
            let result = &member.result;
            quote!(<#result as ::ironbridge::module::TypedClass>::CONTRACT.python_name)
        },
        |name| quote!(#name),
    );
    let parameters = member
        .parameters
        .iter()
        .map(|parameter| &parameter.python_name);
    quote! {
        static __SITE: #private::Site = #private::Site::new(
            #index, #python_name, &[#(#parameters),*], &[#(#by_name),*],
        );
    }
}

/// What errors call the result: `embed()`.
pub(crate) fn what(member: &Member) -> String {
    format!("{}()", member.python_name.as_deref().unwrap_or_default())
}

/// Whether each argument is always passed.
fn is_fixed(member: &Member) -> bool {
    member.parameters.iter().all(|parameter| {
        matches!(
            parameter.kind,
            ParameterKind::Positional | ParameterKind::Keyword
        )
    })
}

fn is_named(parameter: &Parameter) -> bool {
    matches!(
        parameter.kind,
        ParameterKind::Keyword | ParameterKind::Default | ParameterKind::KeywordDefault
    )
}

/// Whether the result is an iterator or a generator.
fn lives_on(ty: &Type) -> bool {
    is_generic(ty, &["Iter", "Generator", "AsyncIter"])
}

/// Whether the result is an asynchronous iterator.
fn is_stream(ty: &Type) -> bool {
    is_generic(ty, &["AsyncIter"])
}

fn is_generic(ty: &Type, names: &[&str]) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| {
        names.iter().any(|name| last.ident == name) && !last.arguments.is_none()
    }))
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

fn value(parameter: &Parameter, name: &TokenStream) -> TokenStream {
    if parameter.is_closure() {
        quote!(::ironbridge::__private::callback(#name))
    } else {
        name.clone()
    }
}

/// The parameters and their numbers in the order in which vectorcall wants them: those with places, those with names,
/// and what brings more names.
fn in_order(member: &Member) -> impl Iterator<Item = (usize, &Parameter)> {
    let rank = |parameter: &Parameter| match parameter.kind {
        ParameterKind::Positional => 0,
        ParameterKind::Args => 1,
        ParameterKind::Keyword | ParameterKind::Default | ParameterKind::KeywordDefault => 2,
        ParameterKind::Kwargs | ParameterKind::Options => 3,
    };
    let mut parameters: Vec<_> = member.parameters.iter().enumerate().collect();
    parameters.sort_by_key(|(_, parameter)| rank(parameter));
    parameters.into_iter()
}

/// Adds the arguments to a list.
fn pushes<'a>(
    member: &'a Member,
    call: &'a syn::Ident,
    from_owned: bool,
) -> impl Iterator<Item = TokenStream> + 'a {
    let mut keywords = 0_usize..;
    in_order(member).map(move |(index, parameter)| {
        let keyword = is_named(parameter).then(|| keywords.next()).flatten();
        let name = &parameter.name;
        let passed = if from_owned {
            borrowed(parameter)
        } else {
            quote!(#name)
        };
        push(parameter, index, keyword, call, &value(parameter, &passed))
    })
}

/// Adds the first parameter's argument alone: `value`.
pub(crate) fn push_first(member: &Member, call: &syn::Ident, value: &TokenStream) -> TokenStream {
    // Of those that are passed by name it is the first.
    let keyword = is_named(&member.parameters[0]).then_some(0);
    push(&member.parameters[0], 0, keyword, call, value)
}

/// Adds an argument to a list of arguments.
fn push(
    parameter: &Parameter,
    index: usize,
    keyword: Option<usize>,
    call: &syn::Ident,
    value: &TokenStream,
) -> TokenStream {
    let method = match parameter.kind {
        ParameterKind::Positional => quote!(positional),
        ParameterKind::Keyword => quote!(keyword),
        ParameterKind::Default | ParameterKind::KeywordDefault => quote!(default),
        ParameterKind::Args => quote!(args),
        ParameterKind::Kwargs => quote!(kwargs),
        ParameterKind::Options => quote!(options),
    };
    let keyword = keyword.map(|keyword| quote!(#keyword,));
    quote!(#call.#method(#index, #keyword #value)?;)
}

/// How a borrowed argument is kept until Python takes it, elsewhere and later.
enum Kept<'a> {
    AsIs,
    /// `&Py<T>`, which is counted.
    Shared,
    /// `&T`.
    Owned(&'a Type),
    /// `Option<&T>`.
    OptionOwned(&'a Type),
}

fn kept(ty: &Type) -> Kept<'_> {
    match ty {
        Type::Reference(reference) if is_py(reference) => Kept::Shared,
        Type::Reference(reference) => Kept::Owned(&reference.elem),
        ty => match option_of(ty) {
            Some(Type::Reference(reference)) if !is_py(reference) => {
                Kept::OptionOwned(&reference.elem)
            }
            _ => Kept::AsIs,
        },
    }
}

fn is_py(reference: &TypeReference) -> bool {
    matches!(&*reference.elem, Type::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.ident == "Py"))
}

/// `let text = text.to_owned();`
pub(crate) fn owned(parameter: &Parameter) -> Option<TokenStream> {
    let name = &parameter.name;
    match kept(&parameter.ty) {
        Kept::AsIs => None,
        Kept::Shared => Some(quote! {
            let #name = ::ironbridge::__private::module::share(#name);
        }),
        Kept::Owned(ty) => Some(quote! {
            let #name = <#ty as ::std::borrow::ToOwned>::to_owned(#name);
        }),
        Kept::OptionOwned(ty) => Some(quote! {
            let #name = #name.map(<#ty as ::std::borrow::ToOwned>::to_owned);
        }),
    }
}

/// What was owned, as it was declared.
fn borrowed(parameter: &Parameter) -> TokenStream {
    let name = &parameter.name;
    match kept(&parameter.ty) {
        Kept::AsIs => quote!(#name),
        Kept::Shared => quote!(&#name),
        Kept::Owned(ty) => quote!(::core::borrow::Borrow::<#ty>::borrow(&#name)),
        Kept::OptionOwned(ty) => {
            quote!(#name.as_ref().map(|__value| ::core::borrow::Borrow::<#ty>::borrow(__value)))
        }
    }
}
