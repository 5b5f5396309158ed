//! `Enum` classes.

use ironbridge_python_ast::declarations::{Class, Field};

use super::is_private;
use super::literals::rule_of;
use super::{Planner, pascal};
use crate::docs;
use crate::names::Taken;
use crate::rust::{Id, ItemKind, Variant};

impl Planner<'_> {
    /// The enum of an `Enum` class; `None` where its members are not told.
    pub(super) fn enumeration(&mut self, class: &Class, name: &str) -> Option<Id> {
        let members: Vec<&Field> = class.fields.iter().filter(|it| is_member(it)).collect();
        if members.is_empty() {
            return None;
        }
        let mut taken = Taken::default();
        let mut variants: Vec<Variant> = members
            .iter()
            .map(|member| Variant {
                name: taken.take([&*pascal(&member.name)]),
                docs: member
                    .docs
                    .as_deref()
                    .map(docs::markdown)
                    .unwrap_or_default(),
                attributes: Vec::new(),
                type_: None,
            })
            .collect();
        let names: Vec<&str> = members.iter().map(|it| &*it.name).collect();
        let mut attributes = vec![format!("class = \"{}\"", class.name)];
        match rule_of(&variants, &names) {
            Some("") => {}
            Some(rule) => attributes.push(format!("rename_all = \"{rule}\"")),
            None => {
                for (variant, name) in variants.iter_mut().zip(&names) {
                    if variant.name != **name {
                        variant.attributes.push(format!("name = \"{name}\""));
                    }
                }
            }
        }
        let id = self.new_item(name.to_owned(), class.docs.as_deref());
        self.items[id.0].kind = ItemKind::Values {
            attributes,
            variants,
        };
        let module = &class.name.module;
        self.summary
            .count(module, class.line, &class.name.name, &[]);
        Some(id)
    }
}

/// Members are assigned; in stubs they may be annotated alone.
fn is_member(field: &Field) -> bool {
    let is_annotated_attribute = field.hint.is_some() && field.value.is_some();
    !is_private(&field.name) && !is_annotated_attribute && field.name != "name"
}
