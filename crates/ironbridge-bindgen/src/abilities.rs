//! What types can do: be cloned, compared, copied, be keys; and where they must be in a `Box`.

use std::collections::BTreeSet;

use crate::rust::{Id, Item, ItemKind, Rust};

/// What can be derived for a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abilities {
    pub(crate) clone: bool,
    pub(crate) eq: bool,
}

impl Abilities {
    const ALL: Self = Self {
        clone: true,
        eq: true,
    };
    const NONE: Self = Self {
        clone: false,
        eq: false,
    };

    fn and(self, other: Self) -> Self {
        Self {
            clone: self.clone && other.clone,
            eq: self.eq && other.eq,
        }
    }
}

/// What can be derived for an item.
pub(crate) fn abilities(items: &[Item], id: Id) -> Abilities {
    let mut seen = BTreeSet::new();
    abilities_of_item(items, id, &mut seen)
}

fn abilities_of_item(items: &[Item], id: Id, seen: &mut BTreeSet<Id>) -> Abilities {
    if !seen.insert(id) {
        return Abilities::ALL;
    }
    let item = &items[id.0];
    if let ItemKind::Handle { .. } = item.kind {
        return Abilities {
            clone: true,
            eq: false,
        };
    }
    parts(item).fold(Abilities::ALL, |all, part| {
        all.and(abilities_of(items, part, seen))
    })
}

fn abilities_of(items: &[Item], type_: &Rust, seen: &mut BTreeSet<Id>) -> Abilities {
    match type_ {
        Rust::Item(id) => abilities_of_item(items, *id, seen),
        Rust::List(inner) | Rust::Set(inner) | Rust::Option(inner) | Rust::Boxed(inner) => {
            abilities_of(items, inner, seen)
        }
        Rust::Dict(key, value) => {
            abilities_of(items, key, seen).and(abilities_of(items, value, seen))
        }
        Rust::Tuple(parts) => parts.iter().fold(Abilities::ALL, |all, part| {
            all.and(abilities_of(items, part, seen))
        }),
        Rust::Callback => Abilities {
            clone: true,
            eq: false,
        },
        Rust::Any
        | Rust::Function
        | Rust::Closure(..)
        | Rust::Iter(_)
        | Rust::AsyncIter(_)
        | Rust::Generator(_)
        | Rust::Context(_)
        | Rust::Bytes { in_data: false } => Abilities::NONE,
        _ => Abilities::ALL,
    }
}

/// The types that an item of data is made of.
pub(crate) fn parts(item: &Item) -> Box<dyn Iterator<Item = &Rust> + '_> {
    match &item.kind {
        ItemKind::Struct { fields, .. } | ItemKind::Options(fields) => {
            Box::new(fields.iter().map(|field| &field.type_))
        }
        ItemKind::Union { variants } => {
            Box::new(variants.iter().filter_map(|variant| variant.type_.as_ref()))
        }
        ItemKind::NewType(inner) => Box::new(std::iter::once(inner)),
        ItemKind::Pending | ItemKind::Values { .. } | ItemKind::Handle { .. } => {
            Box::new(std::iter::empty())
        }
    }
}

/// Whether a type can be the key of a map.
pub(crate) fn is_key(items: &[Item], type_: &Rust) -> bool {
    match type_ {
        Rust::Bool
        | Rust::Int
        | Rust::Text
        | Rust::Path
        | Rust::Uuid
        | Rust::Date
        | Rust::DateTime
        | Rust::Decimal
        | Rust::Bytes { in_data: true } => true,
        Rust::Tuple(parts) => parts.iter().all(|it| is_key(items, it)),
        Rust::Option(inner) => is_key(items, inner),
        Rust::Item(id) => match &items[id.0].kind {
            ItemKind::Values { .. } => true,
            ItemKind::NewType(inner) => is_key(items, inner),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a type can be copied.
pub(crate) fn is_copy(items: &[Item], type_: &Rust) -> bool {
    match type_ {
        Rust::Unit | Rust::Bool | Rust::Int | Rust::Float | Rust::Uuid => true,
        Rust::Item(id) => matches!(items[id.0].kind, ItemKind::Values { .. }),
        _ => false,
    }
}

/// Puts in a `Box` what would otherwise hold itself.
pub(crate) fn box_recursion(items: &mut [Item]) {
    let edges: Vec<Vec<Id>> = items
        .iter()
        .map(|item| {
            let mut direct = Vec::new();
            parts(item).for_each(|part| held(part, &mut direct));
            direct
        })
        .collect();
    let reaches = |from: Id, to: Id| {
        let (mut stack, mut seen) = (vec![from], BTreeSet::new());
        while let Some(at) = stack.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                stack.extend(&edges[at.0]);
            }
        }
        false
    };
    for (number, item) in items.iter_mut().enumerate() {
        let types: Vec<&mut Rust> = match &mut item.kind {
            ItemKind::Struct { fields, .. } | ItemKind::Options(fields) => {
                fields.iter_mut().map(|field| &mut field.type_).collect()
            }
            ItemKind::Union { variants } => variants
                .iter_mut()
                .filter_map(|variant| variant.type_.as_mut())
                .collect(),
            _ => Vec::new(),
        };
        for type_ in types {
            box_in(type_, &|id| reaches(id, Id(number)));
        }
    }
}

fn held(type_: &Rust, into: &mut Vec<Id>) {
    match type_ {
        Rust::Item(id) => into.push(*id),
        Rust::Option(inner) => held(inner, into),
        Rust::Tuple(parts) => parts.iter().for_each(|it| held(it, into)),
        _ => {}
    }
}

fn box_in(type_: &mut Rust, is_recursive: &impl Fn(Id) -> bool) {
    match type_ {
        Rust::Item(id) if is_recursive(*id) => *type_ = Rust::Boxed(Box::new(Rust::Item(*id))),
        Rust::Option(inner) => box_in(inner, is_recursive),
        Rust::Tuple(parts) => parts.iter_mut().for_each(|it| box_in(it, is_recursive)),
        _ => {}
    }
}
