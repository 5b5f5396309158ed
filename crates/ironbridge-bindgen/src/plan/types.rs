//! From types to Rust.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{
    Class, ClassKind, LiteralValue, NewType, Type, TypeVariable,
};

use super::{Lowered, Place, Planner, Position};
use crate::abilities::is_key;
use crate::names::pascal;
use crate::rust::{Id, ItemKind, Rust};

/// How deep types may hold one another.
const DEPTH: usize = 40;

impl Planner<'_> {
    /// What a type is in Rust, at a place.
    pub(crate) fn lower(&mut self, type_: &Type, place: &Place) -> Lowered {
        if self.depth >= DEPTH {
            return Lowered::loose("a type that is nested too deeply");
        }
        self.depth += 1;
        let lowered = self.lower_inner(type_, place);
        self.depth -= 1;
        lowered
    }

    fn lower_inner(&mut self, type_: &Type, place: &Place) -> Lowered {
        let in_data = matches!(place.position, Position::Data);
        match type_ {
            Type::Unannotated => Lowered::loose("no type hint"),
            Type::Any => Lowered::loose("any object"),
            Type::None => match place.position {
                Position::Result => Lowered::typed(Rust::Unit),
                // `()` is an empty tuple in Python wherever it is no result.
                _ => Lowered::loose("always `None`"),
            },
            Type::Bool => Lowered::typed(Rust::Bool),
            Type::Int => Lowered::typed(Rust::Int),
            Type::Float => Lowered::typed(Rust::Float),
            Type::Complex => Lowered::typed(Rust::Complex),
            Type::Str => Lowered::typed(Rust::Text),
            Type::Bytes => Lowered::typed(Rust::Bytes { in_data }),
            Type::Path => Lowered::typed(Rust::Path),
            Type::DateTime => Lowered::typed(Rust::DateTime),
            Type::Date => Lowered::typed(Rust::Date),
            Type::Time => Lowered::typed(Rust::Time),
            Type::TimeDelta => Lowered::typed(Rust::Duration),
            Type::Decimal => Lowered::typed(Rust::Decimal),
            Type::Uuid => Lowered::typed(Rust::Uuid),
            Type::Array(dtype, dimensions) => Lowered::typed(Rust::Array(*dtype, *dimensions)),
            Type::Unknown(reason) => Lowered::loose(reason.clone()),
            Type::List(inner) => self.wrap(inner, place, |inner| Rust::List(Box::new(inner))),
            Type::Set(inner) => {
                let inner = self.part(inner, place);
                if is_key(&self.items, &inner.type_) {
                    Lowered {
                        type_: Rust::Set(Box::new(inner.type_)),
                        reasons: inner.reasons,
                    }
                } else {
                    Lowered::loose("a set of what has no hash in Rust")
                }
            }
            Type::Dict(key, value) => {
                let key = self.part(key, place);
                if !is_key(&self.items, &key.type_) {
                    let reason = match &*key.reasons {
                        [] => "a dict whose keys have no hash in Rust".to_owned(),
                        [reason, ..] => format!("a dict whose keys are untyped: {reason}"),
                    };
                    return Lowered::loose(reason);
                }
                let value = self.part(value, place);
                Lowered {
                    type_: Rust::Dict(Box::new(key.type_), Box::new(value.type_)),
                    reasons: [key.reasons, value.reasons].concat(),
                }
            }
            Type::Tuple(parts) => {
                // PyO3 converts tuples of up to twelve.
                if parts.len() > 12 {
                    return Lowered::loose("a tuple of more than twelve");
                }
                let parts: Vec<Lowered> = parts.iter().map(|it| self.part(it, place)).collect();
                let reasons = parts.iter().flat_map(|it| it.reasons.clone()).collect();
                Lowered {
                    type_: Rust::Tuple(parts.into_iter().map(|it| it.type_).collect()),
                    reasons,
                }
            }
            Type::Iterable(inner) => match place.position {
                Position::Result => self.wrap(inner, place, |inner| Rust::Iter(Box::new(inner))),
                Position::InResult => Lowered::loose("an iterable inside of another type"),
                Position::Argument | Position::Data => {
                    self.wrap(inner, place, |inner| Rust::List(Box::new(inner)))
                }
            },
            Type::Iterator(inner) => self.iterator(inner, place, Rust::Iter, "an iterator"),
            Type::AsyncIterator(inner) => {
                self.iterator(inner, place, Rust::AsyncIter, "an asynchronous iterator")
            }
            Type::Generator(parts) => self.generator(parts, place),
            Type::ContextManager(inner) => match (place.position, &**inner) {
                // There is nothing to read of what is entered.
                (Position::Result, Type::None) => {
                    Lowered::typed(Rust::Context(Box::new(Rust::Any)))
                }
                (Position::Result, inner) => {
                    self.wrap(inner, place, |inner| Rust::Context(Box::new(inner)))
                }
                _ => Lowered::loose("a context manager that is no result"),
            },
            Type::Awaitable(_) => Lowered::loose("an awaitable that is no `async def`"),
            Type::Callable(parameters, result) => {
                self.callable(parameters.as_deref(), result, place)
            }
            Type::Literal(values) => self.literal(values, None, place),
            Type::Union(parts) => self.union(parts, None, place),
            Type::Alias(alias, arguments) => self.alias(alias, arguments, place),
            Type::NewType(new_type) => self.new_type(new_type),
            Type::Variable(variable) => self.variable(variable, place),
            Type::SelfType => match place.class.clone() {
                Some((class, arguments)) => self.class(&class, &arguments, place),
                None => Lowered::loose("`Self` outside of a class"),
            },
            Type::Class(class, arguments) => self.class(class, arguments, place),
        }
    }

    /// A part of a type.
    pub(super) fn part(&mut self, type_: &Type, place: &Place) -> Lowered {
        let position = match place.position {
            Position::Result | Position::InResult => Position::InResult,
            Position::Argument | Position::Data => Position::Data,
        };
        self.lower(type_, &place.at(position))
    }

    fn wrap(&mut self, inner: &Type, place: &Place, wrap: impl Fn(Rust) -> Rust) -> Lowered {
        let inner = self.part(inner, place);
        Lowered {
            type_: wrap(inner.type_),
            reasons: inner.reasons,
        }
    }

    /// What only a result can be.
    fn iterator(
        &mut self,
        inner: &Type,
        place: &Place,
        iterator: fn(Box<Rust>) -> Rust,
        what: &str,
    ) -> Lowered {
        match place.position {
            Position::Result => self.wrap(inner, place, |inner| iterator(Box::new(inner))),
            _ => Lowered::loose(format!("{what} that is no result")),
        }
    }

    fn generator(&mut self, parts: &[Type; 3], place: &Place) -> Lowered {
        if place.position != Position::Result {
            return Lowered::loose("a generator that is no result");
        }
        let [yielded, sent, returned] = parts;
        let nothing = |type_: &Type| matches!(type_, Type::None | Type::Any | Type::Unannotated);
        if nothing(sent) && nothing(returned) {
            return self.wrap(yielded, place, |inner| Rust::Iter(Box::new(inner)));
        }
        let or_unit = |this: &mut Self, type_: &Type, position| match type_ {
            Type::None => Lowered::typed(Rust::Unit),
            type_ => this.lower(type_, &place.at(position)),
        };
        let yielded = self.part(yielded, place);
        let sent = or_unit(self, sent, Position::Data);
        let returned = or_unit(self, returned, Position::InResult);
        Lowered {
            type_: Rust::Generator(Box::new([yielded.type_, sent.type_, returned.type_])),
            reasons: [yielded.reasons, sent.reasons, returned.reasons].concat(),
        }
    }

    fn callable(&mut self, parameters: Option<&[Type]>, result: &Type, place: &Place) -> Lowered {
        match place.position {
            Position::Result => return Lowered::typed(Rust::Function),
            Position::Argument => {}
            Position::InResult | Position::Data => {
                return Lowered::loose("a callable inside of another type");
            }
        }
        // Up to eight arguments convert.
        let Some(parameters) = parameters.filter(|it| it.len() <= 8) else {
            return Lowered::typed(Rust::Callback);
        };
        let inside = place.at(Position::InResult);
        let parameters: Vec<Lowered> = parameters
            .iter()
            .map(|it| self.lower(it, &inside))
            .collect();
        let result = match result {
            Type::None => Lowered::typed(Rust::Unit),
            result => self.lower(result, &place.at(Position::Data)),
        };
        let is_typed =
            result.reasons.is_empty() && parameters.iter().all(|it| it.reasons.is_empty());
        if !is_typed {
            return Lowered::typed(Rust::Callback);
        }
        let parameters = parameters.into_iter().map(|it| it.type_).collect();
        Lowered::typed(Rust::Closure(parameters, Box::new(result.type_)))
    }

    fn new_type(&mut self, new_type: &Rc<NewType>) -> Lowered {
        let key = format!("newtype {}", new_type.name);
        if let Some(id) = self.known.get(&key) {
            return Lowered::typed(Rust::Item(*id));
        }
        let place = Place::of(pascal(&new_type.name.name), Position::Data);
        let hint = self.library.resolve(&new_type.hint, &[]);
        let inner = self.lower(&hint, &place);
        if !inner.reasons.is_empty() {
            let name = &new_type.name.name;
            let reason = format!("`{name}` is a new type of what is untyped");
            return Lowered::loose(reason);
        }
        let name = self.type_name(&new_type.name.name, &new_type.name.module, "Type");
        let id = self.new_item(name, None);
        self.items[id.0].kind = ItemKind::NewType(inner.type_);
        self.known.insert(key, id);
        Lowered::typed(Rust::Item(id))
    }

    /// A type variable is its first constraint, its bound, its default; else it is any object.
    fn variable(&mut self, variable: &TypeVariable, place: &Place) -> Lowered {
        let stands_for = variable
            .constraints
            .first()
            .or(variable.bound.as_ref())
            .or(variable.default.as_ref());
        match stands_for {
            Some(hint) => {
                let type_ = self.library.resolve(hint, &[]);
                self.lower(&type_, place)
            }
            None => Lowered::loose(format!("the type variable `{}`", variable.name)),
        }
    }

    fn class(&mut self, class: &Rc<Class>, arguments: &[Type], place: &Place) -> Lowered {
        let kind = self.library.kind(class);
        match kind {
            ClassKind::Exception => Lowered::loose(format!("`{}` is an exception", class.name)),
            ClassKind::Flag => Lowered::loose(format!(
                "`{}` is a `Flag`, whose values combine",
                class.name
            )),
            ClassKind::Protocol if is_callable_protocol(class) => {
                self.callable_protocol(class, place)
            }
            _ => match self.class_item(class, arguments, kind) {
                Some(id) => Lowered::typed(Rust::Item(id)),
                None => Lowered::loose(format!("`{}` has members that are not told", class.name)),
            },
        }
    }

    fn callable_protocol(&mut self, class: &Rc<Class>, place: &Place) -> Lowered {
        let signature = class.method("__call__").and_then(|it| it.signature());
        let Some(signature) = signature else {
            return Lowered::loose("a protocol without a signature");
        };
        let scope = &class.type_parameters;
        let parameters: Vec<Type> = signature
            .parameters
            .iter()
            .map(|it| match &it.hint {
                Some(hint) => self.library.resolve(hint, scope),
                None => Type::Unannotated,
            })
            .collect();
        let returns = signature.returns.as_ref();
        let result = returns.map_or(Type::Unannotated, |it| self.library.resolve(it, scope));
        self.callable(Some(&parameters), &result, place)
    }

    /// A name for a type, its own where that is free.
    pub(crate) fn type_name(&mut self, name: &str, module: &str, suffix: &str) -> String {
        let last = name.rsplit('.').next().unwrap_or(name);
        let own = pascal(last);
        let module = module.rsplit('.').next().unwrap_or(module);
        let with_suffix = format!("{own}{suffix}");
        let with_module = format!("{}{own}", pascal(module.trim_start_matches('_')));
        // What Rust has taken gets a suffix, what another module has taken that module's name.
        let is_reserved = crate::names::Taken::of_types().contains(&own);
        if is_reserved {
            self.types.take([&*own, &*with_suffix])
        } else {
            self.types.take([&*own, &*with_module, &*with_suffix])
        }
    }

    /// The item of a class: made when it is first asked for, its members later.
    pub(super) fn class_item(
        &mut self,
        class: &Rc<Class>,
        arguments: &[Type],
        kind: ClassKind,
    ) -> Option<Id> {
        let is_data = matches!(kind, ClassKind::Data(_)) && self.is_plain_data(class, kind);
        // A class that is a handle is the same handle, whatever its type arguments.
        let arguments = if is_data { arguments } else { &[] };
        let key = format!("class {} {arguments:?}", class.name);
        if let Some(id) = self.known.get(&key) {
            return Some(*id);
        }
        let suffix = match kind {
            ClassKind::Enum => "Enum",
            _ if is_data => "Data",
            _ => "Object",
        };
        let name = if arguments.is_empty() {
            self.type_name(&class.name.name, &class.name.module, suffix)
        } else {
            let of: Vec<String> = arguments.iter().map(label).collect();
            let name = format!("{} of {}", class.short_name(), of.join(" "));
            self.type_name(&name, &class.name.module, suffix)
        };
        if kind == ClassKind::Enum {
            let id = self.enumeration(class, &name)?;
            self.known.insert(key, id);
            return Some(id);
        }
        let id = self.new_item(name, class.docs.as_deref());
        self.known.insert(key, id);
        if is_data {
            // Others must know at once what can be derived.
            self.members(id, class, arguments, kind);
        } else {
            self.items[id.0].kind = ItemKind::Handle {
                arguments: String::new(),
                methods: Vec::new(),
            };
            self.waiting.push((id, Rc::clone(class), Vec::new(), kind));
        }
        Some(id)
    }
}

/// A word for a type, in names.
pub(super) fn label(type_: &Type) -> String {
    match type_ {
        Type::Unannotated | Type::Any | Type::Unknown(_) => "any".to_owned(),
        Type::None => "none".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Complex => "complex".to_owned(),
        Type::Str => "str".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Path => "path".to_owned(),
        Type::DateTime => "date_time".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Time => "time".to_owned(),
        Type::TimeDelta => "duration".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::Uuid => "uuid".to_owned(),
        Type::List(_) | Type::Iterable(_) => "list".to_owned(),
        Type::Tuple(_) => "tuple".to_owned(),
        Type::Set(_) => "set".to_owned(),
        Type::Dict(..) => "dict".to_owned(),
        Type::Iterator(_) => "iterator".to_owned(),
        Type::Generator(_) => "generator".to_owned(),
        Type::AsyncIterator(_) => "async_iterator".to_owned(),
        Type::Callable(..) => "callable".to_owned(),
        Type::ContextManager(_) => "context".to_owned(),
        Type::Awaitable(_) => "awaitable".to_owned(),
        Type::Array(..) => "array".to_owned(),
        Type::Literal(values) => {
            let values: Vec<String> = values.iter().map(text_of).collect();
            values.join("_")
        }
        Type::Union(parts) => {
            let parts: Vec<String> = parts.iter().map(label).collect();
            parts.join("_or_")
        }
        Type::Class(class, _) => class.short_name().to_owned(),
        Type::NewType(new_type) => new_type.name.name.clone(),
        Type::Alias(alias, _) => alias.name.name.trim_start_matches('_').to_owned(),
        Type::Variable(variable) => variable.name.trim_start_matches('_').to_owned(),
        Type::SelfType => "self".to_owned(),
    }
}

/// A literal's text.
pub(super) fn text_of(value: &LiteralValue) -> String {
    match value {
        LiteralValue::Text(text) => text.clone(),
        LiteralValue::Int(value) => value.to_string(),
        LiteralValue::Bool(value) => value.to_string(),
        LiteralValue::Float(value) => value.to_string(),
        LiteralValue::Bytes => "bytes".to_owned(),
        LiteralValue::None => "none".to_owned(),
    }
}

/// A protocol that is only called.
pub(super) fn is_callable_protocol(class: &Class) -> bool {
    class.method("__call__").is_some()
        && class.fields.is_empty()
        && class.methods.iter().all(|it| it.name.starts_with("__"))
}
