//! From docstrings to documentation comments: Markdown that rustdoc takes without a warning, and does not run.

mod inline;

use inline::inline;

/// The lines of the documentation of a docstring.
pub(crate) fn markdown(docs: &str) -> Vec<String> {
    let lines: Vec<String> = docs.lines().map(clean).collect();
    let mut writer = Writer {
        lines: &lines,
        at: 0,
        out: Vec::new(),
    };
    writer.write();
    let mut out = writer.out;
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

/// Without what must not stand in a comment.
fn clean(line: &str) -> String {
    let kept = line.chars().filter(|it| {
        !it.is_control() && !matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    kept.collect::<String>().trim_end().to_owned()
}

/// Sections that name what follows, as Google's style has them.
const SECTIONS: &[&str] = &[
    "Arguments",
    "Attributes",
    "Example",
    "Examples",
    "Keyword Arguments",
    "Methods",
    "Note",
    "Notes",
    "Other Parameters",
    "Parameters",
    "Raises",
    "References",
    "Returns",
    "See Also",
    "Todo",
    "Warning",
    "Warnings",
    "Warns",
    "Yields",
];

struct Writer<'a> {
    lines: &'a [String],
    at: usize,
    out: Vec<String>,
}

impl Writer<'_> {
    fn write(&mut self) {
        while let Some(line) = self.lines.get(self.at) {
            let text = line.trim_start();
            let is_after_blank = self.out.last().is_none_or(String::is_empty);
            if text.is_empty() {
                self.push_blank();
                self.at += 1;
            } else if text.starts_with(">>>") {
                self.doctest();
            } else if text.starts_with("```") || text.starts_with("~~~") {
                self.fenced();
            } else if let Some(title) = self.numpy_title() {
                self.heading(&title);
                self.at += 2;
                self.definitions(0);
            } else if let Some(title) = google_title(line) {
                self.heading(&title);
                self.at += 1;
                self.definitions(1);
            } else if indent(line) >= 2 && is_after_blank && !is_list(text) {
                self.indented();
            } else if let Some(field) = self.rest_field() {
                self.out.extend(field);
                self.at += 1;
            } else if let Some(before) = text.strip_suffix("::") {
                let before = before.trim_end();
                if !before.is_empty() && !text.starts_with("..") {
                    self.out.push(format!("{}:", inline(before)));
                }
                self.at += 1;
                self.push_blank();
                self.literal_block();
            } else {
                self.out.push(prose(text, line));
                self.at += 1;
            }
        }
    }

    fn push_blank(&mut self) {
        if self.out.last().is_some_and(|last| !last.is_empty()) {
            self.out.push(String::new());
        }
    }

    fn heading(&mut self, title: &str) {
        self.push_blank();
        self.out.push(format!("# {title}"));
        self.out.push(String::new());
    }

    /// `:param x: …` and its kin, as Sphinx has them; types are in the signature.
    fn rest_field(&self) -> Option<Vec<String>> {
        let (field, text) = self.lines[self.at]
            .trim()
            .strip_prefix(':')?
            .split_once(':')?;
        let (kind, name) = field.split_once(' ').unwrap_or((field, ""));
        let name = name.rsplit(' ').next().unwrap_or_default();
        let text = inline(text.trim());
        match (kind, name) {
            ("param" | "parameter" | "arg" | "keyword" | "ivar" | "var", name)
                if !name.is_empty() =>
            {
                Some(vec![format!("- `{name}`: {text}")])
            }
            ("return" | "returns", "") => Some(vec![format!("- Returns: {text}")]),
            ("raise" | "raises", name) if !name.is_empty() => {
                Some(vec![format!("- Raises `{name}`: {text}")])
            }
            ("type" | "rtype", _) => Some(Vec::new()),
            _ => None,
        }
    }

    /// `Parameters` with a line of dashes under it.
    fn numpy_title(&self) -> Option<String> {
        let title = self.lines[self.at].trim();
        let under = self.lines.get(self.at + 1)?.trim();
        let is_rule = under.len() >= 3
            && (under.chars().all(|it| it == '-') || under.chars().all(|it| it == '='));
        (is_rule && indent(&self.lines[self.at]) == 0 && title.len() < 60).then(|| inline(title))
    }

    /// Lines `name: text` or `name : type`, with more of it indented under them, as a list.
    fn definitions(&mut self, level: usize) {
        while self.lines.get(self.at).is_some_and(String::is_empty) {
            self.at += 1;
        }
        let Some(first) = self.lines.get(self.at) else {
            return;
        };
        let base = indent(first);
        if base < level {
            return;
        }
        while let Some(line) = self.lines.get(self.at) {
            let text = line.trim_start();
            if text.is_empty() {
                // The section goes on behind a blank line where the indentation does.
                let next = self.lines[self.at..].iter().find(|it| !it.is_empty());
                let goes_on = level > 0 && next.is_some_and(|it| indent(it) >= base);
                if !goes_on {
                    return;
                }
                self.push_blank();
                self.at += 1;
            } else if indent(line) < base || text.starts_with(">>>") || text.starts_with("```") {
                if indent(line) < base {
                    return;
                }
                if text.starts_with(">>>") {
                    self.doctest();
                } else {
                    self.fenced();
                }
            } else if indent(line) == base {
                if level == 0 && self.numpy_title().is_some() {
                    return;
                }
                match definition(text) {
                    Some((name, rest)) => {
                        let rest = inline(rest);
                        let gap = if rest.is_empty() { "" } else { ": " };
                        self.out.push(format!("- `{name}`{gap}{rest}"));
                    }
                    None => self.out.push(prose(text, text)),
                }
                self.at += 1;
            } else {
                let in_list = self
                    .out
                    .last()
                    .is_some_and(|last| last.starts_with("- ") || last.starts_with("  "));
                let lead = if in_list { "  " } else { "" };
                self.out.push(format!("{lead}{}", prose(text, text)));
                self.at += 1;
            }
        }
    }

    /// `>>>` up to a blank line.
    fn doctest(&mut self) {
        let margin = indent(&self.lines[self.at]);
        self.push_blank();
        self.out.push("```python".to_owned());
        while let Some(line) = self.lines.get(self.at).filter(|it| !it.trim().is_empty()) {
            if line.trim_start().starts_with("```") {
                break;
            }
            let line = line.get(margin.min(indent(line))..).unwrap_or_default();
            self.out.push(line.to_owned());
            self.at += 1;
        }
        self.out.push("```".to_owned());
        self.out.push(String::new());
    }

    /// A block that is fenced already: it keeps its language, or is text; Rust it is not.
    fn fenced(&mut self) {
        let opening = self.lines[self.at].trim_start();
        let fence: String = opening
            .chars()
            .take_while(|it| matches!(it, '`' | '~'))
            .collect();
        let language: String = opening[fence.len()..]
            .trim()
            .chars()
            .take_while(|it| it.is_alphanumeric())
            .collect();
        let is_rust = matches!(
            &*language,
            "" | "rust" | "should_panic" | "no_run" | "ignore" | "compile_fail" | "edition2024"
        );
        let margin = indent(&self.lines[self.at]);
        self.push_blank();
        let language = if is_rust { "text" } else { &language };
        self.out.push(format!("{fence}{language}"));
        self.at += 1;
        while let Some(line) = self.lines.get(self.at) {
            self.at += 1;
            if line.trim().starts_with(&*fence) {
                break;
            }
            let line = line.get(margin.min(indent(line))..).unwrap_or_default();
            self.out.push(line.to_owned());
        }
        self.out.push(fence);
        self.out.push(String::new());
    }

    /// Lines that are indented more than those around them: code, or what is to be left as it is.
    fn indented(&mut self) {
        let margin = indent(&self.lines[self.at]);
        self.block(margin.min(2), margin);
    }

    fn literal_block(&mut self) {
        while self.lines.get(self.at).is_some_and(String::is_empty) {
            self.at += 1;
        }
        let Some(first) = self.lines.get(self.at) else {
            return;
        };
        let margin = indent(first);
        if margin > 0 {
            self.block(margin, margin);
        }
    }

    fn block(&mut self, least: usize, margin: usize) {
        let mut lines: Vec<String> = Vec::new();
        while let Some(line) = self.lines.get(self.at) {
            if !line.is_empty() && indent(line) < least {
                break;
            }
            if line.trim_start().starts_with(">>>") {
                break;
            }
            let line = line.get(margin.min(indent(line))..).unwrap_or_default();
            lines.push(line.to_owned());
            self.at += 1;
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        if lines.is_empty() {
            return;
        }
        let longest = lines.iter().map(|it| longest_run(it, '`')).max();
        let fence = "`".repeat((longest.unwrap_or(0) + 1).max(3));
        self.push_blank();
        self.out.push(format!("{fence}text"));
        self.out.append(&mut lines);
        self.out.push(fence);
        self.out.push(String::new());
    }
}

fn longest_run(line: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for character in line.chars() {
        run = if character == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn google_title(line: &str) -> Option<String> {
    let title = line.trim().strip_suffix(':')?;
    let title = match title {
        "Args" => "Arguments",
        "Keyword Args" => "Keyword Arguments",
        "Return" | "Yield" => return google_title(&format!("{title}s:")),
        title => title,
    };
    (indent(line) == 0 && SECTIONS.contains(&title)).then(|| title.to_owned())
}

/// `name: text`, `name (type): text`, `name : type`, `*args: text`.
fn definition(text: &str) -> Option<(&str, &str)> {
    let (head, rest) = text.split_once(':').unwrap_or((text, ""));
    let head = head.trim();
    let (name, type_) = head.split_once(" (").unwrap_or((head, ""));
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|it| it.is_alphanumeric() || matches!(it, '_' | '*' | '.' | ',' | ' '))
        && (!name.contains(' ') || name.contains(','))
        && !name.ends_with('.');
    let has_type = type_.is_empty() || type_.ends_with(')');
    let is_definition = text.contains(':') || !name.contains(' ');
    (is_name && has_type && is_definition && !rest.starts_with(':')).then(|| (name, rest.trim()))
}

fn is_list(text: &str) -> bool {
    let numbered = text.trim_start_matches(|it: char| it.is_ascii_digit());
    ["- ", "* ", "+ "].iter().any(|it| text.starts_with(it))
        || (numbered.len() < text.len()
            && (numbered.starts_with(". ") || numbered.starts_with(") ")))
}

/// A line of text, with the indentation that lists need.
fn prose(text: &str, line: &str) -> String {
    let lead = indent(line).min(3);
    if let Some(rest) = ["- ", "* ", "+ "]
        .iter()
        .find_map(|it| text.strip_prefix(it))
    {
        return format!("{:lead$}- {}", "", inline(rest.trim_start()));
    }
    if is_list(text) {
        // More than four spaces behind the number would begin code.
        let (number, rest) = text.split_once(' ').unwrap_or((text, ""));
        return format!("{:lead$}{number} {}", "", inline(rest.trim_start()));
    }
    // A rule or an underline would make a heading of the line before it.
    if text
        .chars()
        .all(|it| matches!(it, '-' | '=' | '*' | '_' | '~' | '^'))
    {
        return format!("\\{text}");
    }
    inline(text)
}

/// Source in a code span.
pub(crate) fn code(source: &str) -> String {
    let source: String = source.chars().filter(|it| !it.is_control()).collect();
    let run = longest_run(&source, '`');
    if run == 0 {
        return format!("`{source}`");
    }
    let fence = "`".repeat(run + 1);
    format!("{fence} {source} {fence}")
}

#[cfg(test)]
mod tests {
    use super::{code, markdown};

    fn lines(docs: &str) -> String {
        markdown(docs).join("\n")
    }

    #[test]
    fn a_doctest_is_fenced_and_not_run() {
        assert_eq!(
            lines("Adds.\n\n    >>> add(1, 2)\n    3\n\nEnd."),
            "Adds.\n\n```python\n>>> add(1, 2)\n3\n```\n\nEnd."
        );
    }

    #[test]
    fn what_would_be_a_link_or_a_tag_is_escaped() {
        assert_eq!(
            lines("Of [T] and <b>, see https://a.example/x_(y). Not `[a]`."),
            "Of \\[T\\] and \\<b\\>, see <https://a.example/x_(y)>. Not `[a]`."
        );
        assert_eq!(lines("A :class:`Foo` and ``x``"), "A `Foo` and ``x``");
        assert_eq!(
            lines("Calls __init__ of *args and a ` tick"),
            "Calls `__init__` of \\*args and a \\` tick"
        );
    }

    #[test]
    fn sections_become_headings_and_lists() {
        assert_eq!(
            lines(
                "Do.\n\nArgs:\n    text: The text,\n        all of it.\n    n (int): How many.\n\nReturns:\n    A list."
            ),
            "Do.\n\n# Arguments\n\n- `text`: The text,\n  all of it.\n- `n`: How many.\n\n# Returns\n\nA list."
        );
        assert_eq!(
            lines("Do.\n\nParameters\n----------\nx : int\n    The x.\n\nNotes\n-----\nFree."),
            "Do.\n\n# Parameters\n\n- `x`: int\n  The x.\n\n# Notes\n\nFree."
        );
    }

    #[test]
    fn indented_code_is_no_rust() {
        assert_eq!(
            lines("Use::\n\n    import x\n\n    x.y()\nThen."),
            "Use:\n\n```text\nimport x\n\nx.y()\n```\n\nThen."
        );
    }

    #[test]
    fn source_with_backticks_stays_source() {
        assert_eq!(code("'`'"), "`` '`' ``");
    }
}
