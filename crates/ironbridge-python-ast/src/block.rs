//! A block of Python as `python!` takes it: a function body without its `def`.

use ruff_python_ast::{ModModule, Stmt};
use ruff_text_size::Ranged;

use crate::diagnostic::Diagnostic;
use crate::parse::parse_module;
use crate::visit::BlockVisitor;

/// What a block is checked against.
#[derive(Debug, Clone, Default)]
pub struct BlockOptions<'a> {
    /// The names of the captured Rust variables, as the source spells them.
    pub captures: &'a [String],
    /// What a person calls the capture in an error: the source may spell it differently.
    pub shown_as: Option<fn(&str) -> String>,
    /// Whether `await` may stand at the top.
    pub is_async: bool,
    /// What the header promises.
    pub result: ResultKind,
}

/// What the caller of a block gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultKind {
    /// The header gives no type: the block is run for its effects.
    Nothing,
    /// The header gives a type: the block must end in an expression or `return` one.
    #[default]
    Value,
}

/// What there is to know about a block that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The names that the block binds in its own scope, in order of first appearance.
    pub bound_names: Vec<String>,
    /// Whether the last statement is an expression, whose value is the block's.
    pub ends_in_expression: bool,
}

impl Block {
    /// Parses and checks a block.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in order of place.
    pub fn parse(source: &str, options: &BlockOptions<'_>) -> Result<Self, Vec<Diagnostic>> {
        let parsed = parse_module(source)?;
        let module: &ModModule = parsed.syntax();
        let mut visitor = BlockVisitor::new(source, options);
        visitor.visit_block(&module.body);
        let ends_in_expression = matches!(module.body.last(), Some(Stmt::Expr(_)));
        let returns_value = visitor.returns_value();
        let (bound_names, mut diagnostics) = visitor.finish();

        if options.result == ResultKind::Value && !ends_in_expression && !returns_value {
            let place = module.body.last().map_or(module.range, Ranged::range);
            diagnostics.push(Diagnostic::new(
                "the header promises a value, but the block neither ends in an expression nor returns one",
                place,
            ));
        }
        if diagnostics.is_empty() {
            return Ok(Self {
                bound_names,
                ends_in_expression,
            });
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.range.start);
        diagnostics.dedup();
        Err(diagnostics)
    }
}
