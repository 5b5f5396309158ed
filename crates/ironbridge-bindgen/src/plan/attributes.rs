//! Properties and attributes of classes: read by a method with `get`, written by one with `set`.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{Class, ClassKind, DataKind, Field, Function, Type};

use super::{Place, Planner, Position, attributes_of, comments, is_private};
use crate::docs;
use crate::names::{Taken, pascal, snake};
use crate::rust::{Method, Parameter, Rust};

impl Planner<'_> {
    #[allow(clippy::too_many_arguments)] // They are the parts of one thing, used once.
    pub(super) fn property(
        &mut self,
        module: &str,
        full_name: &str,
        owner: &(Rc<Class>, Vec<Type>),
        method: &Function,
        type_name: &str,
        taken: &mut Taken,
        into: &mut Vec<Method>,
    ) {
        let Some(signature) = method.signature() else {
            return;
        };
        let resolved = self.resolve(method, signature, Some(owner));
        let place = Place {
            position: Position::Result,
            name: format!("{type_name}{}", pascal(&method.name)),
            class: Some(owner.clone()),
        };
        let lowered = self.lower(&resolved.returns, &place);
        self.summary
            .count(module, signature.line, full_name, &lowered.reasons);
        let name = taken.take([&*snake(&method.name)]);
        into.push(Method {
            attributes: attributes_of(&["get"], &name, &method.name),
            name,
            docs: method.docs().map(docs::markdown).unwrap_or_default(),
            comments: comments(&lowered.reasons),
            is_async: false,
            parameters: Vec::new(),
            result: lowered.type_,
        });
        if let Some(setter) = &method.setter {
            let setter = self.resolve(method, setter, Some(owner));
            let given = setter.parameters.first().map(|it| it.type_.clone());
            let given = match given {
                // A setter without a hint takes what the getter gives.
                None | Some(Type::Unannotated) => resolved.returns,
                Some(given) => given,
            };
            let lowered = self.lower(&given, &place.at(Position::Argument));
            into.push(setter_of(
                &method.name,
                lowered.type_,
                &lowered.reasons,
                taken,
            ));
        }
    }

    pub(super) fn attribute(
        &mut self,
        (class, owner, arguments): (&Rc<Class>, &Rc<Class>, &Vec<Type>),
        kind: ClassKind,
        field: &Field,
        taken: &mut Taken,
        into: &mut Vec<Method>,
    ) {
        let own = snake(&field.name);
        let Some(hint) = &field.hint else { return };
        if is_private(&field.name) || taken.contains(&own) {
            return;
        }
        let type_ = self.library.resolve(hint, &owner.type_parameters);
        let type_ = type_.substitute(&self.library.class_arguments(owner, arguments));
        let type_ = match (type_, &field.literal) {
            // `limit: Final = 3`
            (Type::Unannotated, Some(literal)) => super::type_of(literal),
            (type_, _) => type_,
        };
        let place = Place {
            position: Position::Result,
            name: format!("{}{}", pascal(class.short_name()), pascal(&field.name)),
            class: Some((Rc::clone(class), arguments.clone())),
        };
        let lowered = self.lower(&type_, &place);
        let module = &owner.name.module;
        let full = format!("{}.{}", class.name.name, field.name);
        self.summary
            .count(module, field.line, &full, &lowered.reasons);
        let name = taken.take([&*own]);
        into.push(Method {
            attributes: attributes_of(&["get"], &name, &field.name),
            name,
            docs: field
                .docs
                .as_deref()
                .map(docs::markdown)
                .unwrap_or_default(),
            comments: comments(&lowered.reasons),
            is_async: false,
            parameters: Vec::new(),
            result: lowered.type_,
        });
        let is_constant = hint
            .name()
            .is_some_and(|it| matches!(&*it.name, "Final" | "ClassVar" | "ReadOnly"));
        let is_frozen = owner.decorators.iter().any(|it| {
            it.text.contains("frozen") || it.flags.contains(&("frozen".to_owned(), true))
        }) || kind == ClassKind::Data(DataKind::NamedTuple);
        if !is_constant && !is_frozen && lowered.reasons.is_empty() {
            let lowered = self.lower(&type_, &place.at(Position::Argument));
            if lowered.reasons.is_empty() && !matches!(lowered.type_, Rust::Closure(..)) {
                into.push(setter_of(&field.name, lowered.type_, &[], taken));
            }
        }
    }
}

fn setter_of(name: &str, type_: Rust, reasons: &[String], taken: &mut Taken) -> Method {
    let own = format!("set_{}", snake(name));
    Method {
        name: taken.take([&*own]),
        docs: Vec::new(),
        comments: comments(reasons),
        attributes: vec![format!("set = \"{name}\"")],
        is_async: false,
        parameters: vec![Parameter {
            name: "value".to_owned(),
            attributes: Vec::new(),
            type_,
        }],
        result: Rust::Unit,
    }
}
