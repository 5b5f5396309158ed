//! Classes of plain data: dataclasses, typed dicts, named tuples, models.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{
    Class, ClassKind, DataField, DataKind, FunctionKind, LiteralValue, Type,
};

use super::literals::string_literal;
use super::types::text_of;
use super::{Place, Planner, Position, comments, is_private};
use crate::docs;
use crate::names::{Taken, pascal, snake, variant};
use crate::rust::{Field, Id, ItemKind, Rust};

impl Planner<'_> {
    /// Whether a struct says all that the class does: it has no methods, and a constructor of its fields.
    pub(super) fn is_plain_data(&self, class: &Rc<Class>, kind: ClassKind) -> bool {
        let ClassKind::Data(data) = kind else {
            return false;
        };
        let lineage = self.library.ancestors(class, &[]);
        let has_methods = lineage.iter().any(|(owner, _)| {
            owner.methods.iter().any(|method| {
                let is_hook = method.decorators.iter().any(|it| {
                    ["valid", "serializ", "computed"]
                        .iter()
                        .any(|word| it.text.contains(word))
                });
                let replaces_fields = matches!(&*method.name, "__init__" | "__new__");
                let is_public = !is_private(&method.name)
                    && !is_hook
                    && !matches!(method.kind, FunctionKind::Static | FunctionKind::Class);
                replaces_fields || is_public
            })
        });
        let is_foreign = match data {
            DataKind::Dataclass => self.library.foreign_base(class).is_some(),
            _ => false,
        };
        let fields = self.library.data_fields(class, &[], data);
        let all_given = fields.iter().all(|field| {
            let is_hidden = is_private(&field.name) && data == DataKind::Dataclass;
            field.init && !is_hidden
        });
        let is_empty = fields.is_empty() && data != DataKind::TypedDict;
        all_given && !(has_methods || is_foreign || is_empty)
    }

    pub(super) fn data(&mut self, id: Id, class: &Rc<Class>, arguments: &[Type], kind: DataKind) {
        let fields = self.library.data_fields(class, arguments, kind);
        let mut taken = Taken::default();
        let type_name = self.items[id.0].name.clone();
        let module = class.name.module.clone();
        let mut written = Vec::new();
        let mut may_be_missing = false;
        for field in &fields {
            let place = Place {
                position: Position::Data,
                name: format!("{type_name}{}", pascal(&field.name)),
                class: Some((Rc::clone(class), arguments.to_vec())),
            };
            let lowered = self.lower(&field.type_, &place);
            let full = format!("{}.{}", class.name.name, field.name);
            self.summary
                .count(&module, field.line, &full, &lowered.reasons);
            let name = taken.take([&*snake(&field.name)]);
            let mut attributes = Vec::new();
            if name != field.name {
                attributes.push(format!("name = {}", string_literal(&field.name)));
            }
            let type_ = if field.may_be_missing {
                may_be_missing = true;
                attributes.push("default".to_owned());
                match lowered.type_ {
                    Rust::Option(inner) => Rust::Option(inner),
                    type_ => Rust::Option(Box::new(type_)),
                }
            } else {
                let default = default_attribute(field, &lowered.type_)
                    .or_else(|| self.default_variant(field, &lowered.type_));
                attributes.extend(default);
                lowered.type_
            };
            written.push(Field {
                name,
                docs: field_docs(field, &attributes),
                comments: comments(&lowered.reasons),
                attributes,
                type_,
            });
        }
        let mut attributes = Vec::new();
        if kind == DataKind::TypedDict {
            attributes.extend(may_be_missing.then(|| "skip_none".to_owned()));
        } else {
            attributes.push(format!("class = \"{}\"", class.name));
        }
        self.items[id.0].kind = ItemKind::Struct {
            attributes,
            fields: written,
        };
    }

    /// The default of a field that is an enum: `Color.RED`, `"fast"`.
    fn default_variant(&self, field: &DataField, type_: &Rust) -> Option<String> {
        let Rust::Item(id) = type_ else { return None };
        let item = &self.items[id.0];
        let ItemKind::Values { variants, .. } = &item.kind else {
            return None;
        };
        let wanted = match &field.literal {
            Some(literal) => variant(&text_of(literal)),
            None => pascal(field.default.as_deref()?.rsplit_once('.')?.1),
        };
        let is_there = variants.iter().any(|it| it.name == wanted);
        is_there.then(|| format!("default = {}::{wanted}", item.name))
    }
}

fn field_docs(field: &DataField, attributes: &[String]) -> Vec<String> {
    let mut docs = field
        .docs
        .as_deref()
        .map(docs::markdown)
        .unwrap_or_default();
    let is_said = attributes.iter().any(|it| it.starts_with("default"));
    if let Some(default) = field.default.as_deref()
        && !is_said
        && default != "..."
        && default.len() < 60
    {
        docs.extend((!docs.is_empty()).then(String::new));
        docs.push(format!("Default in Python: {}.", docs::code(default)));
    }
    docs
}

/// `default`, where the field's default can be written in Rust.
fn default_attribute(field: &DataField, type_: &Rust) -> Option<String> {
    let default = field.default.as_deref()?;
    let is_default = match (type_, &field.literal) {
        (Rust::Option(_), _) => default == "None",
        (Rust::List(_), _) => matches!(default, "list()" | "()" | "tuple()" | "[]"),
        (Rust::Dict(..), _) => matches!(default, "dict()" | "{}"),
        (Rust::Set(_), _) => matches!(default, "set()" | "frozenset()"),
        (Rust::Text, Some(LiteralValue::Text(text))) => text.is_empty(),
        (Rust::Int | Rust::Float, Some(LiteralValue::Int(number))) => *number == 0,
        (Rust::Float, Some(LiteralValue::Float(number))) => number.to_bits() == 0,
        (Rust::Bool, Some(LiteralValue::Bool(value))) => !value,
        _ => false,
    };
    if is_default {
        return Some("default".to_owned());
    }
    let value = match (type_, field.literal.as_ref()?) {
        (Rust::Text, LiteralValue::Text(text)) if text.len() < 40 => {
            format!("{}.to_owned()", string_literal(text))
        }
        (Rust::Int, LiteralValue::Int(number)) => number.to_string(),
        (Rust::Bool, LiteralValue::Bool(value)) => value.to_string(),
        (Rust::Float, LiteralValue::Int(number)) => format!("{number}.0"),
        (Rust::Float, LiteralValue::Float(number)) if number.is_finite() => format!("{number:?}"),
        _ => return None,
    };
    Some(format!("default = {value}"))
}
