//! A value that could not cross: where it was, what was expected, what was found.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::exception::{is_surrogate_error, lossless, message};
use super::report::Report;
use super::story::cut;

/// Longer values are cut in an error, in characters.
const LONGEST_VALUE: usize = 80;

/// Says that the Rust value of `name` cannot become a Python object.
pub(super) fn into_python(py: Python<'_>, name: &str, rust_type: &str, error: &PyErr) -> Report {
    let why = message(
        py,
        error
            .value(py)
            .cast::<PyBaseException>()
            .unwrap_or(error.value(py)),
    );
    Report::new(format!(
        "{name}: a Rust `{}` cannot become a Python object: {why}",
        short(rust_type)
    ))
}

/// Says that a Python value is not the Rust type that was asked for, and where in it the trouble lies.
pub(super) fn from_python<T>(value: &Bound<'_, PyAny>, error: &PyErr, what: &str) -> Report {
    let py = value.py();
    let expected = short(std::any::type_name::<T>());
    let (path, culprit, inner) = locate(value, &expected);
    let wanted = inner.unwrap_or(&expected);
    let found = describe(&culprit);
    let mut report = Report::new(format!("{what}{path}: expected {wanted}, found {found}"));
    if is_surrogate_error(py, error) && culprit.is_instance_of::<PyString>() {
        report = Report::new(format!(
            "{what}{path}: expected {wanted}, found a str with a lone surrogate, which is no Unicode text"
        ))
        .help("decode it with errors=\"surrogateescape\" undone, or take bytes instead of str");
    }
    let why = lossless(
        &error
            .value(py)
            .str()
            .unwrap_or_else(|_| PyString::new(py, "")),
    );
    // A reason that names both sides says it better than the types' names do.
    if why.starts_with("expected ") && why.contains(", found ") {
        let (summary, help) = why.split_once("; ").unwrap_or((&why, ""));
        report = Report::new(format!("{what}{path}: {summary}"));
        if !help.is_empty() {
            report = report.help(help);
        }
        return report.detail("converting", expected);
    }
    report
        .detail("converting", expected.clone())
        .detail("reason", why)
}

/// Follows the shape of the expected Rust type (`Vec<HashMap<String, f64>>`) into the value, to the first place where
/// the two part. Gives the path, the value there and the type that was expected of it.
fn locate<'py, 't>(
    value: &Bound<'py, PyAny>,
    expected: &'t str,
) -> (String, Bound<'py, PyAny>, Option<&'t str>) {
    let here = || (String::new(), value.clone(), Some(expected));
    let Some((outer, parameters)) = expected.strip_suffix('>').and_then(|e| e.split_once('<'))
    else {
        if let Some(items) = expected.strip_prefix('(').and_then(|e| e.strip_suffix(')')) {
            return locate_in_tuple(value, &split_types(items)).unwrap_or_else(here);
        }
        return here();
    };
    let parameters = split_types(parameters);
    let found = match (outer, &*parameters) {
        ("Option", [inner]) if !value.is_none() => return locate(value, inner),
        ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [item, ..]) => {
            locate_in_sequence(value, item)
        }
        ("HashMap" | "BTreeMap", [key, item, ..]) => locate_in_dict(value, key, item),
        _ => None,
    };
    found.unwrap_or_else(here)
}

type Located<'py, 't> = (String, Bound<'py, PyAny>, Option<&'t str>);

fn locate_in_sequence<'py, 't>(
    value: &Bound<'py, PyAny>,
    item: &'t str,
) -> Option<Located<'py, 't>> {
    if value.is_instance_of::<PyString>() {
        return None;
    }
    for (index, element) in value.try_iter().ok()?.enumerate() {
        let element = element.ok()?;
        if !fits(&element, item) {
            let (path, culprit, wanted) = locate(&element, item);
            return Some((format!("[{index}]{path}"), culprit, wanted));
        }
    }
    None
}

fn locate_in_dict<'py, 't>(
    value: &Bound<'py, PyAny>,
    key_type: &'t str,
    item: &'t str,
) -> Option<Located<'py, 't>> {
    for (key, element) in value.cast::<PyDict>().ok()?.iter() {
        let shown = key.repr().map_or_else(
            |_| "?".to_owned(),
            |key| cut(&lossless(&key), LONGEST_VALUE),
        );
        if !fits(&key, key_type) {
            return Some((format!(" key {shown}"), key, Some(key_type)));
        }
        if !fits(&element, item) {
            let (path, culprit, wanted) = locate(&element, item);
            return Some((format!("[{shown}]{path}"), culprit, wanted));
        }
    }
    None
}

fn locate_in_tuple<'py, 't>(
    value: &Bound<'py, PyAny>,
    items: &[&'t str],
) -> Option<Located<'py, 't>> {
    let tuple = value.cast::<PyTuple>().ok()?;
    if tuple.len() != items.len() {
        return None;
    }
    let (index, element) = tuple
        .iter()
        .enumerate()
        .find(|(index, element)| !fits(element, items[*index]))?;
    let (path, culprit, wanted) = locate(&element, items[index]);
    Some((format!("[{index}]{path}"), culprit, wanted))
}

/// Whether a value would convert to the type of that name. Types that are not told apart here count as fitting.
fn fits(value: &Bound<'_, PyAny>, expected: &str) -> bool {
    match expected {
        "String" | "PathBuf" => value.extract::<String>().is_ok(),
        "bool" => value.extract::<bool>().is_ok(),
        "f64" | "f32" => value.extract::<f64>().is_ok(),
        "i8" => value.extract::<i8>().is_ok(),
        "i16" => value.extract::<i16>().is_ok(),
        "i32" => value.extract::<i32>().is_ok(),
        "i64" | "isize" => value.extract::<i64>().is_ok(),
        "u8" => value.extract::<u8>().is_ok(),
        "u16" => value.extract::<u16>().is_ok(),
        "u32" => value.extract::<u32>().is_ok(),
        "u64" | "usize" => value.extract::<u64>().is_ok(),
        _ => fits_generic(value, expected),
    }
}

/// [`fits`] for types with parameters, and tuples.
fn fits_generic(value: &Bound<'_, PyAny>, expected: &str) -> bool {
    if let Some(items) = expected.strip_prefix('(').and_then(|e| e.strip_suffix(')')) {
        let items = split_types(items);
        return value
            .cast::<PyTuple>()
            .is_ok_and(|tuple| tuple.len() == items.len())
            && locate_in_tuple(value, &items).is_none();
    }
    let Some((outer, parameters)) = expected.strip_suffix('>').and_then(|e| e.split_once('<'))
    else {
        return true;
    };
    match (outer, &*split_types(parameters)) {
        ("Option", [inner]) => value.is_none() || fits(value, inner),
        ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [item, ..]) => {
            !value.is_instance_of::<PyString>()
                && value.try_iter().is_ok()
                && locate_in_sequence(value, item).is_none()
        }
        ("HashMap" | "BTreeMap", [key, item, ..]) => {
            value.is_instance_of::<PyDict>() && locate_in_dict(value, key, item).is_none()
        }
        _ => true,
    }
}

/// `list [1, 2]`: the type and the value, cut short.
fn describe(value: &Bound<'_, PyAny>) -> String {
    if value.is_none() {
        return "None".to_owned();
    }
    let kind = value.get_type();
    let kind = kind
        .name()
        .map_or_else(|_| "an object".to_owned(), |name| lossless(&name));
    match value.repr() {
        Ok(repr) => format!("{kind} {}", cut(&lossless(&repr), LONGEST_VALUE)),
        Err(_) => kind,
    }
}

/// A Rust type's name without its modules: `alloc::vec::Vec<alloc::string::String>` is `Vec<String>`.
pub(super) fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut path_start = 0;
    for c in name.chars() {
        if c == ':' {
            short.truncate(path_start);
        } else {
            short.push(c);
            if !(c.is_alphanumeric() || c == '_') {
                path_start = short.len();
            }
        }
    }
    short
}

/// Splits `A, B<C, D>` at its outer commas.
fn split_types(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut types) = (0_usize, 0, Vec::new());
    for (index, c) in list.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                types.push(list[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    types.push(list[start..].trim());
    types.retain(|name| !name.is_empty());
    types
}

#[cfg(test)]
mod tests {
    use super::{short, split_types};

    #[test]
    fn type_names_lose_their_modules() {
        assert_eq!(
            short(
                "std::collections::HashMap<alloc::string::String, alloc::vec::Vec<(f64, my_crate::Thing)>>"
            ),
            "HashMap<String, Vec<(f64, Thing)>>"
        );
    }

    #[test]
    fn types_are_split_at_outer_commas() {
        assert_eq!(
            split_types("String, Vec<(A, B)>, C"),
            ["String", "Vec<(A, B)>", "C"]
        );
    }
}
