//! Rust names for Python names.

use std::collections::HashSet;

use heck::{ToPascalCase, ToSnakeCase};

/// Words that cannot be names; with `_` behind them they can.
const KEYWORDS: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Types that generated code names, or that every reader takes for Rust's own.
const TAKEN: &[&str] = &[
    "Array0",
    "Array1",
    "Array2",
    "Array3",
    "Array4",
    "Array5",
    "Array6",
    "ArrayD",
    "AsyncIter",
    "Box",
    "Bytes",
    "Callback",
    "Clone",
    "Complex32",
    "Complex64",
    "Context",
    "Copied",
    "Copy",
    "Date",
    "DateTime",
    "Debug",
    "Decimal",
    "Default",
    "Drop",
    "Err",
    "Fn",
    "Function",
    "Generator",
    "HashMap",
    "HashSet",
    "Iter",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Path",
    "PathBuf",
    "Py",
    "PyAny",
    "Python",
    "Result",
    "Send",
    "SignedDuration",
    "Some",
    "String",
    "Sync",
    "Time",
    "Uuid",
    "Vec",
];

/// A function's or parameter's name: `maxItems` is `max_items`, `type` is `type_`.
pub(crate) fn snake(name: &str) -> String {
    let snake = name.to_snake_case();
    valid(if snake.is_empty() {
        "value".to_owned()
    } else {
        snake
    })
}

/// A type's or variant's name: `video_analysis` is `VideoAnalysis`.
pub(crate) fn pascal(name: &str) -> String {
    let pascal = name.to_pascal_case();
    let pascal = if pascal.is_empty() {
        "Value".to_owned()
    } else {
        pascal
    };
    valid(pascal)
}

fn valid(mut name: String) -> String {
    if name.starts_with(|first: char| !first.is_alphabetic() && first != '_') {
        name.insert(
            0,
            if name.starts_with(char::is_uppercase) {
                'N'
            } else {
                '_'
            },
        );
    }
    if KEYWORDS.contains(&&*name) || name == "_" {
        name.push('_');
    }
    name
}

/// A variant's name for a value: `"very good"` is `VeryGood`, `3` is `N3`, `-1` is `Minus1`.
pub(crate) fn variant(value: &str) -> String {
    if let Ok(number) = value.parse::<i64>() {
        let prefix = if number < 0 { "Minus" } else { "N" };
        return format!("{prefix}{}", number.unsigned_abs());
    }
    let letters: String = value
        .chars()
        .map(|it| if it.is_alphanumeric() { it } else { ' ' })
        .collect();
    let mut name = letters.to_pascal_case();
    if name.is_empty() {
        name = match value {
            "" => "Empty".to_owned(),
            other => {
                let codes = other
                    .chars()
                    .take(4)
                    .map(|it| format!("U{:04X}", u32::from(it)));
                codes.collect()
            }
        };
    }
    if name.starts_with(|first: char| !first.is_alphabetic()) {
        name.insert(0, 'N');
    }
    if matches!(&*name, "Self" | "None" | "Some" | "Ok" | "Err") {
        name.push('_');
    }
    name
}

/// Names that are in use, and new ones that are not.
#[derive(Debug, Default)]
pub(crate) struct Taken(HashSet<String>);

impl Taken {
    /// Names of types: what generated code needs is taken already.
    pub(crate) fn of_types() -> Self {
        Self(TAKEN.iter().map(|it| (*it).to_owned()).collect())
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Takes the first of the names that is free, or the last with a number.
    pub(crate) fn take<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> String {
        let mut last = "value";
        for name in names {
            if self.0.insert(name.to_owned()) {
                return name.to_owned();
            }
            last = name;
        }
        let numbered = (2..).map(|number| format!("{last}{number}"));
        let free = numbered
            .into_iter()
            .find(|name| !self.0.contains(name))
            .unwrap_or_default();
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::{pascal, snake, variant};

    #[test]
    fn names_are_those_of_rust() {
        assert_eq!(snake("maxItems"), "max_items");
        assert_eq!(snake("type"), "type_");
        assert_eq!(snake("_"), "value");
        assert_eq!(pascal("video_analysis"), "VideoAnalysis");
        assert_eq!(pascal("HTTPError"), "HttpError");
        assert_eq!(pascal("self"), "Self_");
    }

    #[test]
    fn values_become_variants() {
        assert_eq!(variant("very good"), "VeryGood");
        assert_eq!(variant("-1"), "Minus1");
        assert_eq!(variant("16k"), "N16k");
        assert_eq!(variant("+"), "U002B");
        assert_eq!(variant(""), "Empty");
        assert_eq!(variant("none"), "None_");
    }
}
