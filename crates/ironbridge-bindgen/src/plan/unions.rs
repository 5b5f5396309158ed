//! Unions, literals and the aliases that name them.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{Alias, LiteralValue, Type};

use super::literals::value_variant;
use super::types::{label, text_of};
use super::{Lowered, Place, Planner, Position};
use crate::names::{Taken, pascal, variant};
use crate::rust::{Id, ItemKind, Rust, Variant};

/// How the reason of a union begins of which some types are expressed.
const PARTLY: &str = "in part: ";

/// What a union holds.
#[derive(Default)]
struct Members {
    /// Types, with a word for each.
    variants: Vec<(String, Rust)>,
    /// The values of literals, which are variants of their own.
    values: Vec<LiteralValue>,
    has_none: bool,
    /// The first reason why a part is untyped; all such parts are one variant.
    untyped: Option<String>,
}

impl Members {
    fn add_values(&mut self, values: &[LiteralValue]) {
        for value in values {
            if !self.values.contains(value) {
                self.values.push(value.clone());
            }
        }
    }
}

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
            let id = if let Some(id) = self.open_aliases[open].1 {
                id
            } else {
                let name = self.type_name(&alias.name.name, &alias.name.module, "Union");
                let id = self.new_item(name, None);
                self.open_aliases[open].1 = Some(id);
                id
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
        let Members {
            mut variants,
            mut values,
            has_none,
            untyped,
        } = match self.union_members(parts, name, place) {
            Ok(members) => members,
            Err(reason) => return Lowered::loose(reason),
        };
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

    /// What a union holds, with the unions in it made flat; or the reason why it may hold anything.
    fn union_members(
        &mut self,
        parts: &[&Type],
        name: Option<&str>,
        place: &Place,
    ) -> Result<Members, String> {
        let has_path = parts.iter().any(|it| matches!(it, Type::Path));
        // One union serves all places, so its parts go both ways.
        let place = Place {
            name: name.map_or_else(|| place.name.clone(), pascal),
            ..place.at(Position::Data)
        };
        let mut members = Members::default();
        let mut stack: Vec<Type> = parts.iter().rev().map(|it| (*it).clone()).collect();
        while let Some(part) = stack.pop() {
            match &part {
                Type::Literal(values) => {
                    members.add_values(values);
                    continue;
                }
                Type::Str | Type::Bytes if has_path => continue,
                Type::None => {
                    members.has_none = true;
                    continue;
                }
                Type::Union(parts) => {
                    stack.extend(parts.iter().rev().cloned());
                    continue;
                }
                Type::Alias(alias, arguments) => {
                    if let Some(expanded) = self.flat(alias, arguments).filter(|_| stack.len() < 64)
                    {
                        stack.push(expanded);
                        continue;
                    }
                }
                _ => {}
            }
            let lowered = self.lower(&part, &place);
            if let Some(reason) = lowered.reasons.into_iter().next() {
                if lowered.type_ == Rust::Any && matches!(part, Type::Any | Type::Unannotated) {
                    return Err(reason);
                }
                members.untyped.get_or_insert(reason);
                continue;
            }
            let type_ = match lowered.type_ {
                Rust::Option(inner) => {
                    members.has_none = true;
                    *inner
                }
                type_ => type_,
            };
            if !members.variants.iter().any(|(_, known)| *known == type_) {
                members.variants.push((label(&part), type_));
            }
        }
        Ok(members)
    }

    /// The union that an alias in a union stands for, unless it is one that holds itself.
    fn flat(&self, alias: &Alias, arguments: &[Type]) -> Option<Type> {
        let key = format!("alias {} {arguments:?}", alias.name);
        if self.open_aliases.iter().any(|(open, _)| *open == key) {
            return None;
        }
        let expanded = self.library.expand(alias, arguments);
        matches!(expanded, Type::Union(_) | Type::Literal(_)).then_some(expanded)
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
}
