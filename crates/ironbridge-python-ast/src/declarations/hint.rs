//! A type hint as it is written, with its names qualified as far as the module alone tells.

use std::fmt;

/// The full name of something: the module that it was taken from, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedName {
    /// The dotted name of the module, `builtins` for what needs no import.
    pub module: String,
    /// The name in the module; of a nested class `Outer.Inner`.
    pub name: String,
}

impl QualifiedName {
    /// The name `name` of the module `module`.
    pub fn new(module: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.module == "builtins" {
            return f.write_str(&self.name);
        }
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// A type hint, or a part of one.
///
/// What a hint means is known only when its names are: [`Library::resolve`](super::Library::resolve) turns it into a
/// [`Type`](super::Type).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A class, an alias, a type variable, a special form.
    Name(QualifiedName),
    /// A type parameter of the function, class or alias around it, as PEP 695 writes them.
    TypeParameter(String),
    /// `base[arguments]`.
    Subscript(Box<Hint>, Vec<Hint>),
    /// `a | b`.
    Union(Vec<Hint>),
    /// `None`.
    None,
    /// `...`.
    Ellipsis,
    /// `[a, b]`, the parameters of a `Callable`.
    List(Vec<Hint>),
    /// A string: a value in a `Literal`, a hint everywhere else, where it is one.
    Text(String, Option<Box<Hint>>),
    /// An integer in a `Literal`.
    Int(i64),
    /// A boolean in a `Literal`.
    Bool(bool),
    /// `*Ts`.
    Starred(Box<Hint>),
    /// Anything else, as its source.
    Other(String),
}

impl Hint {
    /// The name that the hint is, without its arguments.
    pub fn name(&self) -> Option<&QualifiedName> {
        match self {
            Self::Name(name) => Some(name),
            Self::Subscript(base, _) => base.name(),
            Self::Text(_, Some(hint)) => hint.name(),
            _ => None,
        }
    }
}

/// Where in the source, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Line(pub usize);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
