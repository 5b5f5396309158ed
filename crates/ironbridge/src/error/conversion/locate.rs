//! The path to the value that did not fit: by the name of the Rust type that was expected, or by identity.

use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyFrozenSet, PyList, PySequence, PySet, PyString, PyTuple,
};

use super::describe::repr;

/// The path to a value, the value, and the name of the type that was expected of it.
type Located<'py, 't> = (String, Bound<'py, PyAny>, &'t str);

/// Follows the shape of the expected Rust type, by its full name (`alloc::vec::Vec<f64>`), into the value, to the first
/// place where the two part.
pub(super) fn locate<'py, 't>(value: &Bound<'py, PyAny>, expected: &'t str) -> Located<'py, 't> {
    let found = match parts(expected) {
        Shape::Tuple(items) => locate_in_tuple(value, &items),
        Shape::Generic(outer, parameters) => match (outer, &*parameters) {
            ("Option", [inner]) if !value.is_none() => return locate(value, inner),
            ("Boxed" | "Box" | "Arc" | "Rc", [inner]) => return locate(value, inner),
            ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [item, ..]) => {
                locate_in_sequence(value, item)
            }
            ("HashMap" | "BTreeMap", [key, item, ..]) => locate_in_dict(value, key, item),
            _ => None,
        },
        Shape::Array(item) => locate_in_sequence(value, item),
        Shape::Plain => None,
    };
    found.unwrap_or_else(|| (String::new(), value.clone(), expected))
}

/// A type's name, taken apart.
enum Shape<'t> {
    /// `(A, B)`
    Tuple(Vec<&'t str>),
    /// `Vec<A>`, without its module.
    Generic(&'t str, Vec<&'t str>),
    /// `[A; 2]`
    Array(&'t str),
    Plain,
}

fn parts(name: &str) -> Shape<'_> {
    if let Some(items) = name.strip_prefix('(').and_then(|e| e.strip_suffix(')')) {
        return Shape::Tuple(split_types(items));
    }
    if let Some(items) = name.strip_prefix('[').and_then(|e| e.strip_suffix(']')) {
        let item = items.rsplit_once(';').map_or(items, |(item, _)| item);
        return Shape::Array(item);
    }
    match name.strip_suffix('>').and_then(|e| e.split_once('<')) {
        Some((outer, parameters)) => {
            let outer = outer.rsplit("::").next().unwrap_or(outer);
            Shape::Generic(outer, split_types(parameters))
        }
        None => Shape::Plain,
    }
}

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
        let shown = repr(&key).unwrap_or_else(|| "?".to_owned());
        if !fits(&key, key_type) {
            return Some((format!(" key {shown}"), key, key_type));
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
        "alloc::string::String" => value.extract::<String>().is_ok(),
        "pyo3::pybacked::PyBackedStr" => value.is_instance_of::<PyString>(),
        "std::path::PathBuf" => value.extract::<std::path::PathBuf>().is_ok(),
        "pyo3::pybacked::PyBackedBytes" => {
            value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>()
        }
        "bool" => value.extract::<bool>().is_ok(),
        "char" => value.extract::<char>().is_ok(),
        "f64" | "f32" => value.extract::<f64>().is_ok(),
        "i8" => value.extract::<i8>().is_ok(),
        "i16" => value.extract::<i16>().is_ok(),
        "i32" => value.extract::<i32>().is_ok(),
        "i64" | "isize" => value.extract::<i64>().is_ok(),
        "u8" => value.extract::<u8>().is_ok(),
        "u16" => value.extract::<u16>().is_ok(),
        "u32" => value.extract::<u32>().is_ok(),
        "u64" | "usize" => value.extract::<u64>().is_ok(),
        "i128" => value.extract::<i128>().is_ok(),
        "u128" => value.extract::<u128>().is_ok(),
        "core::time::Duration" => value.extract::<std::time::Duration>().is_ok(),
        "uuid::Uuid" => is_instance(value, "uuid", "UUID"),
        "jiff::timestamp::Timestamp" | "jiff::zoned::Zoned" | "jiff::civil::datetime::DateTime" => {
            is_instance(value, "datetime", "datetime")
        }
        "jiff::civil::date::Date" | "chrono::naive::date::NaiveDate" => {
            is_instance(value, "datetime", "date")
        }
        "jiff::civil::time::Time" | "chrono::naive::time::NaiveTime" => {
            is_instance(value, "datetime", "time")
        }
        "jiff::signed_duration::SignedDuration" | "chrono::time_delta::TimeDelta" => {
            is_instance(value, "datetime", "timedelta")
        }
        _ => fits_shape(value, expected),
    }
}

fn is_instance(value: &Bound<'_, PyAny>, module: &str, class: &str) -> bool {
    let class = value
        .py()
        .import(module)
        .and_then(|module| module.getattr(class));
    class.is_ok_and(|class| value.is_instance(&class).unwrap_or(true))
}

/// [`fits`] for types with parameters, and tuples.
fn fits_shape(value: &Bound<'_, PyAny>, expected: &str) -> bool {
    match parts(expected) {
        Shape::Tuple(items) => {
            value
                .cast::<PyTuple>()
                .is_ok_and(|tuple| tuple.len() == items.len())
                && locate_in_tuple(value, &items).is_none()
        }
        Shape::Generic(outer, parameters) => match (outer, &*parameters) {
            ("Option", [inner]) => value.is_none() || fits(value, inner),
            ("Boxed" | "Box" | "Arc" | "Rc", [inner]) => fits(value, inner),
            ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [item, ..]) => fits_sequence(value, item),
            ("HashMap" | "BTreeMap", [key, item, ..]) => {
                value.is_instance_of::<PyDict>() && locate_in_dict(value, key, item).is_none()
            }
            _ => true,
        },
        Shape::Array(item) => fits_sequence(value, item),
        Shape::Plain => true,
    }
}

fn fits_sequence(value: &Bound<'_, PyAny>, item: &str) -> bool {
    !value.is_instance_of::<PyString>()
        && value.try_iter().is_ok()
        && locate_in_sequence(value, item).is_none()
}

/// The path in `value` to the object `wanted`, where containers hold it at most `depth` deep.
pub(super) fn object(
    value: &Bound<'_, PyAny>,
    wanted: &Bound<'_, PyAny>,
    depth: usize,
) -> Option<String> {
    if value.is(wanted) {
        return Some(String::new());
    }
    if depth == 0 || value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return None;
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return dict.iter().find_map(|(key, item)| {
            let shown = repr(&key).unwrap_or_else(|| "?".to_owned());
            if key.is(wanted) {
                return Some(format!(" key {shown}"));
            }
            Some(format!("[{shown}]{}", object(&item, wanted, depth - 1)?))
        });
    }
    // Only what can be read again: an iterator would give other objects, or none.
    if !is_collection(value) {
        return None;
    }
    value
        .try_iter()
        .ok()?
        .enumerate()
        .find_map(|(index, item)| {
            let path = object(&item.ok()?, wanted, depth - 1)?;
            Some(format!("[{index}]{path}"))
        })
}

fn is_collection(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
        || value.is_instance_of::<PySet>()
        || value.is_instance_of::<PyFrozenSet>()
        || value.cast::<PySequence>().is_ok() && !value.is_instance_of::<PyByteArray>()
}

/// How deep containers may be nested in a type of that name.
pub(super) fn depth(rust_type: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in rust_type.chars() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
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
    use super::split_types;

    #[test]
    fn types_are_split_at_outer_commas() {
        assert_eq!(
            split_types("String, Vec<(A, B)>, C"),
            ["String", "Vec<(A, B)>", "C"]
        );
    }
}
