//! Source to a syntax tree, or to everything that is wrong with it.

use ruff_python_ast::ModModule;
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};

use crate::diagnostic::Diagnostic;

/// Parses a module, or says all that the parser has to say of it.
pub(crate) fn parse_module(source: &str) -> Result<Parsed<ModModule>, Vec<Diagnostic>> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module))
        .try_into_module()
        .ok_or_else(Vec::new)?;
    let mut diagnostics: Vec<Diagnostic> = parsed
        .errors()
        .iter()
        .map(|error| Diagnostic::new(error.error.to_string(), error.location))
        .collect();
    if diagnostics.is_empty() {
        return Ok(parsed);
    }
    // The tree of a broken source has holes; what a walk over it says would mislead.
    diagnostics.dedup_by_key(|diagnostic| diagnostic.range.start);
    Err(diagnostics)
}
