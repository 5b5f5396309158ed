//! Words for values and types.

use pyo3::prelude::*;

use crate::error::exception::lossless;
use crate::error::story::cut;

/// Longer values are cut in an error, in characters.
pub(super) const LONGEST_VALUE: usize = 80;

/// `list [1, 2]`: the type and the value, cut short.
pub(crate) fn describe(value: &Bound<'_, PyAny>) -> String {
    if value.is_none() {
        return "None".to_owned();
    }
    let kind = type_name(value);
    match repr(value) {
        Some(repr) => format!("{kind} {repr}"),
        None => kind,
    }
}

/// The name of the value's type.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "an object".to_owned(), |name| lossless(&name))
}

/// The value as `repr()` shows it, cut short; none where that fails.
pub(crate) fn repr(value: &Bound<'_, PyAny>) -> Option<String> {
    let repr = value.repr().ok()?;
    Some(cut(&lossless(&repr), LONGEST_VALUE))
}

/// A Rust type's name without its modules: `alloc::vec::Vec<alloc::string::String>` is `Vec<String>`.
pub(crate) fn short(name: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn type_names_lose_their_modules() {
        assert_eq!(
            short(
                "std::collections::HashMap<alloc::string::String, alloc::vec::Vec<(f64, my_crate::Thing)>>"
            ),
            "HashMap<String, Vec<(f64, Thing)>>"
        );
    }
}
