//! The inside of a line of documentation.

use std::fmt::Write;

/// The inside of a line: code stays, what Markdown or rustdoc would take for a link or a tag does not.
pub(super) fn inline(text: &str) -> String {
    let text = without_roles(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = &*text;
    while let Some(character) = rest.chars().next() {
        if character == '`' {
            let run = rest.chars().take_while(|it| *it == '`').count();
            let fence = &rest[..run];
            let body = &rest[run..];
            if let Some(end) = closing(body, run).filter(|end| *end > 0) {
                let _ = write!(out, "{fence}{}{fence}", &body[..end]);
                rest = &body[end + run..];
            } else {
                out.extend(std::iter::repeat_n("\\`", run));
                rest = body;
            }
            continue;
        }
        if let Some(url) = url(rest) {
            let before = out.ends_with('<');
            if before {
                // It is written `<https://…>` already.
                out.truncate(out.len() - "\\<".len());
            }
            let _ = write!(out, "<{url}>");
            rest = &rest[url.len()..];
            if before {
                rest = rest.strip_prefix('>').unwrap_or(rest);
            }
            continue;
        }
        if let Some(name) = dunder(rest, out.chars().next_back()) {
            let _ = write!(out, "`{name}`");
            rest = &rest[name.len()..];
            continue;
        }
        match character {
            '[' | ']' | '<' | '>' | '*' | '|' | '\\' | '&' | '#' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
        rest = &rest[character.len_utf8()..];
    }
    out
}

/// Where a run of exactly `run` backticks begins.
fn closing(body: &str, run: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = body[from..].find('`') {
        let start = from + found;
        let length = body[start..].chars().take_while(|it| *it == '`').count();
        if length == run {
            return Some(start);
        }
        from = start + length;
    }
    None
}

/// `` :class:`Encoder` `` is `` `Encoder` ``.
fn without_roles(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let after = &rest[start + 1..];
        let role = after
            .find(|it: char| !(it.is_ascii_alphabetic() || it == ':' || it == '-'))
            .filter(|end| after[..*end].ends_with(':') && after[*end..].starts_with('`'));
        if let Some(end) = role {
            out.push_str(&rest[..start]);
            rest = &after[end..];
        } else {
            out.push_str(&rest[..=start]);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn url(text: &str) -> Option<&str> {
    if !(text.starts_with("http://") || text.starts_with("https://")) {
        return None;
    }
    let end = text
        .find(|it: char| {
            it.is_whitespace() || matches!(it, '<' | '>' | '`' | '"' | '|' | '[' | ']')
        })
        .unwrap_or(text.len());
    let mut url = text[..end].trim_end_matches(['.', ',', ';', ':', '\'', '!', '?', '*', '_']);
    if url.ends_with(')') && !url.contains('(') {
        url = url.trim_end_matches(')').trim_end_matches(['.', ',']);
    }
    (url.len() > "https://".len()).then_some(url)
}

/// `__init__`, which would be bold.
fn dunder(text: &str, before: Option<char>) -> Option<&str> {
    if before.is_some_and(|it| it.is_alphanumeric() || it == '_') || !text.starts_with('_') {
        return None;
    }
    let end = text
        .find(|it: char| !(it.is_alphanumeric() || it == '_'))
        .unwrap_or(text.len());
    let name = &text[..end];
    name.chars().any(char::is_alphanumeric).then_some(name)
}
