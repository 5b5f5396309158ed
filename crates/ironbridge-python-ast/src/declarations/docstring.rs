//! Docstrings, as `inspect.cleandoc` gives them.

use ruff_python_ast::{Expr, Stmt};

/// The docstring that a body begins with.
pub(super) fn of_body(body: &[Stmt]) -> Option<String> {
    of_statement(body.first()?)
}

/// The text of a statement that is only a string.
pub(super) fn of_statement(statement: &Stmt) -> Option<String> {
    let Stmt::Expr(statement) = statement else {
        return None;
    };
    let Expr::StringLiteral(string) = &*statement.value else {
        return None;
    };
    let docs = clean(string.value.to_str());
    (!docs.is_empty()).then_some(docs)
}

fn clean(docs: &str) -> String {
    let expanded: Vec<String> = docs
        .lines()
        .map(|line| expand_tabs(line.trim_end()))
        .collect();
    let margin = expanded
        .iter()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    let mut lines: Vec<&str> = Vec::with_capacity(expanded.len());
    for (number, line) in expanded.iter().enumerate() {
        let line = match number {
            0 => line.trim_start(),
            _ => line.get(margin..).unwrap_or_default(),
        };
        lines.push(line);
    }
    let first = lines.iter().position(|line| !line.is_empty());
    let last = lines.iter().rposition(|line| !line.is_empty());
    match (first, last) {
        (Some(first), Some(last)) => lines[first..=last].join("\n"),
        _ => String::new(),
    }
}

fn expand_tabs(line: &str) -> String {
    if !line.contains('\t') {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    for character in line.chars() {
        if character == '\t' {
            let width = 8 - column % 8;
            out.extend(std::iter::repeat_n(' ', width));
            column += width;
        } else {
            out.push(character);
            column += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_docstring_loses_the_indentation_of_its_place() {
        assert_eq!(
            clean("\n    First.\n\n        kept\n    last\n    "),
            "First.\n\n    kept\nlast"
        );
        assert_eq!(clean("One.\n\ttab\n"), "One.\ntab");
        assert_eq!(clean("  \n "), "");
    }
}
