//! The exceptions of derived conversions. They keep the objects at hand and are put into words only when someone asks:
//! a union makes some of them just to try its next variant.

use std::borrow::Cow;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use pyo3::{PyTraverseError, PyVisit};

use super::describe::{self, describe};
use super::{Trace, follow, short};

/// A Python value that is not what a derived type wants.
#[pyclass(frozen, extends = PyTypeError, name = "ConversionError", module = "ironbridge")]
pub(crate) struct Mismatch {
    /// The Rust type that was converted to.
    subject: &'static str,
    /// The object it was converted from.
    root: Py<PyAny>,
    place: Place,
    problem: Problem,
}

/// Where in its object a mismatch is.
pub(crate) enum Place {
    /// The object itself.
    Whole,
    /// A field, and its value where there is one.
    Field(Cow<'static, str>, Option<Py<PyAny>>),
    /// An item of a tuple.
    Item(usize, Py<PyAny>),
}

/// What is wrong there.
pub(crate) enum Problem {
    /// The conversion to the Rust type of that name gave an error.
    Inner(&'static str, PyErr),
    /// Something else was expected: `a dict`.
    Expected(Cow<'static, str>),
    /// Nothing is there.
    Missing,
    /// In full.
    Text(String),
    /// Further in, in full: a path and words.
    #[cfg(feature = "serde")]
    At(String, String),
    /// No variant of a union fits: each one's name, what it expects, and its error.
    NoVariant(Vec<(&'static str, PyErr)>),
}

impl Mismatch {
    /// The exception, ready to be raised.
    #[cold]
    pub(crate) fn error(
        subject: &'static str,
        root: &Bound<'_, PyAny>,
        place: Place,
        problem: Problem,
    ) -> PyErr {
        let mismatch = Self {
            subject,
            root: root.clone().unbind(),
            place,
            problem,
        };
        match Bound::new(root.py(), mismatch) {
            Ok(exception) => PyErr::from_value(exception.into_any()),
            Err(error) => error,
        }
    }

    /// The mismatch that an error is, if it is one.
    pub(crate) fn of<'py>(py: Python<'py>, error: &PyErr) -> Option<Bound<'py, Self>> {
        let value = error.value(py).clone().into_any();
        value.cast_into::<Self>().ok()
    }

    pub(crate) fn root<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.root.bind(py)
    }

    /// Whether it lies deeper than the object itself.
    fn is_deep(&self, py: Python<'_>) -> bool {
        match (&self.place, &self.problem) {
            (Place::Whole, Problem::Inner(_, error)) => {
                Self::of(py, error).is_some_and(|inner| inner.get().is_deep(py))
            }
            (Place::Whole, Problem::NoVariant(errors)) => errors
                .iter()
                .any(|(_, error)| Self::of(py, error).is_some_and(|inner| inner.get().is_deep(py))),
            #[cfg(feature = "serde")]
            (Place::Whole, Problem::At(path, _)) => !path.is_empty(),
            (Place::Whole, _) => false,
            _ => true,
        }
    }

    pub(crate) fn trace(&self, py: Python<'_>) -> Trace {
        let root = self.root.bind(py);
        let (mut path, value) = match &self.place {
            Place::Whole => (String::new(), root),
            Place::Field(name, value) => (
                dotted(name),
                value.as_ref().map_or(root, |value| value.bind(py)),
            ),
            Place::Item(index, value) => (format!("[{index}]"), value.bind(py)),
        };
        let problem = match &self.problem {
            Problem::Inner(rust_type, error) => {
                let mut inner = follow(value, rust_type, error.clone_ref(py));
                path.push_str(&inner.path);
                inner.path = path;
                return inner;
            }
            Problem::Expected(wanted) => format!("expected {wanted}, found {}", describe(value)),
            Problem::Missing => missing(root),
            Problem::Text(text) => text.clone(),
            #[cfg(feature = "serde")]
            Problem::At(further, text) => {
                path.push_str(further);
                text.clone()
            }
            Problem::NoVariant(errors) => no_variant(value, errors),
        };
        Trace {
            path,
            problem,
            help: None,
            reason: None,
        }
    }
}

#[pymethods]
impl Mismatch {
    fn __str__(&self, py: Python<'_>) -> String {
        let trace = self.trace(py);
        format!("{}{}: {}", short(self.subject), trace.path, trace.problem)
    }

    #[allow(clippy::needless_pass_by_value, reason = "the protocol's signature")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.root)?;
        match &self.place {
            Place::Field(_, Some(value)) | Place::Item(_, value) => visit.call(value),
            Place::Whole | Place::Field(_, None) => Ok(()),
        }
    }
}

/// A Rust value, inside of one of a derived type, that cannot become a Python object.
#[pyclass(frozen, extends = PyTypeError, name = "IntoPythonError", module = "ironbridge")]
pub(crate) struct Unconvertible {
    /// The Rust type that was converted.
    subject: &'static str,
    /// Where in its value: `.frames[2]`.
    place: String,
    /// The type of the value there.
    rust_type: &'static str,
    error: PyErr,
}

impl Unconvertible {
    #[cold]
    pub(crate) fn error(
        py: Python<'_>,
        subject: &'static str,
        place: String,
        rust_type: &'static str,
        error: PyErr,
    ) -> PyErr {
        let cause = error.clone_ref(py);
        let unconvertible = Self {
            subject,
            place,
            rust_type,
            error,
        };
        match Bound::new(py, unconvertible) {
            Ok(exception) => {
                let raised = PyErr::from_value(exception.into_any());
                if Self::of(py, &cause).is_none() {
                    raised.set_cause(py, Some(cause));
                }
                raised
            }
            Err(error) => error,
        }
    }

    pub(crate) fn of<'py>(py: Python<'py>, error: &PyErr) -> Option<Bound<'py, Self>> {
        let value = error.value(py).clone().into_any();
        value.cast_into::<Self>().ok()
    }

    /// The path, the Rust type there, and the error that its conversion gave.
    pub(super) fn trace(&self, py: Python<'_>) -> (String, Cow<'static, str>, PyErr) {
        if let Some(inner) = Self::of(py, &self.error) {
            let (path, rust_type, error) = inner.get().trace(py);
            return (format!("{}{path}", self.place), rust_type, error);
        }
        let shown = short(self.rust_type.trim_start_matches('&'));
        let mut rust_type = &*shown;
        // `None` always converts.
        while let Some(inner) = rust_type
            .strip_prefix("Option<")
            .and_then(|rust_type| rust_type.strip_suffix('>'))
        {
            rust_type = inner;
        }
        let rust_type = rust_type.to_owned();
        (
            self.place.clone(),
            Cow::Owned(rust_type),
            self.error.clone_ref(py),
        )
    }
}

#[pymethods]
impl Unconvertible {
    fn __str__(&self, py: Python<'_>) -> String {
        let (path, rust_type, error) = self.trace(py);
        format!(
            "{}{path}: a Rust `{rust_type}` cannot become a Python object: {}",
            short(self.subject),
            error.value(py)
        )
    }
}

/// `.name`, or `['content-type']` where that is no Python name.
pub(crate) fn dotted(name: &str) -> String {
    let identifier = name.chars().all(|c| c == '_' || c.is_alphanumeric())
        && !name.starts_with(|c: char| c.is_numeric())
        && !name.is_empty();
    if identifier {
        format!(".{name}")
    } else {
        format!("['{name}']")
    }
}

/// At most so many names are listed.
const MOST_NAMES: usize = 12;

/// Says that a field is not there, and what is.
pub(crate) fn missing(root: &Bound<'_, PyAny>) -> String {
    let kind = describe::type_name(root);
    let (names, mapping) = match root.cast::<PyMapping>() {
        Ok(mapping) => (mapping.keys().ok().map(Bound::into_any), true),
        Err(_) => (
            root.getattr("__dict__")
                .ok()
                .and_then(|dict| dict.cast_into::<PyDict>().ok())
                .map(|dict| dict.keys().into_any()),
            false,
        ),
    };
    let mut names: Vec<String> = names
        .and_then(|names| names.try_iter().ok())
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .take(MOST_NAMES + 1)
        .map(|name| {
            if mapping {
                describe::repr(&name).unwrap_or_else(|| "?".to_owned())
            } else {
                name.to_string()
            }
        })
        .collect();
    if names.len() > MOST_NAMES {
        names.truncate(MOST_NAMES);
        names.push("…".to_owned());
    }
    match (names.is_empty(), mapping) {
        (true, true) => format!("missing; the {kind} is empty"),
        (true, false) => format!("missing; the {kind} has no such attribute"),
        _ => format!("missing; the {kind} has {}", names.join(", ")),
    }
}

/// Variants that fail at once are what was expected; of one that got deeper, it is told how deep.
fn no_variant(value: &Bound<'_, PyAny>, errors: &[(&'static str, PyErr)]) -> String {
    let py = value.py();
    let names: Vec<_> = errors.iter().map(|(name, _)| *name).collect();
    let deeper: Vec<String> = errors
        .iter()
        .filter_map(|(name, error)| {
            let trace = Mismatch::of(py, error).filter(|mismatch| mismatch.get().is_deep(py))?;
            let trace = trace.get().trace(py);
            Some(format!("{name}{}: {}", trace.path, trace.problem))
        })
        .collect();
    let text = format!("expected {}, found {}", names.join(" or "), describe(value));
    if deeper.is_empty() {
        text
    } else {
        format!("{text} ({})", deeper.join("; "))
    }
}
