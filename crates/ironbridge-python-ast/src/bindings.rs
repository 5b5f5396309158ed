//! The names that a block binds in its own scope, and the captures it must not bind.

use ruff_text_size::TextRange;

use crate::block::BlockOptions;
use crate::diagnostic::Diagnostic;

/// Collects bound names in order of first appearance.
pub(crate) struct Bindings<'a> {
    options: &'a BlockOptions<'a>,
    names: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Bindings<'a> {
    pub(crate) fn new(options: &'a BlockOptions<'a>) -> Self {
        Self {
            options,
            names: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Notes that `name` is bound in the block's scope at `range`.
    pub(crate) fn bind(&mut self, name: &str, range: TextRange) {
        if self.is_capture(name) {
            let shown = self.shown(name);
            self.diagnostics.push(Diagnostic::new(
                format!(
                    "`{shown}` is captured from Rust and cannot be assigned to; give the value another name"
                ),
                range,
            ));
        } else if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    /// Notes that `name` is bound at `range` in a scope inside the block: legal, unless the source spells captures so
    /// that no other name can be meant.
    pub(crate) fn bind_inside(&mut self, name: &str, range: TextRange) {
        if self.options.shown_as.is_some() && self.is_capture(name) {
            self.bind(name, range);
        }
    }

    /// Notes that an inner function declares `name` nonlocal, which would let it assign to a capture.
    pub(crate) fn nonlocal(&mut self, name: &str, range: TextRange) {
        if self.is_capture(name) {
            self.bind(name, range);
        }
    }

    fn is_capture(&self, name: &str) -> bool {
        self.options.captures.iter().any(|capture| capture == name)
    }

    fn shown(&self, name: &str) -> String {
        self.options
            .shown_as
            .map_or_else(|| name.to_owned(), |show| show(name))
    }

    pub(crate) fn finish(self) -> (Vec<String>, Vec<Diagnostic>) {
        (self.names, self.diagnostics)
    }
}
