//! The Rust that is written: types, and the items that are made of them.

use std::collections::BTreeSet;

use ironbridge_python_ast::declarations::Dtype;

/// The number of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) usize);

/// A type, owned; how it is borrowed as an argument is the position's affair.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Rust {
    Unit,
    Bool,
    Int,
    Length,
    Float,
    Complex,
    Text,
    /// `Vec<u8>` in types that are compared and cloned, the bytes of Python elsewhere.
    Bytes {
        in_data: bool,
    },
    Path,
    DateTime,
    Date,
    Time,
    Duration,
    Decimal,
    Uuid,
    List(Box<Rust>),
    Tuple(Vec<Rust>),
    Set(Box<Rust>),
    Dict(Box<Rust>, Box<Rust>),
    Option(Box<Rust>),
    Boxed(Box<Rust>),
    Array(Dtype, Option<usize>),
    Item(Id),
    Iter(Box<Rust>),
    AsyncIter(Box<Rust>),
    Generator(Box<[Rust; 3]>),
    Context(Box<Rust>),
    Closure(Vec<Rust>, Box<Rust>),
    Callback,
    Function,
    /// `Py<PyAny>`.
    Any,
}

/// An item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) kind: ItemKind,
}

#[derive(Debug, Clone)]
pub(crate) enum ItemKind {
    /// It is being made.
    Pending,
    Struct {
        attributes: Vec<String>,
        fields: Vec<Field>,
    },
    /// A `Literal`, or with a class an `Enum`.
    Values {
        attributes: Vec<String>,
        variants: Vec<Variant>,
    },
    Union {
        variants: Vec<Variant>,
    },
    NewType(Rust),
    /// A class: the attribute's arguments, and the methods.
    Handle {
        arguments: String,
        methods: Vec<Method>,
    },
    /// The fields that are left out where they are `None`.
    Options(Vec<Field>),
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    /// Lines of comment: why it is untyped.
    pub(crate) comments: Vec<String>,
    pub(crate) attributes: Vec<String>,
    pub(crate) type_: Rust,
}

#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) attributes: Vec<String>,
    pub(crate) type_: Option<Rust>,
}

#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) comments: Vec<String>,
    pub(crate) attributes: Vec<String>,
    pub(crate) is_async: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) result: Rust,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) attributes: Vec<String>,
    pub(crate) type_: Rust,
}

/// The types and names that the written code uses.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) paths: BTreeSet<&'static str>,
    pub(crate) features: BTreeSet<&'static str>,
}

/// Writes types, and remembers what they need.
pub(crate) struct Writer<'a> {
    pub(crate) items: &'a [Item],
    pub(crate) uses: Uses,
}

impl Writer<'_> {
    pub(crate) fn using(&mut self, path: &'static str, name: &'static str) -> String {
        self.uses.paths.insert(path);
        name.to_owned()
    }

    fn feature(&mut self, feature: &'static str, path: &'static str, name: &'static str) -> String {
        self.uses.features.insert(feature);
        self.using(path, name)
    }

    pub(crate) fn name(&self, id: Id) -> &str {
        &self.items[id.0].name
    }

    /// The type, owned.
    pub(crate) fn owned(&mut self, type_: &Rust) -> String {
        match type_ {
            Rust::Unit => "()".to_owned(),
            Rust::Bool => "bool".to_owned(),
            Rust::Int => "i64".to_owned(),
            Rust::Length => "usize".to_owned(),
            Rust::Float => "f64".to_owned(),
            Rust::Complex => self.feature("num-complex", "num_complex::Complex64", "Complex64"),
            Rust::Text => "String".to_owned(),
            Rust::Bytes { in_data: true } => "Vec<u8>".to_owned(),
            Rust::Bytes { in_data: false } => self.using("ironbridge::convert::Bytes", "Bytes"),
            Rust::Path => self.using("std::path::PathBuf", "PathBuf"),
            Rust::DateTime => self.feature("jiff", "jiff::civil::DateTime", "DateTime"),
            Rust::Date => self.feature("jiff", "jiff::civil::Date", "Date"),
            Rust::Time => self.feature("jiff", "jiff::civil::Time", "Time"),
            Rust::Duration => self.feature("jiff", "jiff::SignedDuration", "SignedDuration"),
            Rust::Decimal => self.feature("rust_decimal", "rust_decimal::Decimal", "Decimal"),
            Rust::Uuid => self.feature("uuid", "uuid::Uuid", "Uuid"),
            Rust::List(inner) => format!("Vec<{}>", self.owned(inner)),
            Rust::Tuple(parts) => self.tuple(parts),
            Rust::Set(inner) => {
                let set = self.using("std::collections::HashSet", "HashSet");
                format!("{set}<{}>", self.owned(inner))
            }
            Rust::Dict(key, value) => {
                let map = self.using("std::collections::HashMap", "HashMap");
                format!("{map}<{}, {}>", self.owned(key), self.owned(value))
            }
            Rust::Option(inner) => format!("Option<{}>", self.owned(inner)),
            Rust::Boxed(inner) => format!("Box<{}>", self.owned(inner)),
            // What something in Python goes on holding is no `Array` as it is.
            Rust::Array(dtype, dimensions) => {
                let array = self.array(*dtype, *dimensions);
                let copied = self.using("ironbridge::arrays::Copied", "Copied");
                format!("{copied}<{array}>")
            }
            Rust::Item(id) => self.name(*id).to_owned(),
            Rust::Iter(inner) => {
                let iter = self.using("ironbridge::Iter", "Iter");
                format!("{iter}<{}>", self.owned(inner))
            }
            Rust::AsyncIter(inner) => {
                let iter = self.using("ironbridge::AsyncIter", "AsyncIter");
                format!("{iter}<{}>", self.owned(inner))
            }
            Rust::Generator(parts) => {
                let generator = self.using("ironbridge::Generator", "Generator");
                let [a, b, c] = &**parts;
                let parts = [a, b, c].map(|it| self.owned(it)).join(", ");
                format!("{generator}<{parts}>")
            }
            Rust::Context(inner) => {
                let context = self.using("ironbridge::Context", "Context");
                format!("{context}<{}>", self.owned(inner))
            }
            Rust::Closure(parameters, result) => {
                let parameters: Vec<String> = parameters.iter().map(|it| self.owned(it)).collect();
                let result = self.owned(result);
                self.using("ironbridge::Result", "Result");
                format!(
                    "impl Fn({}) -> Result<{result}> + Send + Sync + 'static",
                    parameters.join(", ")
                )
            }
            Rust::Callback => self.using("ironbridge::Callback", "Callback"),
            Rust::Function => self.using("ironbridge::session::Function", "Function"),
            Rust::Any => {
                self.using("ironbridge::pyo3::PyAny", "PyAny");
                self.using("ironbridge::pyo3::Py", "Py");
                "Py<PyAny>".to_owned()
            }
        }
    }

    fn tuple(&mut self, parts: &[Rust]) -> String {
        let parts: Vec<String> = parts.iter().map(|it| self.owned(it)).collect();
        match &*parts {
            [one] => format!("({one},)"),
            parts => format!("({})", parts.join(", ")),
        }
    }

    fn array(&mut self, dtype: Dtype, dimensions: Option<usize>) -> String {
        self.uses.features.insert("arrays");
        let array = match dimensions {
            Some(0) => self.using("ironbridge::arrays::Array0", "Array0"),
            Some(1) => self.using("ironbridge::arrays::Array1", "Array1"),
            Some(2) => self.using("ironbridge::arrays::Array2", "Array2"),
            Some(3) => self.using("ironbridge::arrays::Array3", "Array3"),
            Some(4) => self.using("ironbridge::arrays::Array4", "Array4"),
            Some(5) => self.using("ironbridge::arrays::Array5", "Array5"),
            Some(6) => self.using("ironbridge::arrays::Array6", "Array6"),
            _ => self.using("ironbridge::arrays::ArrayD", "ArrayD"),
        };
        let element = match dtype {
            Dtype::Bool => "bool",
            Dtype::Int8 => "i8",
            Dtype::Int16 => "i16",
            Dtype::Int32 => "i32",
            Dtype::Int64 => "i64",
            Dtype::UInt8 => "u8",
            Dtype::UInt16 => "u16",
            Dtype::UInt32 => "u32",
            Dtype::UInt64 => "u64",
            Dtype::Float16 => {
                self.using("ironbridge::arrays::f16", "f16");
                "f16"
            }
            Dtype::Float32 => "f32",
            Dtype::Float64 => "f64",
            Dtype::Complex64 => {
                self.using("ironbridge::arrays::Complex32", "Complex32");
                "Complex32"
            }
            Dtype::Complex128 => {
                // The same type as num_complex's, by the path that needs no further crate.
                "ironbridge::arrays::Complex64"
            }
        };
        format!("{array}<{element}>")
    }

    /// The type as a function gives it, and nothing else holds it, or as a call keeps it.
    pub(crate) fn given(&mut self, type_: &Rust) -> String {
        match type_ {
            Rust::Array(dtype, dimensions) => self.array(*dtype, *dimensions),
            type_ => self.owned(type_),
        }
    }

    /// The type as an argument is given: borrowed where that saves the caller a copy.
    pub(crate) fn argument(&mut self, type_: &Rust) -> String {
        match type_ {
            Rust::Text => "&str".to_owned(),
            Rust::Bytes { .. } => "&[u8]".to_owned(),
            Rust::Path => format!("&{}", self.using("std::path::Path", "Path")),
            Rust::List(inner) => format!("&[{}]", self.owned(inner)),
            Rust::Option(inner) => format!("Option<{}>", self.argument(inner)),
            Rust::Array(dtype, dimensions) => format!("&{}", self.array(*dtype, *dimensions)),
            Rust::Dict(..) | Rust::Set(_) | Rust::Any => format!("&{}", self.owned(type_)),
            Rust::Item(id) => match &self.items[id.0].kind {
                ItemKind::Struct { .. } | ItemKind::Handle { .. } => format!("&{}", self.name(*id)),
                _ => self.name(*id).to_owned(),
            },
            _ => self.owned(type_),
        }
    }
}
