//! What was typed, what was not, and why.

use std::collections::BTreeMap;
use std::fmt;

use ironbridge_python_ast::declarations::Line;

/// How much of a module could be expressed.
///
/// A function, a method, a constant, a property, a field each count once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those whose types are all expressed.
    pub typed: usize,
    /// Those that have a `Py<PyAny>` in them.
    pub loose: Vec<Remark>,
    /// Those that are left out.
    pub skipped: Vec<Remark>,
}

/// Why something is loose or skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The module.
    pub module: String,
    /// The line in its file.
    pub line: usize,
    /// The name: `Encoder.encode`.
    pub name: String,
    /// Why, without a full stop.
    pub reason: String,
}

impl Summary {
    pub(crate) fn count(&mut self, module: &str, line: Line, name: &str, reasons: &[String]) {
        if reasons.is_empty() {
            self.typed += 1;
        } else {
            self.loose
                .push(remark(module, line, name, &reasons.join("; ")));
        }
    }

    pub(crate) fn skip(&mut self, module: &str, line: Line, name: &str, reason: &str) {
        self.skipped.push(remark(module, line, name, reason));
    }

    /// The reasons of both kinds, with how often each occurs, most often first.
    pub fn reasons(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for remark in self.loose.iter().chain(&self.skipped) {
            *counts.entry(&remark.reason).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

fn remark(module: &str, line: Line, name: &str, reason: &str) -> Remark {
    Remark {
        module: module.to_owned(),
        line: line.0,
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            line,
            name,
            reason,
        } = self;
        write!(f, "{module}:{line}: {name}: {reason}")
    }
}

/// One line of numbers, then a line for each remark.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (loose, skipped) = (self.loose.len(), self.skipped.len());
        write!(f, "{} typed, {loose} loose, {skipped} skipped", self.typed)?;
        for (title, remarks) in [("loose", &self.loose), ("skipped", &self.skipped)] {
            for remark in remarks {
                write!(f, "\n  {title}: {remark}")?;
            }
        }
        Ok(())
    }
}
