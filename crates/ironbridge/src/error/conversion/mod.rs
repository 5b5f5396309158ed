//! A value that could not cross: where it was, what was expected, what was found.
//!
//! `PyO3`'s own conversions say what failed but not where. The path is found afterwards, by following the Rust type's
//! name into the value (`locate`). Derived conversions know where they are: they raise a [`Mismatch`], which holds the
//! object it happened in, so that the containers around it find that object by identity.

mod describe;
mod locate;
mod mismatch;

use std::borrow::Cow;

use pyo3::exceptions::{
    PyAttributeError, PyBaseException, PyLookupError, PyOverflowError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::exception::{is_surrogate_error, lossless, message};
use super::report::Report;
use crate::aio;
pub(super) use describe::short;
pub(crate) use describe::{describe, repr};
#[cfg(feature = "serde")]
pub(crate) use mismatch::missing;
pub(crate) use mismatch::{Mismatch, Place, Problem, Unconvertible, dotted};

/// Where a conversion failed, and why.
pub(crate) struct Trace {
    /// `.keywords[3]`, empty at the top.
    pub(crate) path: String,
    /// `expected str, found int 7`.
    pub(crate) problem: String,
    /// What to do about it.
    pub(crate) help: Option<Cow<'static, str>>,
    /// The foreign error at its end.
    reason: Option<PyErr>,
}

/// Says that the Rust value of `name` cannot become a Python object.
pub(super) fn into_python(
    py: Python<'_>,
    name: &str,
    rust_type: &str,
    error: PyErr,
) -> (Report, PyErr) {
    let (path, rust_type, error) = match Unconvertible::of(py, &error) {
        Some(place) => place.get().trace(py),
        None => (String::new(), Cow::Owned(short(rust_type)), error),
    };
    let why = message(
        py,
        error
            .value(py)
            .cast::<PyBaseException>()
            .unwrap_or(error.value(py)),
    );
    let report = Report::new(format!(
        "{name}{path}: a Rust `{rust_type}` cannot become a Python object: {why}"
    ));
    (report, error)
}

/// Says that a Python value is not the Rust type that was asked for, and where in it the trouble lies. Gives the error
/// under it too, where that says more.
pub(super) fn from_python<T>(
    value: &Bound<'_, PyAny>,
    error: PyErr,
    what: &str,
) -> (Report, Option<PyErr>) {
    let expected = std::any::type_name::<T>();
    let trace = follow(value, expected, error);
    let mut report = Report::new(format!("{what}{}: {}", trace.path, trace.problem))
        .detail("converting", short(expected));
    if let Some(help) = trace.help {
        report = report.help(help);
    }
    (report, trace.reason)
}

/// Follows an error that the conversion of `value` to the Rust type of that name gave, to its place.
pub(crate) fn follow(value: &Bound<'_, PyAny>, rust_type: &str, error: PyErr) -> Trace {
    let py = value.py();
    if let Some(mismatch) = Mismatch::of(py, &error) {
        let mismatch = mismatch.get();
        let mut trace = mismatch.trace(py);
        let outer = locate::object(value, mismatch.root(py), locate::depth(rust_type));
        trace.path.insert_str(0, &outer.unwrap_or_default());
        return trace;
    }
    let (path, culprit, wanted) = locate::locate(value, rust_type);
    let wanted = short(wanted);
    let wanted = python_name(&wanted);
    if is_surrogate_error(py, &error) && culprit.is_instance_of::<PyString>() {
        return Trace {
            path,
            problem: format!(
                "expected {wanted}, found a str with a lone surrogate, which is no Unicode text"
            ),
            help: Some(Cow::Borrowed(
                "decode it with errors=\"surrogateescape\" undone, or take bytes instead of str",
            )),
            reason: Some(error),
        };
    }
    // A reason that names both sides says it better than the types' names do.
    let reason = error.value(py).str().map(|reason| lossless(&reason));
    if let Ok(reason) = reason
        && reason.starts_with("expected ")
        && reason.contains(", found ")
    {
        let (problem, help) = reason.split_once("; ").unwrap_or((&reason, ""));
        return Trace {
            path,
            problem: problem.to_owned(),
            help: (!help.is_empty()).then(|| Cow::Owned(help.to_owned())),
            reason: Some(error),
        };
    }
    Trace {
        path,
        problem: format!("expected {wanted}, found {}", describe(&culprit)),
        help: asynchronous(&culprit).map(Cow::Borrowed),
        reason: Some(error),
    }
}

/// What to do with a value that others await, or iterate over.
fn asynchronous(value: &Bound<'_, PyAny>) -> Option<&'static str> {
    if aio::is_awaitable(value) {
        return Some(
            "its value comes when it is awaited: put `await` before it, in an `async` block, or declare the function as \
             `async fn`",
        );
    }
    aio::is_asynchronous(value).then_some("take it as an `AsyncIter`, whose items come one by one")
}

/// Whether an error says that a value did not fit. What Python code raised while a value was read (a property, an
/// `__index__`) does not, nor does what the interpreter raises by itself.
pub(crate) fn is_failed_conversion(py: Python<'_>, error: &PyErr) -> bool {
    // Conversions are Rust: what they raise has passed no Python frame. A `Mismatch` is a `TypeError`.
    error.traceback(py).is_none()
        && (error.is_instance_of::<PyTypeError>(py)
            || error.is_instance_of::<PyValueError>(py)
            || error.is_instance_of::<PyOverflowError>(py)
            || error.is_instance_of::<PyLookupError>(py)
            || error.is_instance_of::<PyAttributeError>(py))
}

/// The name to show for a Rust type that was expected: Python's, where one says the same.
pub(crate) fn python_name(rust: &str) -> Cow<'_, str> {
    Cow::Borrowed(match rust {
        "String" | "&str" | "Cow<str>" | "PyBackedStr" | "PyString" | "char" => "str",
        "PyBackedBytes" | "&[u8]" | "Cow<[u8]>" | "PyBytes" => "bytes",
        "PathBuf" => "a path",
        "()" => "None",
        other => {
            return match other
                .strip_prefix("Option<")
                .and_then(|o| o.strip_suffix('>'))
            {
                Some(inner) => Cow::Owned(format!("{} or None", python_name(inner))),
                None => Cow::Borrowed(other),
            };
        }
    })
}
