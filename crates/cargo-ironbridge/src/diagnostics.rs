//! How errors look: with the line of Python that they are about.

use std::io::{IsTerminal, Write};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use ironbridge_bindgen::Error;
use ironbridge_python_ast::declarations::ReadError;

/// Prints an error to stderr.
pub(crate) fn print(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    let renderer = if stderr.is_terminal() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let text = match error.downcast_ref::<Error>() {
        Some(Error::Read(ReadError::Syntax {
            path,
            source,
            diagnostics,
        })) => {
            let path = path.display().to_string();
            let reports: Vec<String> = diagnostics
                .iter()
                .map(|diagnostic| {
                    let range = diagnostic.range.start.min(source.len())
                        ..diagnostic.range.end.min(source.len());
                    let snippet = Snippet::source(source.as_str())
                        .path(path.as_str())
                        .annotation(AnnotationKind::Primary.span(range));
                    let title = Level::ERROR.primary_title(diagnostic.message.as_str());
                    renderer.render(&[title.element(snippet)])
                })
                .collect();
            reports.join("\n\n")
        }
        _ => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            // An error that says its cause itself is not said twice.
            let mut text = String::new();
            for cause in causes {
                if !text.contains(&cause) {
                    if !text.is_empty() {
                        text.push_str(": ");
                    }
                    text.push_str(&cause);
                }
            }
            renderer.render(&[annotate_snippets::Group::with_title(
                Level::ERROR.primary_title(text.as_str()),
            )])
        }
    };
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(stderr, "{text}");
}
