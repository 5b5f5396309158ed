//! The parts of an error that did not begin as a Python exception: a summary, the evidence, the mend.

use std::fmt;

/// A summary in one line, then what was found, and what to do about it.
///
/// `{}` prints the summary alone, `{:#}` all of it.
#[derive(Debug)]
pub struct Report {
    summary: String,
    details: Vec<(&'static str, String)>,
    help: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
}

impl Report {
    /// A report that says `summary`: what was asked and what was found, in one line without a full stop.
    pub(crate) fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            details: Vec::new(),
            help: None,
            source: None,
        }
    }

    /// Adds a labelled piece of evidence: a command, the end of its output, a path.
    #[must_use]
    pub(crate) fn detail(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.details.push((label, text.into()));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error under this one.
    #[must_use]
    pub(crate) fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The one-line summary.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What to do about it, where that is known.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(super) fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl<T: Into<String>> From<T> for Report {
    fn from(summary: T) -> Self {
        Self::new(summary)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        if !f.alternate() {
            return Ok(());
        }
        for (label, text) in &self.details {
            write!(f, "\n  {label}: ")?;
            write_indented(f, text)?;
        }
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, "\n  because: {error}")?;
            source = error.source();
        }
        if let Some(help) = &self.help {
            f.write_str("\n  help: ")?;
            write_indented(f, help)?;
        }
        Ok(())
    }
}

/// One line stays on the label's line; several follow under it, indented.
fn write_indented(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let text = text.trim_end();
    if !text.contains('\n') {
        return f.write_str(text);
    }
    for line in text.lines() {
        write!(f, "\n    {line}")?;
    }
    Ok(())
}
