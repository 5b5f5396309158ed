//! Compares a module with its contract; everything that does not fit is one error.

use std::fmt::Write as _;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyTuple};

use super::contract::{Contract, MemberKind, Parameter, ParameterKind};
use crate::error::{Error, ErrorKind, Origin, Report, Result};
use crate::interpreter::start::bootstrap;

/// What `contract.py` found: the member, what is wrong, the place in Python; the number of the member's class, where it
/// has one, and its own.
type Mismatch = (String, String, Option<String>, Option<usize>, usize);

/// Checks `module` against the contract.
pub(super) fn check(
    module: &Bound<'_, PyModule>,
    contract: &'static Contract,
    origin: Option<Origin>,
) -> Result<()> {
    let py = module.py();
    let classes = classes(contract);
    let mismatches = compare(module, contract, &classes)
        .map_err(|error| Error::from_python(py, error, origin))?;
    if mismatches.is_empty() {
        return Ok(());
    }
    let name = module
        .name()
        .map_or_else(|_| contract.python_name.to_owned(), |name| name.to_string());
    let count = match mismatches.len() {
        1 => "1 mismatch".to_owned(),
        count => format!("{count} mismatches"),
    };
    let first = &mismatches[0];
    let mut report = Report::new(format!(
        "the Python module `{name}` does not fit the trait `{}`: {count}; {}: {}",
        contract.trait_name, first.0, first.1
    ));
    for (member, text, place, class, number) in &mismatches {
        let declared_in = class.and_then(|class| classes.get(class).copied());
        let declared_in = declared_in.unwrap_or(contract);
        let mut lines = format!("{member}: {text}");
        if let Some(place) = place {
            lines.push_str("\nPython: ");
            lines.push_str(place);
        }
        if let Some(declared) = declared_in.members.get(*number) {
            let (line, declaration) = (declared.line, declared.declaration);
            let _ = write!(lines, "\nRust: {}:{line} `{declaration}`", declared_in.file);
        }
        report = report.detail("mismatch", lines);
    }
    if let Some(origin) = origin {
        report = report.detail("loaded at", origin.to_string());
    }
    let report = report.help(
        "change the trait or the module so that they agree (`cargo ironbridge bindgen` writes the trait anew), or load \
         with `.unchecked()`",
    );
    Err(Error::report(ErrorKind::Contract, report))
}

/// The contracts of the declared classes, each once, however many functions give one.
fn classes(contract: &'static Contract) -> Vec<&'static Contract> {
    let mut classes: Vec<&'static Contract> = Vec::new();
    let given = contract.members.iter().filter_map(|member| member.class);
    for class in given.map(|class| class()) {
        if !classes.iter().any(|known| std::ptr::eq(*known, class)) {
            classes.push(class);
        }
    }
    classes
}

fn compare(
    module: &Bound<'_, PyModule>,
    contract: &'static Contract,
    classes: &[&'static Contract],
) -> PyResult<Vec<Mismatch>> {
    static COMPARE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = module.py();
    let compare = COMPARE.get_or_try_init(py, || {
        bootstrap(py, "contract.py", include_str!("contract.py"), "compare").map(Bound::unbind)
    })?;
    let members = members_of(py, contract)?;
    let classes = classes
        .iter()
        .map(|class| Ok((class.python_name, class.is_protocol, members_of(py, class)?)))
        .collect::<PyResult<Vec<_>>>()?;
    compare
        .bind(py)
        .call1((module, members, classes))?
        .extract()
}

/// The members as plain tuples.
fn members_of<'py>(py: Python<'py>, contract: &'static Contract) -> PyResult<Bound<'py, PyTuple>> {
    let members = contract
        .members
        .iter()
        .map(|member| {
            let parameters = member
                .parameters
                .iter()
                .map(|parameter| parameter_of(py, parameter))
                .collect::<PyResult<Vec<_>>>()?;
            let parameters = PyTuple::new(py, parameters)?;
            let kind = match member.kind {
                MemberKind::Function => "function",
                MemberKind::Get => "get",
                MemberKind::Set => "set",
                MemberKind::Class => "class",
            };
            (
                member.python_name,
                kind,
                member.is_async,
                parameters,
                member.result,
            )
                .into_pyobject(py)
        })
        .collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, members)
}

fn parameter_of<'py>(
    py: Python<'py>,
    parameter: &'static Parameter,
) -> PyResult<Bound<'py, PyTuple>> {
    let kind = match parameter.kind {
        ParameterKind::Positional => "positional",
        ParameterKind::Keyword => "keyword",
        ParameterKind::Default | ParameterKind::KeywordDefault => "default",
        ParameterKind::Args => "args",
        ParameterKind::Kwargs => "kwargs",
        ParameterKind::Options => "options",
    };
    let names = PyTuple::new(py, parameter.names)?;
    (
        parameter.name,
        kind,
        parameter.hint,
        names,
        parameter.rust_type,
    )
        .into_pyobject(py)
}
