//! From hints to types.

use std::collections::HashMap;
use std::rc::Rc;

use super::hint::{Hint, QualifiedName};
use super::library::{Found, Library};
use super::model::{Alias, Class, LiteralValue, TypeVariable};
use super::special::Special;
use super::types::Type;

/// How deep a hint may be nested, and how many names may lead to one another.
const DEPTH: usize = 32;

impl Library {
    /// What a hint means. `scope` has the type parameters (PEP 695) around it.
    ///
    /// Aliases stay as they are, so that a type which refers to itself ends; [`Library::expand`] takes one step.
    pub fn resolve(&self, hint: &Hint, scope: &[TypeVariable]) -> Type {
        self.resolve_in(hint, scope, DEPTH)
    }

    /// What an alias with these arguments stands for.
    pub fn expand(&self, alias: &Alias, arguments: &[Type]) -> Type {
        let body = self.resolve(&alias.hint, &alias.type_parameters);
        let parameters: Vec<String> = if alias.type_parameters.is_empty() {
            let mut names = Vec::new();
            variables(&body, &mut names);
            names
        } else {
            alias
                .type_parameters
                .iter()
                .map(|it| it.name.clone())
                .collect()
        };
        body.substitute(&bind(&parameters, arguments))
    }

    /// The names of a class's type parameters, in order.
    pub fn class_parameters(&self, class: &Class) -> Vec<String> {
        if !class.type_parameters.is_empty() {
            let names = class.type_parameters.iter();
            return names.map(|it| it.name.clone()).collect();
        }
        let (mut generic, mut all) = (Vec::new(), Vec::new());
        for base in &class.bases {
            let Hint::Subscript(name, arguments) = base else {
                continue;
            };
            let is_generic = name
                .name()
                .is_some_and(|name| matches!(&*name.name, "Generic" | "Protocol"));
            for argument in arguments {
                let argument = self.resolve(argument, &[]);
                variables(&argument, if is_generic { &mut generic } else { &mut all });
            }
        }
        if generic.is_empty() { all } else { generic }
    }

    /// The types that a class's type parameters have, given its arguments.
    pub fn class_arguments(&self, class: &Class, arguments: &[Type]) -> HashMap<String, Type> {
        if arguments.is_empty() {
            return HashMap::new();
        }
        bind(&self.class_parameters(class), arguments)
    }

    fn resolve_in(&self, hint: &Hint, scope: &[TypeVariable], depth: usize) -> Type {
        let Some(depth) = depth.checked_sub(1) else {
            return Type::Unknown("a hint that is nested too deeply".to_owned());
        };
        let inner = |hint: &Hint| self.resolve_in(hint, scope, depth);
        match hint {
            Hint::Name(name) => self.named(name, &[], scope, depth),
            Hint::TypeParameter(name) => {
                let found = scope.iter().rev().find(|it| it.name == *name);
                Type::Variable(Rc::new(found.cloned().unwrap_or_else(|| TypeVariable {
                    name: name.clone(),
                    bound: None,
                    constraints: Vec::new(),
                    default: None,
                })))
            }
            Hint::Subscript(base, arguments) => match &**base {
                Hint::Name(name) => self.named(name, arguments, scope, depth),
                Hint::Text(_, Some(base)) if base.name().is_some() => {
                    let base = Hint::Subscript(base.clone(), arguments.clone());
                    self.resolve_in(&base, scope, depth)
                }
                _ => Type::Unknown("a hint that is computed".to_owned()),
            },
            Hint::Union(parts) => Type::union(parts.iter().map(inner)),
            Hint::None => Type::None,
            Hint::Text(_, Some(hint)) => self.resolve_in(hint, scope, depth),
            Hint::Text(text, None) => Type::Unknown(format!("`{text}` is no type")),
            Hint::Int(value) => Type::Unknown(format!("`{value}` is no type")),
            Hint::Bool(_) | Hint::Ellipsis | Hint::List(_) => {
                Type::Unknown("a hint that is no type".to_owned())
            }
            Hint::Starred(_) => Type::Unknown("types of which there may be any number".to_owned()),
            Hint::Other(text) => Type::Unknown(format!("the hint `{text}` is computed")),
        }
    }

    fn named(
        &self,
        name: &QualifiedName,
        arguments: &[Hint],
        scope: &[TypeVariable],
        depth: usize,
    ) -> Type {
        let resolved = |hints: &[Hint]| -> Vec<Type> {
            hints
                .iter()
                .map(|it| self.resolve_in(it, scope, depth))
                .collect()
        };
        match self.find(name) {
            Found::Special(special) => self.form(special, arguments, scope, depth),
            Found::Class(class) => {
                if self.is_own(&class.name.module) {
                    Type::Class(class, resolved(arguments))
                } else {
                    Type::Unknown(format!("`{}` is a class of another package", class.name))
                }
            }
            Found::Alias(alias) => Type::Alias(alias, resolved(arguments)),
            Found::NewType(new_type) => Type::NewType(new_type),
            Found::TypeVariable(variable) => Type::Variable(variable),
            Found::Module(module) => Type::Unknown(format!("`{module}` is a module")),
            Found::Function(_) | Found::Constant(_) => {
                Type::Unknown(format!("`{name}` is no type"))
            }
            Found::Outside(name) => {
                Type::Unknown(format!("`{name}` is a class of another package"))
            }
            Found::Missing(name) => Type::Unknown(format!("`{name}` was not found")),
        }
    }

    fn form(
        &self,
        special: Special,
        arguments: &[Hint],
        scope: &[TypeVariable],
        depth: usize,
    ) -> Type {
        let get = |number: usize| {
            arguments
                .get(number)
                .map_or(Type::Unannotated, |it| self.resolve_in(it, scope, depth))
        };
        let boxed = |number: usize| Box::new(get(number));
        if let Some(plain) = special.plain() {
            return plain;
        }
        match special {
            Special::List => Type::List(boxed(0)),
            Special::Set => Type::Set(boxed(0)),
            Special::Dict => Type::Dict(boxed(0), boxed(1)),
            Special::Counter => Type::Dict(boxed(0), Box::new(Type::Int)),
            Special::Iterable => Type::Iterable(boxed(0)),
            Special::Iterator => Type::Iterator(boxed(0)),
            Special::Generator => {
                let or_none = |number: usize| match arguments.get(number) {
                    Some(_) => get(number),
                    None => Type::None,
                };
                Type::Generator(Box::new([get(0), or_none(1), or_none(2)]))
            }
            Special::AsyncIterator => Type::AsyncIterator(boxed(0)),
            Special::ContextManager => Type::ContextManager(boxed(0)),
            Special::Awaitable => Type::Awaitable(boxed(0)),
            Special::Coroutine => Type::Awaitable(boxed(2)),
            Special::Wrapper => get(0),
            Special::Optional => Type::union([get(0), Type::None]),
            Special::Union => Type::union((0..arguments.len()).map(get)),
            Special::Tuple => match arguments {
                [] => Type::List(Box::new(Type::Unannotated)),
                [Hint::List(empty)] if empty.is_empty() => Type::None,
                [_, Hint::Ellipsis] => Type::List(boxed(0)),
                _ if arguments.iter().any(|it| matches!(it, Hint::Starred(_))) => {
                    Type::Unknown("a tuple of which a part may have any length".to_owned())
                }
                _ => Type::Tuple((0..arguments.len()).map(get).collect()),
            },
            Special::Callable => {
                let parameters = match arguments.first() {
                    Some(Hint::List(parameters)) => Some(
                        parameters
                            .iter()
                            .map(|it| self.resolve_in(it, scope, depth))
                            .collect(),
                    ),
                    _ => None,
                };
                Type::Callable(parameters, boxed(1))
            }
            Special::Literal => self.literal(arguments),
            Special::NdArray => self.array(arguments.first(), None),
            Special::NumpyArray => {
                let dimensions = match arguments.first() {
                    Some(Hint::Subscript(_, shape)) if !shape.contains(&Hint::Ellipsis) => {
                        Some(shape.len())
                    }
                    _ => None,
                };
                let element = match arguments.get(1) {
                    Some(Hint::Subscript(_, element)) => element.first(),
                    _ => None,
                };
                self.array(element, dimensions)
            }
            _ => Type::Unknown("a special form that has no counterpart".to_owned()),
        }
    }

    fn array(&self, element: Option<&Hint>, dimensions: Option<usize>) -> Type {
        let mut element = element.cloned();
        for _ in 0..DEPTH {
            let name = match &element {
                Some(Hint::Name(name)) => name.clone(),
                Some(Hint::Text(_, Some(hint))) => {
                    element = Some((**hint).clone());
                    continue;
                }
                _ => break,
            };
            match self.find(&name) {
                Found::Special(Special::Dtype(dtype)) => return Type::Array(dtype, dimensions),
                Found::Alias(alias) => element = Some(alias.hint.clone()),
                _ => break,
            }
        }
        Type::Unknown("an array whose elements are not told".to_owned())
    }

    fn literal(&self, arguments: &[Hint]) -> Type {
        let parts = arguments.iter().map(|argument| match argument {
            Hint::Text(text, _) => Type::Literal(vec![LiteralValue::Text(text.clone())]),
            Hint::Int(value) => Type::Literal(vec![LiteralValue::Int(*value)]),
            Hint::Bool(value) => Type::Literal(vec![LiteralValue::Bool(*value)]),
            Hint::None => Type::None,
            // A member of an enum: the enum.
            Hint::Name(name) => match name.name.rsplit_once('.') {
                Some((class, _)) => {
                    let class = QualifiedName::new(&*name.module, class);
                    self.named(&class, &[], &[], DEPTH)
                }
                None => self.named(name, &[], &[], DEPTH),
            },
            Hint::Subscript(..) => self.resolve(argument, &[]),
            _ => Type::Unknown("a `Literal` of other than text and numbers".to_owned()),
        });
        Type::union(parts)
    }
}

fn bind(parameters: &[String], arguments: &[Type]) -> HashMap<String, Type> {
    parameters
        .iter()
        .cloned()
        .zip(arguments.iter().cloned())
        .collect()
}

/// The type variables of a type, in order of appearance.
fn variables(of: &Type, into: &mut Vec<String>) {
    match of {
        Type::Variable(variable) if !into.contains(&variable.name) => {
            into.push(variable.name.clone());
        }
        Type::List(inner)
        | Type::Set(inner)
        | Type::Iterable(inner)
        | Type::Iterator(inner)
        | Type::AsyncIterator(inner)
        | Type::ContextManager(inner)
        | Type::Awaitable(inner) => variables(inner, into),
        Type::Dict(key, value) => {
            variables(key, into);
            variables(value, into);
        }
        Type::Generator(parts) => parts.iter().for_each(|it| variables(it, into)),
        Type::Callable(parameters, result) => {
            let parameters = parameters.iter().flatten();
            parameters.for_each(|it| variables(it, into));
            variables(result, into);
        }
        Type::Tuple(parts) | Type::Union(parts) | Type::Class(_, parts) | Type::Alias(_, parts) => {
            for part in parts {
                variables(part, into);
            }
        }
        _ => {}
    }
}
