//! Why `serde` could not go on, and where.

use std::fmt;

use pyo3::prelude::*;
use serde::de::{Expected, Unexpected};

use crate::error::conversion::{describe, dotted, missing};

/// An error of the serializer or the deserializer. It gets its path from the inside out.
#[derive(Debug)]
pub(super) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// The innermost last part first.
    path: Vec<String>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// In full.
    Text(String),
    /// Something else was expected; the deserializer adds what was found, which it has at hand.
    Expected(String),
    /// A field is not there; likewise.
    Missing,
    /// Python code, or the interpreter, raised.
    Raised(PyErr),
}

impl Failure {
    fn new(what: What) -> Self {
        let path = Vec::new();
        Self(Box::new(Inner { path, what }))
    }

    pub(super) fn expected(what: impl Into<String>) -> Self {
        Self::new(What::Expected(what.into()))
    }

    /// A `Deserialize` or `Serialize` asked for things out of their order.
    pub(super) fn out_of_order() -> Self {
        let text = "a map's value was asked for, or given, before its key";
        Self::new(What::Text(text.to_owned()))
    }

    /// In the item of that index.
    pub(super) fn at_index(self, index: usize) -> Self {
        self.at(format!("[{index}]"))
    }

    /// In the field of that name.
    pub(super) fn at_field(self, name: &str) -> Self {
        self.at(dotted(name))
    }

    /// In the item of that key.
    pub(super) fn at_key(self, key: &Bound<'_, PyAny>) -> Self {
        match key.repr() {
            Ok(key) => self.at(format!("[{key}]")),
            Err(_) => self.at("[?]".to_owned()),
        }
    }

    pub(super) fn at(mut self, place: String) -> Self {
        self.0.path.push(place);
        self
    }

    /// Says what was found, unless that was said further in.
    pub(super) fn found(mut self, object: &Bound<'_, PyAny>) -> Self {
        let text = match &self.0.what {
            What::Expected(wanted) => format!("expected {wanted}, found {}", describe(object)),
            What::Missing => missing(object),
            What::Text(_) | What::Raised(_) => return self,
        };
        self.0.what = What::Text(text);
        self
    }

    /// The path and the words; or the exception, where it is one.
    pub(super) fn into_parts(self) -> Result<(String, String), PyErr> {
        let path: String = self.0.path.iter().rev().map(String::as_str).collect();
        match self.0.what {
            What::Text(text) => Ok((path, text)),
            What::Expected(wanted) => Ok((path, format!("expected {wanted}"))),
            What::Missing => Ok((path, "missing".to_owned())),
            What::Raised(error) => Err(error),
        }
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::new(What::Raised(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.0.path.iter().rev() {
            f.write_str(place)?;
        }
        match &self.0.what {
            What::Text(text) => write!(f, ": {text}"),
            What::Expected(wanted) => write!(f, ": expected {wanted}"),
            What::Missing => f.write_str(": missing"),
            What::Raised(error) => write!(f, ": {error}"),
        }
    }
}

impl std::error::Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Text(message.to_string()))
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Text(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(python_words(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(python_words(&expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::expected(python_words(&expected.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::expected(one_of(expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = if expected.is_empty() {
            "there are none".to_owned()
        } else {
            format!("known are {}", one_of(expected).replace(" or ", ", "))
        };
        Self::new(What::Text(format!("unknown key '{field}'; {known}")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing).at_field(field)
    }
}

pub(super) fn one_of(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    names.join(" or ")
}

/// What serde expects, in Python's names where they say the same.
fn python_words(expected: &str) -> String {
    match expected {
        "a string" | "string" => "str",
        "a boolean" => "bool",
        "a sequence" => "a list",
        "a map" => "a dict",
        "unit" => "None",
        "a character" => "a str of one character",
        other => other.strip_prefix("struct ").unwrap_or(other),
    }
    .to_owned()
}
