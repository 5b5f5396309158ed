//! Unions, literals and the aliases that name them.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{Alias, LiteralValue, Type};

use super::types::text_of;
use super::{Lowered, Place, Planner, Position};
use crate::names::{Taken, pascal, variant};
use crate::rust::{Id, ItemKind, Rust, Variant};

/// How the reason of a union begins of which some types are expressed.
const PARTLY: &str = "in part: ";

impl Planner<'_> {
    pub(super) fn alias(
        &mut self,
        alias: &Rc<Alias>,
        arguments: &[Type],
        place: &Place,
    ) -> Lowered {
        let key = format!("alias {} {arguments:?}", alias.name);
        let open = self.open_aliases.iter().position(|(open, _)| *open == key);
        if let Some(open) = open {
            // It refers to itself: it needs an item, made now and filled when its own turn ends.
            let id = match self.open_aliases[open].1 {
                Some(id) => id,
                None => {
                    let name = self.type_name(&alias.name.name, &alias.name.module, "Union");
                    let id = self.new_item(name, None);
                    self.open_aliases[open].1 = Some(id);
                    id
                }
            };
            let may_be_none = match self.library.expand(alias, arguments) {
                Type::Union(parts) => parts.contains(&Type::None),
                _ => false,
            };
            return Lowered::typed(if may_be_none {
                Rust::Option(Box::new(Rust::Item(id)))
            } else {
                Rust::Item(id)
            });
        }
        if let Some(lowered) = self.recursive_aliases.get(&key) {
            return lowered.clone();
        }
        self.open_aliases.push((key.clone(), None));
        let expanded = self.library.expand(alias, arguments);
        let name = alias.name.name.trim_start_matches('_');
        let lowered = match &expanded {
            Type::Union(parts) => self.union(parts, Some(name), place),
            Type::Literal(values) => self.literal(values, Some(name), place),
            other => self.lower(other, place),
        };
        let made = self.open_aliases.pop().and_then(|(_, id)| id);
        if let Some(id) = made {
            if matches!(self.items[id.0].kind, ItemKind::Pending) {
                // It is no union after all: a list of itself, say.
                let is_typed = lowered.reasons.is_empty() && lowered.type_ != Rust::Item(id);
                let inner = if is_typed {
                    lowered.type_.clone()
                } else {
                    Rust::Any
                };
                self.items[id.0].kind = ItemKind::Union {
                    variants: vec![Variant {
                        name: "Value".to_owned(),
                        docs: Vec::new(),
                        attributes: Vec::new(),
                        type_: Some(inner),
                    }],
                };
            }
            self.recursive_aliases.insert(key, lowered.clone());
        }
        lowered
    }

    /// A union: an `Option`, a path, one type after all, or an enum.
    pub(super) fn union(&mut self, parts: &[Type], name: Option<&str>, place: &Place) -> Lowered {
        let (none, parts): (Vec<&Type>, Vec<&Type>) =
            parts.iter().partition(|it| matches!(it, Type::None));
        let option = |lowered: Lowered| match (none.is_empty(), lowered.type_) {
            (false, Rust::Any) => Lowered {
                type_: Rust::Any,
                reasons: lowered.reasons,
            },
            (false, Rust::Closure(..)) if lowered.reasons.is_empty() => {
                // A closure's type is its own, so there is no `None` of it.
                Lowered::typed(Rust::Option(Box::new(Rust::Callback)))
            }
            (false, Rust::Option(inner)) => Lowered {
                type_: Rust::Option(inner),
                reasons: lowered.reasons,
            },
            (false, type_) => Lowered {
                type_: Rust::Option(Box::new(type_)),
                reasons: lowered.reasons,
            },
            (true, type_) => Lowered {
                type_,
                reasons: lowered.reasons,
            },
        };
        match &*parts {
            [] => return self.lower(&Type::None, place),
            [single] => {
                let single = match (name, single) {
                    (Some(name), Type::Literal(values)) => self.literal(values, Some(name), place),
                    (_, single) => self.lower(single, place),
                };
                return option(single);
            }
            _ => {}
        }
        let lowered = self.several(&parts, name, place);
        option(lowered)
    }

    fn several(&mut self, parts: &[&Type], name: Option<&str>, place: &Place) -> Lowered {
        let has_path = parts.iter().any(|it| matches!(it, Type::Path));
        // One union serves all places, so its parts go both ways.
        let inner_place = Place {
            name: name.map_or_else(|| place.name.clone(), pascal),
            ..place.at(Position::Data)
        };
        let mut variants: Vec<(String, Rust)> = Vec::new();
        let mut values: Vec<LiteralValue> = Vec::new();
        let mut has_none = false;
        // The first reason why a part is untyped; all such parts are one variant.
        let mut untyped: Option<String> = None;
        let mut stack: Vec<Type> = parts.iter().rev().map(|it| (*it).clone()).collect();
        while let Some(part) = stack.pop() {
            match &part {
                // The values of a literal are variants of their own.
                Type::Literal(more) => {
                    values.extend(
                        more.iter()
                            .filter(|it| !values.contains(it))
                            .cloned()
                            .collect::<Vec<_>>(),
                    );
                    continue;
                }
                Type::Str | Type::Bytes if has_path => continue,
                Type::None => {
                    has_none = true;
                    continue;
                }
                Type::Union(parts) => {
                    stack.extend(parts.iter().rev().cloned());
                    continue;
                }
                // Unions in unions are flat, unless they hold themselves.
                Type::Alias(alias, arguments) => {
                    let key = format!("alias {} {arguments:?}", alias.name);
                    if !self.open_aliases.iter().any(|(open, _)| *open == key) {
                        let expanded = self.library.expand(alias, arguments);
                        if matches!(expanded, Type::Union(_) | Type::Literal(_)) && stack.len() < 64
                        {
                            self.open_aliases.push((key, None));
                            stack.push(expanded);
                            self.open_aliases.pop();
                            continue;
                        }
                    }
                }
                _ => {}
            }
            let label = self.label(&part);
            let lowered = self.lower(&part, &inner_place);
            if let Some(reason) = lowered.reasons.into_iter().next() {
                if lowered.type_ == Rust::Any && matches!(part, Type::Any | Type::Unannotated) {
                    return Lowered::loose(reason);
                }
                untyped.get_or_insert(reason);
                continue;
            }
            let (type_, label) = match lowered.type_ {
                Rust::Option(inner) => {
                    has_none = true;
                    (*inner, label)
                }
                Rust::Unit => {
                    has_none = true;
                    continue;
                }
                type_ => (type_, label),
            };
            if !variants.iter().any(|(_, known)| *known == type_) {
                variants.push((label, type_));
            }
        }
        // A value that is text is text.
        let has_text = variants.iter().any(|(_, it)| *it == Rust::Text);
        values.retain(|it| !(has_text && matches!(it, LiteralValue::Text(_))));
        let reasons: Vec<String> = untyped
            .iter()
            .map(|reason| match reason.strip_prefix(PARTLY) {
                Some(_) => reason.clone(),
                None => format!("{PARTLY}{reason}"),
            })
            .collect();
        let wrap = |type_: Rust| Lowered {
            type_: if has_none {
                Rust::Option(Box::new(type_))
            } else {
                type_
            },
            reasons: reasons.clone(),
        };
        if let Some(reason) = untyped {
            if variants.is_empty() && values.is_empty() {
                return Lowered::loose(reason);
            }
            variants.push(("other".to_owned(), Rust::Any));
        }
        if values.is_empty() && variants.len() == 1 {
            return wrap(variants.swap_remove(0).1);
        }
        if variants.is_empty() {
            let lowered = self.literal(&values, name, place);
            return if lowered.reasons.is_empty() {
                wrap(lowered.type_)
            } else {
                lowered
            };
        }
        let id = self.union_item(variants, &values, name, place);
        wrap(Rust::Item(id))
    }

    fn union_item(
        &mut self,
        parts: Vec<(String, Rust)>,
        values: &[LiteralValue],
        name: Option<&str>,
        place: &Place,
    ) -> Id {
        let types: Vec<&Rust> = parts.iter().map(|(_, type_)| type_).collect();
        let key = format!("union {types:?} {values:?}");
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        // An alias that refers to itself has its item already.
        let own = self.open_aliases.last().and_then(|(_, id)| *id);
        let own =
            own.filter(|id| name.is_some() && matches!(self.items[id.0].kind, ItemKind::Pending));
        let short: Vec<String> = parts
            .iter()
            .map(|(label, _)| pascal(label))
            .chain(values.iter().map(|it| variant(&text_of(it))))
            .collect();
        let joined = short.join("Or");
        let name = match name {
            Some(_) if own.is_some() => String::new(),
            Some(name) => self
                .types
                .take([&*pascal(name), &*format!("{}Union", pascal(name))]),
            None if short.len() <= 3 && joined.len() <= 40 => self.types.take([&*joined]),
            None => self
                .types
                .take([&*place.name, &*format!("{}Union", place.name)]),
        };
        let mut taken = Taken::default();
        let mut variants: Vec<Variant> = values
            .iter()
            .map(|value| value_variant(value, &mut taken))
            .collect();
        variants.extend(parts.into_iter().map(|(label, type_)| Variant {
            name: taken.take([&*variant(&label), &*format!("{}Of", variant(&label))]),
            docs: Vec::new(),
            attributes: Vec::new(),
            type_: Some(type_),
        }));
        let id = own.unwrap_or_else(|| self.new_item(name, None));
        self.items[id.0].kind = ItemKind::Union { variants };
        self.known.insert(key, id);
        id
    }

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
            variants.iter_mut().for_each(|it| it.attributes.clear());
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

fn value_variant(value: &LiteralValue, taken: &mut Taken) -> Variant {
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
    let rules: [(&'static str, &dyn Fn(&str) -> String); 8] = [
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
