//! What a hint means.

use std::collections::HashMap;
use std::rc::Rc;

use super::model::{Alias, Class, LiteralValue, NewType, TypeVariable};

/// What a hint means, with its names followed to what they stand for.
#[derive(Debug, Clone)]
pub enum Type {
    /// There is no hint.
    Unannotated,
    /// `Any` or `object`.
    Any,
    /// `None`.
    None,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `complex`.
    Complex,
    /// `str`.
    Str,
    /// `bytes` and what has its interface.
    Bytes,
    /// A path, or what stands for one.
    Path,
    /// `datetime.datetime`.
    DateTime,
    /// `datetime.date`.
    Date,
    /// `datetime.time`.
    Time,
    /// `datetime.timedelta`.
    TimeDelta,
    /// `decimal.Decimal`.
    Decimal,
    /// `uuid.UUID`.
    Uuid,
    /// `list`, `Sequence`, `tuple[T, ...]`, …
    List(Box<Type>),
    /// `tuple[A, B]`.
    Tuple(Vec<Type>),
    /// `set`, `frozenset`, …
    Set(Box<Type>),
    /// `dict`, `Mapping`, …
    Dict(Box<Type>, Box<Type>),
    /// `Iterable`.
    Iterable(Box<Type>),
    /// `Iterator`.
    Iterator(Box<Type>),
    /// `Generator`: yielded, sent, returned.
    Generator(Box<[Type; 3]>),
    /// `AsyncIterator`, `AsyncIterable`, or `AsyncGenerator` without what is sent.
    AsyncIterator(Box<Type>),
    /// `Callable`: parameters, where they are told, and the result.
    Callable(Option<Vec<Type>>, Box<Type>),
    /// `AbstractContextManager`.
    ContextManager(Box<Type>),
    /// `Awaitable`, `Coroutine`.
    Awaitable(Box<Type>),
    /// A NumPy array: the element, and the number of dimensions where it is told.
    Array(Dtype, Option<usize>),
    /// `Literal`.
    Literal(Vec<LiteralValue>),
    /// `A | B`, flat and without repetition.
    Union(Vec<Type>),
    /// A class that can be read, with its type arguments.
    Class(Rc<Class>, Vec<Type>),
    /// `NewType`.
    NewType(Rc<NewType>),
    /// An alias, with its type arguments.
    Alias(Rc<Alias>, Vec<Type>),
    /// A type variable.
    Variable(Rc<TypeVariable>),
    /// `Self`.
    SelfType,
    /// What has no place here, and why: a sentence without a full stop.
    Unknown(String),
}

/// Equal as written: the same classes, aliases and variables, not what they stand for.
impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b))
            | (Self::Set(a), Self::Set(b))
            | (Self::Iterable(a), Self::Iterable(b))
            | (Self::Iterator(a), Self::Iterator(b))
            | (Self::AsyncIterator(a), Self::AsyncIterator(b))
            | (Self::ContextManager(a), Self::ContextManager(b))
            | (Self::Awaitable(a), Self::Awaitable(b)) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) | (Self::Union(a), Self::Union(b)) => a == b,
            (Self::Dict(a, b), Self::Dict(c, d)) => a == c && b == d,
            (Self::Generator(a), Self::Generator(b)) => a == b,
            (Self::Callable(a, b), Self::Callable(c, d)) => a == c && b == d,
            (Self::Array(a, b), Self::Array(c, d)) => a == c && b == d,
            (Self::Literal(a), Self::Literal(b)) => a == b,
            (Self::Class(a, b), Self::Class(c, d)) => a.name == c.name && b == d,
            (Self::NewType(a), Self::NewType(b)) => a.name == b.name,
            (Self::Alias(a, b), Self::Alias(c, d)) => a.name == c.name && b == d,
            (Self::Variable(a), Self::Variable(b)) => a == b,
            (Self::Unknown(a), Self::Unknown(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Type {
    /// The union of types: flat, without repetition; of one it is that one.
    pub fn union(types: impl IntoIterator<Item = Self>) -> Self {
        let mut parts: Vec<Self> = Vec::new();
        for part in types {
            match part {
                Self::Union(inner) => inner.into_iter().for_each(|it| push(&mut parts, it)),
                part => push(&mut parts, part),
            }
        }
        match parts.len() {
            1 => parts.swap_remove(0),
            _ => Self::Union(parts),
        }
    }

    /// The type with type variables replaced.
    #[must_use]
    pub fn substitute(&self, variables: &HashMap<String, Self>) -> Self {
        if variables.is_empty() {
            return self.clone();
        }
        let one = |inner: &Self| Box::new(inner.substitute(variables));
        let many = |inner: &[Self]| -> Vec<Self> {
            inner.iter().map(|it| it.substitute(variables)).collect()
        };
        match self {
            Self::Variable(variable) => match variables.get(&variable.name) {
                Some(replacement) => replacement.clone(),
                None => self.clone(),
            },
            Self::List(inner) => Self::List(one(inner)),
            Self::Set(inner) => Self::Set(one(inner)),
            Self::Iterable(inner) => Self::Iterable(one(inner)),
            Self::Iterator(inner) => Self::Iterator(one(inner)),
            Self::AsyncIterator(inner) => Self::AsyncIterator(one(inner)),
            Self::ContextManager(inner) => Self::ContextManager(one(inner)),
            Self::Awaitable(inner) => Self::Awaitable(one(inner)),
            Self::Dict(key, value) => Self::Dict(one(key), one(value)),
            Self::Generator(parts) => {
                let [a, b, c] = &**parts;
                Self::Generator(Box::new([a, b, c].map(|it| it.substitute(variables))))
            }
            Self::Callable(parameters, result) => {
                Self::Callable(parameters.as_deref().map(many), one(result))
            }
            Self::Tuple(parts) => Self::Tuple(many(parts)),
            Self::Union(parts) => Self::union(many(parts)),
            Self::Class(class, arguments) => Self::Class(Rc::clone(class), many(arguments)),
            Self::Alias(alias, arguments) => Self::Alias(Rc::clone(alias), many(arguments)),
            _ => self.clone(),
        }
    }
}

fn push(parts: &mut Vec<Type>, part: Type) {
    let merged = match (
        &part,
        parts.iter_mut().find(|it| matches!(it, Type::Literal(_))),
    ) {
        (Type::Literal(values), Some(Type::Literal(known))) => {
            for value in values {
                if !known.contains(value) {
                    known.push(value.clone());
                }
            }
            true
        }
        _ => false,
    };
    if !merged && !parts.contains(&part) {
        parts.push(part);
    }
}

/// The element of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // They are NumPy's names.
pub enum Dtype {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    Float32,
    Float64,
    Complex64,
    Complex128,
}
