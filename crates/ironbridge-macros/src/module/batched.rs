//! `#[batched(call = embed, max = 64)]`: a method of one item, which goes to another method in a batch. Here it is read;
//! `batching` writes it.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Ident, LitStr, Meta, Signature, Token, TraitItemFn, Type};

use super::attribute::{Errors, take_python};
use super::declaration::{Member, MemberKind, check_receiver, result_of};
use super::parameter::{Parameter, ParameterKind, is_closure, only_argument};

/// The settings that are methods of `Builder`, by the same names.
const SETTINGS: [&str; 9] = [
    "max",
    "wait",
    "wait_for_answered",
    "queue",
    "concurrency",
    "timeout",
    "bisect",
    "halve_on_out_of_memory",
    "key",
];

/// A method whose items go to another in batches.
pub(crate) struct Batched {
    /// Documentation, `cfg`, and whatever else the user wrote.
    pub(crate) attributes: Vec<Attribute>,
    /// Without `#[batched(…)]`.
    pub(crate) signature: Signature,
    /// What is called with the batches, as the attribute names it.
    call: Ident,
    /// Its place among the members.
    pub(crate) target: usize,
    /// The one parameter.
    pub(crate) item: Parameter,
    /// The `T` of `Result<T>`.
    pub(crate) result: Type,
    pub(crate) settings: Vec<Setting>,
}

/// `max = 64`: a method of the builder, and its argument.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: Expr,
}

/// What stands in the attribute.
#[derive(Default)]
struct Settings {
    call: Option<Ident>,
    others: Vec<Setting>,
}

impl Parse for Settings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let mut settings = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            if key == "call" {
                if settings.call.replace(named(input)?).is_some() {
                    errors.at(&key, "`call` is set twice");
                }
            } else {
                let value: Expr = input.parse()?;
                if !SETTINGS.iter().any(|setting| key == setting) {
                    let known = SETTINGS.join("`, `");
                    errors.at(
                        &key,
                        format!("unknown setting `{key}`; there are `call`, `{known}`"),
                    );
                } else if settings.others.iter().any(|other| other.key == key) {
                    errors.at(&key, format!("`{key}` is set twice"));
                }
                settings.others.push(Setting { key, value });
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        errors.finish(settings)
    }
}

/// `embed` or `"embed"`.
fn named(input: ParseStream<'_>) -> syn::Result<Ident> {
    let name = if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse()
    } else {
        input.call(Ident::parse_any)
    };
    name.map_err(|error| {
        let message = "expected the name of a method of this trait: `call = embed`";
        syn::Error::new(error.span(), message)
    })
}

/// Takes `#[batched(…)]` out of the attributes.
pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Option<Attribute> {
    let is_batched = |attribute: &Attribute| attribute.path().is_ident("batched");
    let place = attributes.iter().position(is_batched)?;
    Some(attributes.remove(place))
}

impl Batched {
    /// Reads the method of the attribute, which was taken out. `None` where it is said already what is wrong.
    pub(crate) fn read(attribute: &Attribute, function: TraitItemFn) -> syn::Result<Option<Self>> {
        let mut errors = Errors::default();
        let TraitItemFn {
            attrs: mut attributes,
            sig: mut signature,
            ..
        } = function;
        if let Some(again) = take(&mut attributes) {
            errors.at(again.path(), "a method is batched once");
        }
        for item in errors
            .take(take_python(&mut attributes))
            .unwrap_or_default()
        {
            errors.push(syn::Error::new(
                item.span(),
                "a batched method is no function of Python's: this belongs to the one that it calls",
            ));
        }
        let settings = errors.take(match &attribute.meta {
            Meta::Path(_) => Ok(Settings::default()),
            _ => attribute.parse_args(),
        });
        if settings.as_ref().is_some_and(|all| all.call.is_none()) {
            errors.at(
                attribute.path(),
                "say which method is called with the batches: `#[batched(call = embed)]`",
            );
        }
        if signature.asyncness.is_none() {
            errors.at(
                &signature.fn_token,
                "a batched method waits for its batch: declare it `async fn`",
            );
        }
        check_receiver(&signature, &mut errors);
        let item = errors.take(read_item(&mut signature)).flatten();
        let result = errors.take(result_of(&signature));
        let call = settings.as_ref().and_then(|all| all.call.clone());
        let batched = match (settings, call, item, result) {
            (Some(settings), Some(call), Some(item), Some(result)) => Some(Self {
                attributes,
                signature,
                call,
                target: 0,
                item,
                result,
                settings: settings.others,
            }),
            _ => None,
        };
        errors.finish(batched)
    }

    /// The method that shows its batcher.
    pub(crate) fn batcher_name(&self) -> Ident {
        let name = &self.signature.ident;
        format_ident!("{}_batcher", name.unraw(), span = name.span())
    }

    /// Finds the member that is called.
    fn resolve(&mut self, members: &[Member], batched: &[Ident], own: &[Ident]) -> Option<String> {
        let call = &self.call;
        let place = members
            .iter()
            .position(|member| member.signature.ident == *call);
        let Some(place) = place else {
            if batched.contains(call) {
                return Some(format!(
                    "`{call}` is batched itself; name the method that takes all items of a batch"
                ));
            }
            if own.contains(call) {
                return Some(format!(
                    "`{call}` is a method of Rust's own; batches are calls of Python's"
                ));
            }
            let known: Vec<String> = members
                .iter()
                .filter(|member| unfit(member).is_none())
                .map(|member| format!("`{}`", member.signature.ident))
                .collect();
            let known = match &*known {
                [] => "none that takes several items is".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            return Some(format!(
                "no method `{call}` is declared in this trait; {known}"
            ));
        };
        self.target = place;
        unfit(&members[place]).map(|why| format!("`{call}` {why}"))
    }
}

/// The one parameter.
fn read_item(signature: &mut Signature) -> syn::Result<Option<Parameter>> {
    let mut errors = Errors::default();
    let count = signature.inputs.len();
    let mut parameters = Vec::new();
    for argument in &mut signature.inputs {
        parameters.extend(errors.take(Parameter::read(argument)).flatten());
    }
    if let Some(second) = parameters.get(1) {
        errors.at(
            &second.name,
            "a batched method takes one item: several values are a tuple or a struct",
        );
    }
    match parameters.first() {
        None if count < 2 => errors.at(&signature.ident, "a batched method takes an item"),
        Some(item) if item.kind != ParameterKind::Positional => errors.at(
            &item.name,
            "how Python gets the items is said at the method that is called",
        ),
        Some(item) if is_closure(&item.ty) => errors.at(
            &item.ty,
            "an item is kept until its batch begins: its type must have a name",
        ),
        None | Some(_) => {}
    }
    errors.finish(parameters.into_iter().next())
}

/// Why the member cannot be called with a batch.
fn unfit(member: &Member) -> Option<&'static str> {
    if member.kind != MemberKind::Function {
        return Some("is no function, which is what batches are given to");
    }
    let mut parameters = member.parameters.iter();
    match parameters.next().map(|items| items.kind) {
        Some(ParameterKind::Positional | ParameterKind::Keyword) => {}
        Some(_) => return Some("does not take the items as its first argument"),
        None => return Some("takes no arguments, so no items"),
    }
    let is_required = |parameter: &Parameter| {
        matches!(
            parameter.kind,
            ParameterKind::Positional | ParameterKind::Keyword
        )
    };
    if parameters.any(is_required) {
        return Some("needs more arguments than the items; further ones must have a `default`");
    }
    if matches!(&member.result, Type::Tuple(tuple) if tuple.elems.is_empty()) {
        return Some("gives nothing; batches need a result for each item");
    }
    None
}

/// Finds for each of them what it calls.
pub(crate) fn resolve_all(
    batched: &mut [Batched],
    members: &[Member],
    own: &[Ident],
    errors: &mut Errors,
) {
    let names: Vec<Ident> = batched
        .iter()
        .map(|batched| batched.signature.ident.clone())
        .collect();
    for one in batched {
        if let Some(error) = one.resolve(members, &names, own) {
            errors.at(&one.call, error);
        }
    }
}

/// How the items are put together for a parameter.
pub(crate) struct Gathered {
    /// A `Gather`.
    pub(crate) ty: TokenStream,
    /// An item.
    pub(crate) item: TokenStream,
}

impl Gathered {
    /// Lists are gathered as they are; what else there is says itself how.
    pub(crate) fn of(parameter: &Parameter) -> Self {
        let ty = match &parameter.ty {
            Type::Reference(reference) => &*reference.elem,
            ty => ty,
        };
        let item = match ty {
            Type::Slice(slice) => Some(&*slice.elem),
            ty => only_argument(ty, "Vec").or_else(|| only_argument(ty, "Items")),
        };
        match item {
            Some(Type::Reference(reference)) => {
                let item = &reference.elem;
                Self::list(&quote!(<#item as ::std::borrow::ToOwned>::Owned))
            }
            Some(item) => Self::list(item),
            None => Self {
                ty: quote!(#ty),
                item: quote!(<#ty as ::ironbridge::batch::Gather>::Item),
            },
        }
    }

    fn list(item: &impl ToTokens) -> Self {
        Self {
            ty: quote!(::ironbridge::batch::Items<#item>),
            item: quote!(#item),
        }
    }
}

/// A single result of what the called method gives.
pub(crate) fn scattered(result: &Type) -> TokenStream {
    let item = only_argument(result, "Vec").or_else(|| only_argument(result, "Outcomes"));
    item.map_or_else(
        || quote!(<#result as ::ironbridge::batch::Scatter>::Item),
        |item| quote!(#item),
    )
}
