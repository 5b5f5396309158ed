//! What a module declares, as plain data.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::hint::{Hint, Line, QualifiedName};

/// A module that was read.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its dotted name.
    pub name: String,
    /// The file that was read.
    pub path: PathBuf,
    /// Whether it is the `__init__` of a package.
    pub is_package: bool,
    /// Whether it is a `.pyi`.
    pub is_stub: bool,
    /// Its docstring, dedented.
    pub docs: Option<String>,
    /// What `__all__` lists, where it can be read.
    pub all: Option<Vec<String>>,
    /// The names it binds, in the order of the source.
    pub entries: Vec<Entry>,
    /// The modules of `from m import *`, in the order of the source.
    pub star_imports: Vec<String>,
    pub(super) index: HashMap<String, usize>,
}

impl Module {
    /// What the name is bound to, by the module itself.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).map(|index| &self.entries[*index])
    }
}

/// A name that a module binds.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// What it is bound to.
    pub declaration: Declaration,
    /// The line of the definition.
    pub line: Line,
}

/// What a name is bound to.
#[derive(Debug, Clone)]
pub enum Declaration {
    /// `def` or `async def`.
    Function(Rc<Function>),
    /// `class`.
    Class(Rc<Class>),
    /// `type X = …`, `X: TypeAlias = …`, `X = …` where that can be a type or another name.
    Alias(Rc<Alias>),
    /// `X = NewType("X", …)`.
    NewType(Rc<NewType>),
    /// `T = TypeVar("T", …)`.
    TypeVariable(Rc<TypeVariable>),
    /// Any other variable.
    Constant(Rc<Constant>),
    /// `from module import name`.
    Import(Import),
    /// `import module`.
    Module(String),
}

/// `from module import name as …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The name, where it is defined or imported itself.
    pub source: QualifiedName,
    /// Whether it was imported to be exported: `from m import name as name`.
    pub is_reexport: bool,
    /// Whether it comes from the module's own package (`from .m import name`).
    pub is_relative: bool,
}

/// A function or method.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The signature of the definition that is no overload.
    pub implementation: Option<Signature>,
    /// The signatures under `@overload`, in order.
    pub overloads: Vec<Signature>,
    /// How it is bound.
    pub kind: FunctionKind,
    /// Of a property: the parameter of its setter.
    pub setter: Option<Signature>,
    /// Decorators whose effect on the signature is not known here.
    pub decorators: Vec<Decorator>,
    /// `@contextmanager` stands over it.
    pub context_manager: bool,
    /// `@abstractmethod` stands over it.
    pub is_abstract: bool,
}

impl Function {
    /// The signature that stands for the function: the implementation, else the first overload.
    pub fn signature(&self) -> Option<&Signature> {
        self.implementation.as_ref().or(self.overloads.first())
    }

    /// The docstring, of the implementation or of the first overload that has one.
    pub fn docs(&self) -> Option<&str> {
        let mut signatures = self.implementation.iter().chain(&self.overloads);
        signatures.find_map(|signature| signature.docs.as_deref())
    }
}

/// How a function is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// A function of a module, or a method of an instance.
    Plain,
    /// `@staticmethod`.
    Static,
    /// `@classmethod`.
    Class,
    /// `@property` or `@cached_property`.
    Property,
}

/// A decorator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decorator {
    /// What is called or named, where that is a name.
    pub name: Option<QualifiedName>,
    /// Whether it is called: `@retry(3)`.
    pub is_call: bool,
    /// The keyword arguments of the call that are `True` or `False`.
    pub flags: Vec<(String, bool)>,
    /// Its source, without `@`.
    pub text: String,
}

/// Parameters and result.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The parameters in order, without `self` and `cls`.
    pub parameters: Vec<Parameter>,
    /// The result's hint.
    pub returns: Option<Hint>,
    /// `async def`.
    pub is_async: bool,
    /// The body has a `yield`.
    pub is_generator: bool,
    /// The type parameters of PEP 695.
    pub type_parameters: Vec<TypeVariable>,
    /// The docstring, dedented.
    pub docs: Option<String>,
    /// The line of the `def`.
    pub line: Line,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How an argument reaches it.
    pub kind: ParameterKind,
    /// Its hint; of `*args: T` it is `T`.
    pub hint: Option<Hint>,
    /// The source of the default; `...` in stubs.
    pub default: Option<String>,
}

/// How an argument reaches a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// By position alone.
    PositionalOnly,
    /// By position or by name.
    Plain,
    /// By name alone.
    KeywordOnly,
    /// `*args`.
    Args,
    /// `**kwargs`.
    Kwargs,
}

/// A class.
#[derive(Debug, Clone)]
pub struct Class {
    /// The module and the name; of a nested class `Outer.Inner`.
    pub name: QualifiedName,
    /// The docstring, dedented.
    pub docs: Option<String>,
    /// The line of the `class`.
    pub line: Line,
    /// The bases, in order.
    pub bases: Vec<Hint>,
    /// The keyword arguments that are `True` or `False`: `total=False`.
    pub flags: Vec<(String, bool)>,
    /// The type parameters of PEP 695.
    pub type_parameters: Vec<TypeVariable>,
    /// The decorators.
    pub decorators: Vec<Decorator>,
    /// Annotated attributes, and those that are assigned a value, in order.
    pub fields: Vec<Field>,
    /// Attributes that `__init__` sets and whose type is told there.
    pub attributes: Vec<Field>,
    /// The methods, in order.
    pub methods: Vec<Rc<Function>>,
    /// The nested classes.
    pub classes: Vec<Rc<Class>>,
}

impl Class {
    /// The name without module and outer classes.
    pub fn short_name(&self) -> &str {
        self.name.name.rsplit('.').next().unwrap_or(&self.name.name)
    }

    /// The method of that name, defined by this class itself.
    pub fn method(&self, name: &str) -> Option<&Rc<Function>> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The value of a keyword argument of the class, `total=False`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        flag(&self.flags, name)
    }
}

pub(super) fn flag(flags: &[(String, bool)], name: &str) -> Option<bool> {
    flags
        .iter()
        .find(|(flag, _)| flag == name)
        .map(|(_, value)| *value)
}

/// An attribute in the body of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its hint.
    pub hint: Option<Hint>,
    /// The source of what it is assigned.
    pub value: Option<String>,
    /// That value, where it is a literal.
    pub literal: Option<LiteralValue>,
    /// What `field(…)` says, where it is called.
    pub options: FieldOptions,
    /// The string under it.
    pub docs: Option<String>,
    /// Its line.
    pub line: Line,
}

/// What `field(…)` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldOptions {
    /// `field(…)` or a function like it is called.
    pub is_call: bool,
    /// The source of `default`, or of `default_factory` with `()` behind it.
    pub default: Option<String>,
    /// `init=False`.
    pub no_init: bool,
    /// `kw_only`.
    pub kw_only: Option<bool>,
    /// `alias="…"`, the name in the constructor.
    pub alias: Option<String>,
}

/// A value that is written down.
#[derive(Debug, Clone, PartialEq)]
pub enum LiteralValue {
    /// A string.
    Text(String),
    /// An integer.
    Int(i64),
    /// A boolean.
    Bool(bool),
    /// A float.
    Float(f64),
    /// Bytes.
    Bytes,
    /// `None`.
    None,
}

/// `type X = …` and what is like it.
#[derive(Debug, Clone)]
pub struct Alias {
    /// The module and the name.
    pub name: QualifiedName,
    /// Its type parameters.
    pub type_parameters: Vec<TypeVariable>,
    /// What it stands for.
    pub hint: Hint,
    /// A plain assignment, which may mean a value as well.
    pub is_implicit: bool,
}

/// `NewType("X", …)`.
#[derive(Debug, Clone)]
pub struct NewType {
    /// The module and the name.
    pub name: QualifiedName,
    /// What it is a new type of.
    pub hint: Hint,
    /// The line of the call.
    pub line: Line,
}

/// A type variable, by `TypeVar` or by PEP 695.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeVariable {
    /// Its name.
    pub name: String,
    /// Its bound.
    pub bound: Option<Hint>,
    /// Its constraints.
    pub constraints: Vec<Hint>,
    /// Its default.
    pub default: Option<Hint>,
}

/// A variable of a module.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Its hint.
    pub hint: Option<Hint>,
    /// Its value, where it is a literal.
    pub literal: Option<LiteralValue>,
    /// The source of its value.
    pub value: Option<String>,
    /// The string under it.
    pub docs: Option<String>,
}
