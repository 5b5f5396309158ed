//! Taking away the indentation that Python source has only because it stands inside Rust.

use crate::lexical::text_ranges;

/// Removes the whitespace that all lines begin with, keeping the number of lines.
///
/// Lines that begin inside a multi-line string neither count nor change: their whitespace belongs to the string.
///
/// ```
/// let code = "\n    text = '''a\n  b'''\n    print(text)\n";
/// assert_eq!(ironbridge_python_ast::dedent(code), "\ntext = '''a\n  b'''\nprint(text)\n");
/// ```
pub fn dedent(source: &str) -> String {
    let inside_text = text_ranges(source);
    let starts_in_text = |start: usize| {
        inside_text
            .iter()
            .any(|range| range.start < start && start < range.end)
    };

    let mut margin: Option<&str> = None;
    for (start, line) in lines(source) {
        if !line.trim().is_empty() && !starts_in_text(start) {
            let indentation = indentation(line);
            margin = Some(margin.map_or(indentation, |margin| common_prefix(margin, indentation)));
        }
    }
    let margin = margin.unwrap_or_default();

    let mut dedented = String::with_capacity(source.len());
    for (start, line) in lines(source) {
        if starts_in_text(start) {
            dedented.push_str(line);
        } else {
            // A blank line may be shorter than the margin.
            dedented.push_str(
                line.strip_prefix(margin)
                    .unwrap_or(line.trim_start_matches([' ', '\t'])),
            );
        }
    }
    dedented
}

/// Each line with its line ending and the byte offset where it starts.
fn lines(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.split_inclusive('\n').scan(0, |start, line| {
        let this = *start;
        *start += line.len();
        Some((this, line))
    })
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn common_prefix<'a>(one: &'a str, other: &str) -> &'a str {
    let shared = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    &one[..shared]
}

#[cfg(test)]
mod tests {
    use super::dedent;

    #[test]
    fn keeps_the_inside_of_strings() {
        let source = "\n  s = '''\nleft\n    right'''\n  t = 1\n";
        assert_eq!(dedent(source), "\ns = '''\nleft\n    right'''\nt = 1\n");
    }

    #[test]
    fn leaves_code_at_the_margin_alone() {
        let source = "if x:\n    y = 1\n";
        assert_eq!(dedent(source), source);
    }

    #[test]
    fn blank_lines_do_not_count() {
        assert_eq!(dedent("\n    a\n\n  \n    b\n"), "\na\n\n\nb\n");
    }
}
