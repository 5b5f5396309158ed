//! Enums: which kind each is, and its variants.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::{DataEnum, Expr, ExprLit, ExprUnary, Fields, Lit, LitStr, UnOp};

use super::attributes::{self, Known, Part};
use super::container::{Container, check_class};
use super::errors::Errors;
use super::{literals, tagged, untagged};

const KNOWN: Known = Known {
    place: "a variant",
    names: &[
        ("name", "name = \"…\""),
        ("value", "value = …"),
        ("class", "class = \"module.Class\""),
    ],
};

/// A variant.
pub(super) struct Variant<'a> {
    pub(super) ident: &'a Ident,
    pub(super) fields: &'a Fields,
    /// In Python: the name of a member, the value of a literal or a tag.
    pub(super) value: Value,
    /// Where that was given.
    given: Option<Ident>,
    pub(super) class: Option<LitStr>,
}

/// The value of a variant in Python.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Str(String),
    Int(i64),
    Bool(bool),
}

pub(super) fn expand(
    container: &Container<'_>,
    data: &DataEnum,
    errors: &mut Errors,
) -> TokenStream {
    let variants: Vec<_> = data
        .variants
        .iter()
        .map(|variant| read(variant, container, errors))
        .collect();
    if variants.is_empty() {
        errors.at(container.ident, "an enum without variants has no values");
        return TokenStream::new();
    }
    if let Some(skip_none) = &container.skip_none
        && container.tag.is_none()
    {
        errors.at(
            skip_none,
            "`skip_none` is for structs and enums with a `tag`",
        );
    }
    let all_unit = variants
        .iter()
        .all(|variant| matches!(variant.fields, Fields::Unit));
    if container.tag.is_some() {
        no_class(container, errors);
        twice(&variants, |_| true, errors);
        return tagged::expand(container, &variants, errors);
    }
    for variant in &variants {
        if let Some(class) = &variant.class {
            errors.at(
                class,
                "the class of a variant is for enums with a `tag`; give the struct in it a class",
            );
        }
    }
    if all_unit {
        twice(&variants, |_| true, errors);
        return match &container.class {
            Some(class) => literals::expand_members(container, class, &variants, errors),
            None => literals::expand_literals(container, &variants),
        };
    }
    no_class(container, errors);
    twice(
        &variants,
        |variant| matches!(variant.fields, Fields::Unit),
        errors,
    );
    for variant in &variants {
        if let Some(given) = &variant.given
            && !matches!(variant.fields, Fields::Unit)
        {
            errors.at(
                given,
                "without a `tag` on the enum, only a variant without fields has a value",
            );
        }
    }
    untagged::expand(container, &variants, errors)
}

fn no_class(container: &Container<'_>, errors: &mut Errors) {
    if let Some(class) = &container.class {
        errors.at(
            class,
            "the class of an enum is an `Enum`, whose members have no fields; a variant or the struct in it may have \
             a class",
        );
    }
}

fn twice<'a>(variants: &[Variant<'a>], counts: impl Fn(&Variant<'a>) -> bool, errors: &mut Errors) {
    let counted: Vec<_> = variants.iter().filter(|variant| counts(variant)).collect();
    for (index, variant) in counted.iter().enumerate() {
        if counted[..index]
            .iter()
            .any(|other| other.value == variant.value)
        {
            errors.at(variant.ident, "another variant has this value in Python");
        }
    }
}

fn read<'a>(
    variant: &'a syn::Variant,
    container: &Container<'_>,
    errors: &mut Errors,
) -> Variant<'a> {
    let mut parts = attributes::read(&variant.attrs, &KNOWN, errors);
    let given = parts
        .iter()
        .find(|part| part.name == "name" || part.name == "value")
        .map(|part| part.name.clone());
    let name = Part::take_text(&mut parts, "name", errors);
    let class = Part::take_text(&mut parts, "class", errors);
    if let Some(class) = &class {
        check_class(class, errors);
    }
    let value = Part::take(&mut parts, "value");
    if let (Some(_), Some(value)) = (&name, &value) {
        errors.at(
            &value.name,
            "`name` and `value` say the same: give one of them",
        );
    }
    let value = match (value, name) {
        (Some(part), _) => part.value.as_ref().and_then(literal).unwrap_or_else(|| {
            errors.at(
                &part.name,
                "`value` takes a string, an integer of 64 bits, `true` or `false`",
            );
            Value::Str(variant.ident.to_string())
        }),
        (None, Some(name)) => Value::Str(name.value()),
        (None, None) => Value::Str(
            container
                .rename_all
                .apply(&variant.ident.unraw().to_string()),
        ),
    };
    Variant {
        ident: &variant.ident,
        fields: &variant.fields,
        value,
        given,
        class,
    }
}

fn literal(value: &Expr) -> Option<Value> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(text) => Some(Value::Str(text.value())),
            Lit::Int(number) => number.base10_parse().ok().map(Value::Int),
            Lit::Bool(value) => Some(Value::Bool(value.value)),
            _ => None,
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => match literal(expr)? {
            Value::Int(number) => number.checked_neg().map(Value::Int),
            _ => None,
        },
        _ => None,
    }
}
