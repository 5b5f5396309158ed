//! What kind of class a class is, what it inherits, and the fields of those that are plain data.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::hint::{Hint, Line, QualifiedName};
use super::library::{Found, Library};
use super::model::{Class, Decorator, Field, Function, LiteralValue, flag};
use super::types::Type;

/// How deep classes may inherit.
const DEPTH: usize = 32;

/// What kind of class a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassKind {
    /// Fields, and a constructor made from them.
    Data(DataKind),
    /// `Enum`, `IntEnum`, `StrEnum`.
    Enum,
    /// `Flag`, `IntFlag`: values that combine.
    Flag,
    /// `Protocol`.
    Protocol,
    /// A class derived from `BaseException`.
    Exception,
    /// Any other.
    Object,
}

/// How a class of plain data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// `@dataclass`, `attrs`, and what is like them.
    Dataclass,
    /// `NamedTuple`.
    NamedTuple,
    /// `TypedDict`.
    TypedDict,
    /// A model of `pydantic` or `msgspec`.
    Model,
}

/// A field of plain data, inherited ones included.
#[derive(Debug, Clone)]
pub struct DataField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_: Type,
    /// Whether it may be missing: `NotRequired`, or `total=False`.
    pub may_be_missing: bool,
    /// The source of its default.
    pub default: Option<String>,
    /// Whether the constructor takes it.
    pub init: bool,
    /// Whether the constructor takes it by name alone.
    pub kw_only: bool,
    /// Its literal value, where the body assigns one.
    pub literal: Option<LiteralValue>,
    /// The string under it.
    pub docs: Option<String>,
    /// Its line.
    pub line: Line,
}

impl Library {
    /// What kind of class a class is.
    pub fn kind(&self, class: &Class) -> ClassKind {
        self.kind_in(class, DEPTH)
    }

    fn kind_in(&self, class: &Class, depth: usize) -> ClassKind {
        if class.decorators.iter().any(is_dataclass) {
            return ClassKind::Data(DataKind::Dataclass);
        }
        let Some(depth) = depth.checked_sub(1) else {
            return ClassKind::Object;
        };
        for base in &class.bases {
            let Some(name) = base.name() else { continue };
            if let Some(kind) = kind_of_base(name) {
                return kind;
            }
            match self.find(name) {
                Found::Class(base) if base.name != class.name => {
                    let kind = kind_of_base(&base.name).unwrap_or_else(|| {
                        match self.kind_in(&base, depth) {
                            // A class that implements a protocol is none itself.
                            ClassKind::Protocol => ClassKind::Object,
                            // A dataclass without the decorator has a constructor of its own.
                            ClassKind::Data(DataKind::Dataclass)
                                if class.method("__init__").is_some() =>
                            {
                                ClassKind::Object
                            }
                            kind => kind,
                        }
                    });
                    if kind != ClassKind::Object {
                        return kind;
                    }
                }
                Found::Outside(name) => {
                    if let Some(kind) = kind_of_base(&name) {
                        return kind;
                    }
                }
                _ => {}
            }
        }
        ClassKind::Object
    }

    /// The class and those it inherits from that can be read, nearest first, with their type arguments.
    pub fn ancestors(&self, class: &Rc<Class>, arguments: &[Type]) -> Vec<(Rc<Class>, Vec<Type>)> {
        let mut line = Vec::new();
        let mut seen = HashSet::new();
        self.collect_ancestors(class, arguments.to_vec(), DEPTH, &mut seen, &mut line);
        line
    }

    fn collect_ancestors(
        &self,
        class: &Rc<Class>,
        arguments: Vec<Type>,
        depth: usize,
        seen: &mut HashSet<QualifiedName>,
        line: &mut Vec<(Rc<Class>, Vec<Type>)>,
    ) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if !seen.insert(class.name.clone()) {
            return;
        }
        let variables = self.class_arguments(class, &arguments);
        line.push((Rc::clone(class), arguments));
        for base in &class.bases {
            if let Type::Class(base, arguments) = self.resolve(base, &class.type_parameters) {
                let arguments = arguments.iter().map(|it| it.substitute(&variables));
                self.collect_ancestors(&base, arguments.collect(), depth, seen, line);
            }
        }
    }

    /// Whether a base of the class is a class that cannot be read, other than `object` and the special forms.
    pub fn foreign_base(&self, class: &Class) -> Option<QualifiedName> {
        class.bases.iter().find_map(|base| {
            let name = base.name()?;
            if matches!(&*name.name, "Generic" | "Protocol") {
                return None;
            }
            match self.find(name) {
                Found::Outside(name) | Found::Missing(name) => Some(name),
                Found::Class(base) if !self.is_own(&base.name.module) => Some(base.name.clone()),
                _ => None,
            }
        })
    }

    /// The method of that name, of the class or of those it inherits from.
    pub fn method(&self, class: &Rc<Class>, name: &str) -> Option<(Rc<Class>, Rc<Function>)> {
        self.ancestors(class, &[])
            .into_iter()
            .find_map(|(class, _)| {
                let method = class.method(name).map(Rc::clone)?;
                Some((class, method))
            })
    }

    /// The fields of a class of plain data, inherited ones first, as its constructor has them.
    pub fn data_fields(
        &self,
        class: &Rc<Class>,
        arguments: &[Type],
        kind: DataKind,
    ) -> Vec<DataField> {
        let mut fields: Vec<DataField> = Vec::new();
        for (owner, arguments) in self.ancestors(class, arguments).iter().rev() {
            if kind == DataKind::Dataclass
                && !owner.decorators.iter().any(is_dataclass)
                && owner.name != class.name
            {
                continue;
            }
            let variables = self.class_arguments(owner, arguments);
            for field in self.own_fields(owner, &variables, kind) {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => *known = field,
                    None => fields.push(field),
                }
            }
        }
        fields
    }

    fn own_fields(
        &self,
        class: &Class,
        variables: &HashMap<String, Type>,
        kind: DataKind,
    ) -> Vec<DataField> {
        let decorator = class.decorators.iter().find(|it| is_dataclass(it));
        let option = |name: &str| decorator.and_then(|it| flag(&it.flags, name));
        let mut kw_only = option("kw_only").unwrap_or(false) || kind == DataKind::Model;
        let total = class.flag("total").unwrap_or(true);
        let mut fields = Vec::new();
        for field in &class.fields {
            let is_typed = field.hint.is_some() || field.options.is_call;
            let is_named_tuple = kind == DataKind::NamedTuple && field.value.is_none();
            if !is_typed && !is_named_tuple {
                continue;
            }
            let wrappers = field.hint.as_ref().map(wrappers).unwrap_or_default();
            if wrappers.contains(&"KW_ONLY") {
                kw_only = true;
                continue;
            }
            if wrappers.contains(&"ClassVar") || wrappers.contains(&"InitVar") {
                continue;
            }
            let may_be_missing = kind == DataKind::TypedDict
                && !wrappers.contains(&"Required")
                && (!total || wrappers.contains(&"NotRequired"));
            let type_ = field.hint.as_ref().map_or(Type::Unannotated, |hint| {
                self.resolve(hint, &class.type_parameters)
                    .substitute(variables)
            });
            fields.push(DataField {
                name: field.name.clone(),
                type_,
                may_be_missing,
                default: default_of(field),
                init: !field.options.no_init,
                kw_only: field.options.kw_only.unwrap_or(kw_only),
                literal: field.literal.clone(),
                docs: field.docs.clone(),
                line: field.line,
            });
        }
        fields
    }
}

fn default_of(field: &Field) -> Option<String> {
    if field.options.is_call {
        return field.options.default.clone();
    }
    field.value.clone()
}

/// The names of the forms around a hint: `ClassVar[Final[int]]`.
fn wrappers(hint: &Hint) -> Vec<&str> {
    let mut names = Vec::new();
    let mut hint = hint;
    loop {
        match hint {
            Hint::Name(name) => {
                names.push(&*name.name);
                return names;
            }
            Hint::Subscript(base, arguments) => {
                let Hint::Name(name) = &**base else {
                    return names;
                };
                let last = name.name.rsplit('.').next().unwrap_or_default();
                if !matches!(
                    last,
                    "ClassVar"
                        | "InitVar"
                        | "Required"
                        | "NotRequired"
                        | "ReadOnly"
                        | "Annotated"
                        | "Final"
                ) {
                    return names;
                }
                names.push(last);
                match arguments.first() {
                    Some(inner) => hint = inner,
                    None => return names,
                }
            }
            Hint::Text(_, Some(inner)) => hint = inner,
            _ => return names,
        }
    }
}

fn is_dataclass(decorator: &Decorator) -> bool {
    let Some(name) = &decorator.name else {
        return false;
    };
    match name.module.split('.').next().unwrap_or_default() {
        "dataclasses" | "pydantic" => name.name.ends_with("dataclass"),
        "attr" | "attrs" => matches!(
            &*name.name,
            "define" | "frozen" | "mutable" | "s" | "attrs" | "dataclass" | "attributes"
        ),
        _ => false,
    }
}

fn kind_of_base(name: &QualifiedName) -> Option<ClassKind> {
    Some(match (&*name.module, &*name.name) {
        ("enum", "Enum" | "IntEnum" | "StrEnum" | "ReprEnum") => ClassKind::Enum,
        ("enum", "Flag" | "IntFlag") => ClassKind::Flag,
        ("typing" | "typing_extensions", "Protocol") => ClassKind::Protocol,
        ("typing" | "typing_extensions", "NamedTuple") => ClassKind::Data(DataKind::NamedTuple),
        ("typing" | "typing_extensions", "TypedDict") => ClassKind::Data(DataKind::TypedDict),
        ("pydantic" | "pydantic.main", "BaseModel") | ("msgspec", "Struct") => {
            ClassKind::Data(DataKind::Model)
        }
        ("builtins", name)
            if name.ends_with("Error")
                || name.ends_with("Exception")
                || name.ends_with("Warning")
                || matches!(
                    name,
                    "BaseExceptionGroup"
                        | "ExceptionGroup"
                        | "StopIteration"
                        | "StopAsyncIteration"
                        | "KeyboardInterrupt"
                        | "SystemExit"
                ) =>
        {
            ClassKind::Exception
        }
        _ => return None,
    })
}
