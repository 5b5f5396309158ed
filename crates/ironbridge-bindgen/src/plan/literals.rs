//! `Literal`, and the names of its values.

use ironbridge_python_ast::declarations::LiteralValue;

use super::types::text_of;
use super::{Lowered, Place, Planner};
use crate::names::{Taken, pascal, variant};
use crate::rust::{ItemKind, Rust, Variant};

impl Planner<'_> {
    pub(super) fn literal(
        &mut self,
        values: &[LiteralValue],
        name: Option<&str>,
        place: &Place,
    ) -> Lowered {
        if values.iter().all(|it| matches!(it, LiteralValue::Bool(_))) {
            return Lowered::typed(Rust::Bool);
        }
        if values.iter().any(|it| {
            matches!(
                it,
                LiteralValue::Float(_) | LiteralValue::Bytes | LiteralValue::None
            )
        }) {
            return Lowered::loose("a `Literal` of other than text and numbers");
        }
        let key = format!("literal {values:?}");
        if let Some(id) = self.known.get(&key) {
            return Lowered::typed(Rust::Item(*id));
        }
        let name = match name {
            Some(name) => self
                .types
                .take([&*pascal(name), &*format!("{}Literal", pascal(name))]),
            None => self
                .types
                .take([&*place.name, &*format!("{}Literal", place.name)]),
        };
        let mut taken = Taken::default();
        let mut variants: Vec<Variant> = values
            .iter()
            .map(|value| value_variant(value, &mut taken))
            .collect();
        let texts: Option<Vec<&str>> = values
            .iter()
            .map(|it| match it {
                LiteralValue::Text(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let rule = texts.and_then(|texts| rule_of(&variants, &texts));
        if rule.is_some() {
            for variant in &mut variants {
                variant.attributes.clear();
            }
        }
        let id = self.new_item(name, None);
        self.items[id.0].kind = ItemKind::Values {
            attributes: rule
                .filter(|rule| !rule.is_empty())
                .map(|rule| format!("rename_all = \"{rule}\""))
                .into_iter()
                .collect(),
            variants,
        };
        self.known.insert(key, id);
        Lowered::typed(Rust::Item(id))
    }
}

pub(super) fn value_variant(value: &LiteralValue, taken: &mut Taken) -> Variant {
    let attribute = match value {
        LiteralValue::Text(text) => format!("value = {}", string_literal(text)),
        other => format!("value = {}", text_of(other)),
    };
    Variant {
        name: taken.take([&*variant(&text_of(value))]),
        docs: Vec::new(),
        attributes: vec![attribute],
        type_: None,
    }
}

/// A string as Rust writes it.
pub(super) fn string_literal(text: &str) -> String {
    proc_macro2::Literal::string(text).to_string()
}

/// A rule's name, and what it does.
type Rule<'a> = (&'static str, &'a dyn Fn(&str) -> String);

/// The renaming rule that gives each variant its name in Python; empty where the names are the same.
pub(super) fn rule_of(variants: &[Variant], names: &[&str]) -> Option<&'static str> {
    let spread = |variant: &str, between: &str| {
        let mut out = String::new();
        for (number, character) in variant.chars().enumerate() {
            if character.is_uppercase() && number > 0 {
                out.push_str(between);
            }
            out.extend(character.to_lowercase());
        }
        out
    };
    let rules: [Rule<'_>; 8] = [
        ("", &str::to_owned),
        ("lowercase", &|it| it.to_lowercase()),
        ("UPPERCASE", &|it| it.to_uppercase()),
        ("snake_case", &|it| spread(it, "_")),
        ("kebab-case", &|it| spread(it, "-")),
        ("SCREAMING_SNAKE_CASE", &|it| spread(it, "_").to_uppercase()),
        ("SCREAMING-KEBAB-CASE", &|it| spread(it, "-").to_uppercase()),
        ("camelCase", &|it| {
            let mut characters = it.chars();
            let first = characters.next().map(|it| it.to_lowercase().to_string());
            first.unwrap_or_default() + characters.as_str()
        }),
    ];
    let fits = |rule: &dyn Fn(&str) -> String| {
        variants
            .iter()
            .zip(names)
            .all(|(variant, name)| variant.name.is_ascii() && rule(&variant.name) == *name)
    };
    rules
        .iter()
        .find(|(_, rule)| fits(rule))
        .map(|(name, _)| *name)
}
