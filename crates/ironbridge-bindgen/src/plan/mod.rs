//! From what a module declares to the items that are written.
//!
//! The [`Planner`] goes through the exported names; a type that is met on the way becomes an item, once, and what that
//! holds follows. So what nothing leads to is not written.

mod attributes;
mod classes;
mod data;
mod decorators;
mod enums;
mod functions;
mod literals;
mod overloads;
mod types;
mod unions;

use std::collections::HashMap;
use std::rc::Rc;

use ironbridge_python_ast::declarations::{
    Alias, Class, ClassKind, Constant, Found, Library, Line, LiteralValue, QualifiedName, Type,
};

use crate::abilities::box_recursion;
use crate::docs;
use crate::layout::ModuleTrait;
use crate::names::{Taken, pascal, snake};
use crate::rust::{Id, Item, ItemKind, Method, Rust};
use crate::summary::Summary;

/// What was planned.
pub(crate) struct Plan {
    pub(crate) module: ModuleTrait,
    pub(crate) items: Vec<Item>,
    pub(crate) summary: Summary,
}

/// The state of planning.
pub(crate) struct Planner<'l> {
    library: &'l Library,
    items: Vec<Item>,
    /// The items of classes, unions, literals, by what identifies them.
    known: HashMap<String, Id>,
    types: Taken,
    /// The names of the module trait's methods.
    methods: Taken,
    module_methods: Vec<Method>,
    /// Aliases that are being looked into, with their item where one refers to itself.
    open_aliases: Vec<(String, Option<Id>)>,
    /// What those became.
    recursive_aliases: HashMap<String, Lowered>,
    depth: usize,
    /// Classes whose members are still to be written.
    waiting: Vec<(Id, Rc<Class>, Vec<Type>, ClassKind)>,
    summary: Summary,
}

/// Where a type stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) position: Position,
    /// What a type without a name of its own is called after.
    pub(crate) name: String,
    /// The class whose members are read, for `Self`.
    pub(crate) class: Option<(Rc<Class>, Vec<Type>)>,
}

impl Place {
    fn of(name: String, position: Position) -> Self {
        Self {
            position,
            name,
            class: None,
        }
    }

    pub(crate) fn at(&self, position: Position) -> Self {
        Self {
            position,
            ..self.clone()
        }
    }

    pub(crate) fn named(&self, suffix: &str) -> Self {
        Self {
            name: format!("{}{}", self.name, pascal(suffix)),
            ..self.clone()
        }
    }
}

/// On which way a value crosses, and whether it is whole or a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// An argument.
    Argument,
    /// A result.
    Result,
    /// A part of a result.
    InResult,
    /// A part of an argument, a field: it goes both ways.
    Data,
}

/// A type, and why parts of it are untyped.
#[derive(Debug, Clone)]
pub(crate) struct Lowered {
    pub(crate) type_: Rust,
    pub(crate) reasons: Vec<String>,
}

impl Lowered {
    pub(crate) fn typed(type_: Rust) -> Self {
        Self {
            type_,
            reasons: Vec::new(),
        }
    }

    pub(crate) fn loose(reason: impl Into<String>) -> Self {
        Self {
            type_: Rust::Any,
            reasons: vec![reason.into()],
        }
    }
}

impl<'l> Planner<'l> {
    pub(crate) fn new(library: &'l Library) -> Self {
        Self {
            library,
            items: Vec::new(),
            known: HashMap::new(),
            types: Taken::of_types(),
            methods: Taken::default(),
            module_methods: Vec::new(),
            open_aliases: Vec::new(),
            recursive_aliases: HashMap::new(),
            depth: 0,
            waiting: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Plans the exported names, or those of `only`.
    ///
    /// # Errors
    ///
    /// A name of `only` that the module does not export.
    pub(crate) fn plan(mut self, only: &[String], python_name: &str) -> Result<Plan, Unknown> {
        let module = Rc::clone(self.library.target());
        let exports = self.library.exports(&module);
        if let Some(name) = only.iter().find(|name| !exports.contains(name)) {
            // What is private by its name can be asked for by it.
            if module.get(name).is_none() {
                return Err(Unknown {
                    name: name.clone(),
                    exports,
                });
            }
        }
        let names: Vec<String> = if only.is_empty() {
            exports
        } else {
            let private = only.iter().filter(|name| !exports.contains(name));
            let asked = exports.iter().filter(|name| only.contains(name));
            asked.chain(private).cloned().collect()
        };
        let found: Vec<(String, Found)> = names
            .into_iter()
            .map(|name| {
                let found = self
                    .library
                    .find(&QualifiedName::new(&*module.name, &*name));
                (name, found)
            })
            .collect();
        for (_, found) in &found {
            if let Found::Class(class) = found {
                self.library.adopt(&class.name.module);
            }
        }

        let last = python_name.rsplit('.').next().unwrap_or(python_name);
        let own_name = pascal(last);
        let is_class = found
            .iter()
            .any(|(name, found)| matches!(found, Found::Class(_)) && pascal(name) == own_name);
        let with_module = format!("{own_name}Module");
        let trait_name = if is_class {
            self.types.take([&*with_module])
        } else {
            self.types.take([&*own_name, &*with_module])
        };

        // Classes under their own names come first, so that they have them.
        for (name, found) in &found {
            if let Found::Function(function) = found {
                self.function(&module.name, name, function);
            }
        }
        for (name, found) in &found {
            let line = module.get(name).map_or(Line(0), |entry| entry.line);
            self.export(name, found, line);
        }
        while let Some((id, class, arguments, kind)) = self.waiting.pop() {
            self.members(id, &class, &arguments, kind);
        }
        box_recursion(&mut self.items);
        let docs = module.docs.as_deref().map(docs::markdown);
        Ok(Plan {
            module: ModuleTrait {
                name: trait_name,
                python_name: python_name.to_owned(),
                docs: docs.unwrap_or_default(),
                methods: self.module_methods,
            },
            items: self.items,
            summary: self.summary,
        })
    }

    fn export(&mut self, name: &str, found: &Found, line: Line) {
        let module = self.library.target().name.clone();
        match found {
            Found::Class(class) => self.exported_class(name, class),
            Found::Constant(constant) => self.constant(&module, name, line, constant),
            Found::NewType(new_type) => {
                let place = Place::of(pascal(name), Position::Data);
                self.lower(&Type::NewType(Rc::clone(new_type)), &place);
            }
            Found::Alias(alias) => self.exported_alias(&module, name, line, alias),
            Found::Outside(source) => {
                let reason = format!("it comes from `{}`, which was not found", source.module);
                self.summary.skip(&module, line, name, &reason);
            }
            Found::Missing(_) => self.summary.skip(&module, line, name, "it was not found"),
            // Functions are written before; the others are nothing to call.
            _ => {}
        }
    }

    /// An alias that is exported is written where it is a type of its own; a constant may look like one.
    fn exported_alias(&mut self, module: &str, name: &str, line: Line, alias: &Rc<Alias>) {
        let place = Place::of(pascal(name), Position::Data);
        let expanded = self.library.expand(alias, &[]);
        if matches!(expanded, Type::Union(_) | Type::Literal(_)) {
            self.lower(&Type::Alias(Rc::clone(alias), Vec::new()), &place);
        } else if alias.is_implicit && matches!(&expanded, Type::Unknown(_)) {
            let reason = "a variable without a type hint";
            self.summary.skip(module, line, name, reason);
        }
    }

    fn constant(&mut self, module: &str, name: &str, line: Line, constant: &Constant) {
        if constant.value.is_none() && !self.library.target().is_stub {
            // `pi: float` in a module says what it will be, not that it is there.
            let reason = "a variable without a value";
            return self.summary.skip(module, line, name, reason);
        }
        let hint = match &constant.hint {
            // `LIMIT: Final = 3`
            Some(hint) if hint.name().is_some_and(|it| it.name == "Final") => {
                match (self.library.resolve(hint, &[]), &constant.literal) {
                    (Type::Unannotated, Some(literal)) => type_of(literal),
                    (type_, _) => type_,
                }
            }
            Some(hint) => self.library.resolve(hint, &[]),
            None => {
                let reason = "a variable without a type hint";
                return self.summary.skip(module, line, name, reason);
            }
        };
        let place = Place::of(pascal(name), Position::Result);
        let lowered = self.lower(&hint, &place);
        let mut docs = constant
            .docs
            .as_deref()
            .map(docs::markdown)
            .unwrap_or_default();
        if constant.literal.is_some()
            && let Some(value) = constant.value.as_deref().filter(|it| it.len() < 60)
        {
            let value = docs::code(value);
            docs.extend((!docs.is_empty()).then(String::new));
            docs.push(format!("Its value: {value}."));
        }
        let own = snake(name);
        let rust_name = self.methods.take([&*own, &*format!("get_{own}")]);
        let method = Method {
            attributes: attributes_of(&["get"], &rust_name, name),
            name: rust_name,
            docs,
            comments: comments(&lowered.reasons),
            is_async: false,
            parameters: Vec::new(),
            result: lowered.type_,
        };
        self.summary.count(module, line, name, &lowered.reasons);
        self.module_methods.push(method);
    }

    fn new_item(&mut self, name: String, docs: Option<&str>) -> Id {
        let id = Id(self.items.len());
        self.items.push(Item {
            name,
            docs: docs.map(docs::markdown).unwrap_or_default(),
            kind: ItemKind::Pending,
        });
        id
    }
}

/// A name that was asked for and is not exported.
#[derive(Debug)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    pub(crate) exports: Vec<String>,
}

fn type_of(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Text(_) => Type::Str,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Bool(_) => Type::Bool,
        LiteralValue::Float(_) => Type::Float,
        LiteralValue::Bytes => Type::Bytes,
        LiteralValue::None => Type::None,
    }
}

/// `#[python(…)]` with the name where it differs.
pub(crate) fn attributes_of(flags: &[&str], rust_name: &str, python_name: &str) -> Vec<String> {
    let mut attributes: Vec<String> = flags.iter().map(|it| (*it).to_owned()).collect();
    if rust_name != python_name {
        attributes.push(format!("name = \"{python_name}\""));
    }
    attributes
}

/// The comment that says why something is untyped.
pub(crate) fn comments(reasons: &[String]) -> Vec<String> {
    reasons
        .iter()
        .map(|it| format!("Untyped: {}.", it.replace('\n', " ")))
        .collect()
}

/// Whether a name is private by its spelling.
pub(crate) fn is_private(name: &str) -> bool {
    name.starts_with('_')
}
