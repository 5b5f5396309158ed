//! Writes the methods of one item: a batcher that the handle keeps, made at its first use, and what submits to it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{FnArg, Index, ReturnType, Signature};

use super::batched::{Batched, Gathered, scattered};
use super::call;
use super::declaration::{Declaration, Member};

/// The type of the field that keeps the batchers; nothing where there are none.
pub(crate) fn field(declaration: &Declaration) -> Option<TokenStream> {
    let cells = declaration.batched.iter().map(|batched| {
        let batcher = batcher(batched, &declaration.members[batched.target]);
        quote!(::std::sync::OnceLock<#batcher>)
    });
    let cells: Vec<_> = cells.collect();
    (!cells.is_empty()).then(|| quote!(__batchers: ::std::sync::Arc<(#(#cells,)*)>))
}

/// The field, in a new handle.
pub(crate) fn field_value(declaration: &Declaration) -> Option<TokenStream> {
    let cells = declaration.batched.iter();
    let cells: Vec<_> = cells
        .map(|_| quote!(::std::sync::OnceLock::new()))
        .collect();
    (!cells.is_empty()).then(|| quote!(__batchers: ::std::sync::Arc::new((#(#cells,)*))))
}

/// The methods, and for each one what shows its batcher. `handle` is what holds the Python side.
pub(crate) fn methods(declaration: &Declaration, handle: &TokenStream) -> TokenStream {
    let methods = declaration.batched.iter().enumerate();
    let methods = methods.map(|(number, batched)| method(declaration, batched, number, handle));
    quote!(#(#methods)*)
}

/// `Batcher<Item, Result>`.
fn batcher(batched: &Batched, target: &Member) -> TokenStream {
    let item = Gathered::of(&target.parameters[0]).item;
    let result = scattered(&target.result);
    let name = &batched.signature.ident;
    quote_spanned!(name.span()=> ::ironbridge::batch::Batcher<#item, #result>)
}

fn method(
    declaration: &Declaration,
    batched: &Batched,
    number: usize,
    handle: &TokenStream,
) -> TokenStream {
    let Batched {
        attributes,
        item,
        result,
        ..
    } = batched;
    let visibility = &declaration.visibility;
    let target = &declaration.members[batched.target];
    let gathered = Gathered::of(&target.parameters[0]);
    let (ty, shown_by) = (batcher(batched, target), batched.batcher_name());
    let signature = signature(batched, &gathered);
    // Whoever awaits it gets this crate's error.
    let promised = match &batched.signature.output {
        ReturnType::Type(_, promised) => quote_spanned!(promised.span()=> #promised),
        ReturnType::Default => quote!(()),
    };
    let (owned, item_name, item_type) = (call::owned(item), &item.name, &gathered.item);
    let submit = quote_spanned!(result.span()=> self.#shown_by().submit(__item));
    let cell = Index::from(number);
    let make = make(declaration, batched, &gathered, handle);
    let about = format!(
        "What gathers the items of [`{name}`](Self::{name}) into batches.",
        name = batched.signature.ident.unraw()
    );
    let cfgs: Vec<_> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect();
    quote! {
        #(#attributes)*
        #visibility #signature {
            let _: fn(::ironbridge::Result<#result>) -> #promised = |__result| __result;
            #owned
            let __item: #item_type = #item_name;
            #submit
        }

        #[doc = #about]
        #(#cfgs)*
        #visibility fn #shown_by(&self) -> &#ty {
            self.__batchers.#cell.get_or_init(|| #make)
        }
    }
}

/// The signature that users see: the future outlives the handle and the item.
fn signature(batched: &Batched, gathered: &Gathered) -> Signature {
    let mut signature = batched.signature.clone();
    for argument in &mut signature.inputs {
        if let FnArg::Typed(argument) = argument {
            argument.attrs.clear();
        }
    }
    signature.asyncness = None;
    let (item, result) = (&gathered.item, &batched.result);
    signature.output = syn::parse_quote!(-> ::ironbridge::batch::Submission<#item, #result>);
    signature
}

/// The batcher, made.
fn make(
    declaration: &Declaration,
    batched: &Batched,
    gathered: &Gathered,
    handle: &TokenStream,
) -> TokenStream {
    let target = &declaration.members[batched.target];
    let site = call::site(target, batched.target);
    let private = quote!(::ironbridge::__private::module);
    let (call, items) = (format_ident!("__call"), format_ident!("__items"));
    let push = call::push_first(target, &call, &quote!(&#items));
    let (ty, result) = (&gathered.ty, &target.result);
    let what = call::what(target);
    let name = format!(
        "{}::{}",
        declaration.name.unraw(),
        batched.signature.ident.unraw()
    );
    let settings = batched.settings.iter().map(|setting| {
        let (key, value) = (&setting.key, &setting.value);
        quote!(.#key(#value))
    });
    // Errors of a batch tell of this place.
    let python = quote_spanned! {batched.signature.ident.span()=>
        __handle.call_async::<
            <#result as ::ironbridge::batch::ScatterPython>::Read,
            #private::Something,
            _,
        >(&__SITE, #what, move |#call| {
            #push
            ::core::result::Result::Ok(())
        })
    };
    quote! {{
        #site
        let __handle = ::core::clone::Clone::clone(&#handle);
        ::ironbridge::batch::Batcher::builder(move |#items: #ty| #python)
            .name(#name)
            #(#settings)*
            .build()
    }}
}
