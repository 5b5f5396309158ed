//! The trait, read: its members, and all that is wrong with it.

use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Ident, ImplItemFn, ItemTrait, Receiver, ReturnType, Signature, TraitItem,
    TraitItemFn, Type, Visibility,
};

use super::attribute::{Errors, PythonItem, is_python_name, take_python};
use super::batched::{self, Batched};
use super::parameter::{Parameter, ParameterKind, only_argument, spelled};

/// What the trait stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Module,
    Class,
}

/// What a member is in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberKind {
    /// Something that is called.
    Function,
    /// A value that is read.
    Get,
    /// A value that is written.
    Set,
    /// A class that is called for an object.
    Class,
}

/// A member of the trait.
pub(crate) struct Member {
    /// Documentation, `cfg`, and whatever else the user wrote.
    pub(crate) attributes: Vec<Attribute>,
    /// Without `#[python(…)]`.
    pub(crate) signature: Signature,
    /// As the user wrote it, in one line.
    pub(crate) spelled: String,
    /// Dotted where it is a member of a member; `None` for a class of the result's own name.
    pub(crate) python_name: Option<String>,
    pub(crate) kind: MemberKind,
    pub(crate) parameters: Vec<Parameter>,
    /// The `T` of `Result<T>`.
    pub(crate) result: Type,
}

impl Member {
    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }
}

/// The trait.
pub(crate) struct Declaration {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) members: Vec<Member>,
    /// Methods of one item, which are no members of Python's.
    pub(crate) batched: Vec<Batched>,
    /// Methods with a body: Rust's own.
    pub(crate) own: Vec<ImplItemFn>,
}

impl Declaration {
    pub(crate) fn read(item: ItemTrait, of: Of) -> syn::Result<Self> {
        let mut errors = Errors::default();
        if let Some(parameter) = item.generics.params.first() {
            errors.at(parameter, "a Python module or class has no type parameters");
        }
        if let Some(bound) = item.supertraits.first() {
            errors.at(
                bound,
                "the trait becomes a struct and can have no supertraits",
            );
        }
        if let Some(unsafety) = &item.unsafety {
            errors.at(unsafety, "nothing here is unsafe");
        }
        let (mut members, mut batched, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for mut item_of_trait in item.items {
            if let TraitItem::Fn(function) = &mut item_of_trait
                && let Some(attribute) = batched::take(&mut function.attrs)
            {
                if let Some(body) = &function.default {
                    errors.push(syn::Error::new(
                        body.brace_token.span.join(),
                        "a batched method has no body: `call` names what is called",
                    ));
                }
                let read = Batched::read(&attribute, function.clone());
                batched.extend(errors.take(read).flatten());
                continue;
            }
            match item_of_trait {
                TraitItem::Fn(TraitItemFn {
                    attrs,
                    sig,
                    default: Some(block),
                    ..
                }) => own.push(ImplItemFn {
                    attrs,
                    vis: item.vis.clone(),
                    defaultness: None,
                    sig,
                    block,
                }),
                TraitItem::Fn(function) => {
                    members.extend(errors.take(read_member(function, of)));
                }
                other => errors.at(&other, "only functions can be declared here"),
            }
        }
        let names: Vec<Ident> = own.iter().map(|own| own.sig.ident.clone()).collect();
        batched::resolve_all(&mut batched, &members, &names, &mut errors);
        errors.finish(Self {
            attributes: item.attrs,
            visibility: item.vis,
            name: item.ident,
            members,
            batched,
            own,
        })
    }

    /// Whether a method of that name is declared.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.members
            .iter()
            .any(|member| member.signature.ident == name)
            || self.own.iter().any(|own| own.sig.ident == name)
            || self
                .batched
                .iter()
                .any(|batched| batched.signature.ident == name)
    }
}

fn read_member(function: TraitItemFn, of: Of) -> syn::Result<Member> {
    let mut errors = Errors::default();
    let TraitItemFn {
        mut attrs, mut sig, ..
    } = function;
    let items = errors.take(take_python(&mut attrs)).unwrap_or_default();
    check_receiver(&sig, &mut errors);
    let mut parameters = Vec::new();
    for argument in &mut sig.inputs {
        parameters.extend(errors.take(Parameter::read(argument)).flatten());
    }
    check_order(&parameters, &mut errors);
    let result = match result_of(&sig) {
        Ok(result) => result,
        Err(error) => return Err(errors.with(error)),
    };
    if let Some(constness) = &sig.constness {
        errors.at(constness, "Python cannot be called in a constant");
    }

    let mut member = Member {
        attributes: attrs,
        spelled: spelled(&sig),
        python_name: Some(sig.ident.unraw().to_string()),
        signature: sig,
        kind: MemberKind::Function,
        parameters,
        result,
    };
    apply(&mut member, items, of, &mut errors);
    errors.finish(member)
}

/// A method takes `&self`.
pub(crate) fn check_receiver(signature: &Signature, errors: &mut Errors) {
    let is_borrowed =
        |receiver: &Receiver| receiver.reference.is_some() && receiver.mutability.is_none();
    if !signature.receiver().is_some_and(is_borrowed) {
        errors.at(
            &signature.ident,
            "a method is called on a handle: `&self` must be its first parameter",
        );
    }
}

/// The `T` of `Result<T>`.
pub(crate) fn result_of(signature: &Signature) -> syn::Result<Type> {
    let (result, place) = match &signature.output {
        ReturnType::Type(_, ty) => (only_argument(ty, "Result"), ty.span()),
        ReturnType::Default => (None, signature.ident.span()),
    };
    result.cloned().ok_or_else(|| {
        syn::Error::new(
            place,
            "every call can fail: the result is `Result<T>` of ironbridge, `Result<()>` where there is none",
        )
    })
}

/// `*args`, `**kwargs` and options come last, each once.
fn check_order(parameters: &[Parameter], errors: &mut Errors) {
    let count = |kind| parameters.iter().filter(|p| p.kind == kind).count();
    for (kind, name) in [
        (ParameterKind::Args, "args"),
        (ParameterKind::Kwargs, "kwargs"),
    ] {
        if count(kind) > 1
            && let Some(last) = parameters.iter().rfind(|p| p.kind == kind)
        {
            errors.at(&last.name, format!("there can be one `{name}` only"));
        }
    }
    if let Some(last) = parameters.get(64) {
        errors.at(&last.name, "there can be 64 parameters at the most");
    }
    let first_args = parameters
        .iter()
        .position(|p| p.kind == ParameterKind::Args);
    if let Some(args) = first_args
        && let Some(late) = parameters[args..]
            .iter()
            .find(|p| p.kind == ParameterKind::Positional)
    {
        errors.at(
            &late.name,
            "after `args` an argument has no place of its own: mark it `#[python(keyword)]`",
        );
    }
}

fn apply(member: &mut Member, items: Vec<PythonItem>, of: Of, errors: &mut Errors) {
    for item in items {
        let key = item.key.to_string();
        let kind = match (&*key, &item.value) {
            ("name", Some(name)) => {
                if name.value().split('.').all(is_python_name) {
                    member.python_name = Some(name.value());
                } else {
                    errors.at(name, "this is no Python name");
                }
                continue;
            }
            ("get", None) => MemberKind::Get,
            ("set", Some(name)) => {
                if is_python_name(&name.value()) {
                    member.python_name = Some(name.value());
                } else {
                    errors.at(name, "this is no Python name");
                }
                MemberKind::Set
            }
            ("set", None) => {
                errors.at(
                    &item.key,
                    "expected the attribute's name: `#[python(set = \"threshold\")]`",
                );
                continue;
            }
            ("class", None) if of == Of::Module => {
                let own_name = member.signature.ident.unraw().to_string();
                if member.python_name.as_deref() == Some(&*own_name) {
                    member.python_name = None;
                }
                MemberKind::Class
            }
            _ => {
                let class = if of == Of::Module { ", `class`" } else { "" };
                errors.push(syn::Error::new(
                    item.span(),
                    format!(
                        "unknown `{key}` of a method; there are `name = \"…\"`, `get`, `set = \"…\"`{class}"
                    ),
                ));
                continue;
            }
        };
        if member.kind != MemberKind::Function {
            errors.at(&item.key, "only one of `get`, `set` and `class` can hold");
        }
        member.kind = kind;
    }
    let wanted = match member.kind {
        MemberKind::Get => Some((0, "a value that is read takes no arguments")),
        MemberKind::Set => Some((1, "a value that is written takes one argument, itself")),
        MemberKind::Function | MemberKind::Class => None,
    };
    if let Some((count, message)) = wanted {
        if member.parameters.len() != count
            || member
                .parameters
                .iter()
                .any(|p| p.kind != ParameterKind::Positional)
        {
            errors.at(&member.signature.ident, message);
        }
        if let Some(asyncness) = &member.signature.asyncness {
            errors.at(asyncness, "attributes are not awaited");
        }
    }
    if member.kind == MemberKind::Class
        && let Some(asyncness) = &member.signature.asyncness
    {
        errors.at(asyncness, "a class is not awaited");
    }
}
