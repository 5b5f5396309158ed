//! How errors look: with the line of Python that they are about.

use std::io::{IsTerminal, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
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
        Some(Error::Read(error @ ReadError::Syntax { .. })) => syntax(error, &renderer),
        Some(error) => plain(&error.to_string(), &renderer),
        None => plain(&format!("{error:#}"), &renderer),
    };
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(stderr, "{text}");
}

fn plain(text: &str, renderer: &Renderer) -> String {
    renderer.render(&[Group::with_title(Level::ERROR.primary_title(text))])
}

/// Each syntax error, over the lines it is in.
fn syntax(error: &ReadError, renderer: &Renderer) -> String {
    let ReadError::Syntax {
        path,
        source,
        diagnostics,
    } = error
    else {
        return plain(&error.to_string(), renderer);
    };
    let path = path.display().to_string();
    let reports: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            let end = diagnostic.range.end.min(source.len());
            let range = diagnostic.range.start.min(end)..end;
            let snippet = Snippet::source(source.as_str())
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(range));
            let title = Level::ERROR.primary_title(diagnostic.message.as_str());
            renderer.render(&[title.element(snippet)])
        })
        .collect();
    reports.join("\n\n")
}
