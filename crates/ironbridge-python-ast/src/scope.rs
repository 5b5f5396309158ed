//! The scopes that Python source opens, as a stack, and the questions the syntax checker asks about it.

use std::cell::RefCell;

use ruff_python_ast::PythonVersion;
use ruff_python_parser::semantic_errors::{
    LazyImportContext, SemanticSyntaxContext, SemanticSyntaxError,
};
use ruff_text_size::TextRange;

/// One scope of Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The block itself: a function to `return` and `await`, a module to everything that binds names.
    Block {
        /// Whether the header says `async`.
        is_async: bool,
    },
    /// `def` or `async def`.
    Function {
        /// Whether it is an `async def`.
        is_async: bool,
    },
    /// `lambda`.
    Lambda,
    /// `class`.
    Class,
    /// A comprehension, or a generator expression.
    Comprehension {
        /// Whether any of its clauses is `async for`.
        is_async: bool,
        /// Whether it is a generator expression, which runs later.
        is_generator: bool,
    },
}

/// Where in the source a walk is.
pub(crate) struct Scopes<'s> {
    source: &'s str,
    stack: Vec<Scope>,
    /// Loops around the current place, one count for each function or class.
    loops: Vec<usize>,
    errors: RefCell<Vec<SemanticSyntaxError>>,
}

impl<'s> Scopes<'s> {
    pub(crate) fn new(source: &'s str, is_async: bool) -> Self {
        Self {
            source,
            stack: vec![Scope::Block { is_async }],
            loops: vec![0],
            errors: RefCell::default(),
        }
    }

    pub(crate) fn inside<R>(
        visitor: &mut R,
        scopes: impl Fn(&mut R) -> &mut Self,
        scope: Scope,
        walk: impl FnOnce(&mut R),
    ) {
        let this = scopes(visitor);
        this.stack.push(scope);
        this.loops.push(0);
        walk(visitor);
        let this = scopes(visitor);
        this.stack.pop();
        this.loops.pop();
    }

    pub(crate) fn enter_loop(&mut self) {
        if let Some(depth) = self.loops.last_mut() {
            *depth += 1;
        }
    }

    pub(crate) fn leave_loop(&mut self) {
        if let Some(depth) = self.loops.last_mut() {
            *depth -= 1;
        }
    }

    /// Whether a plain binding here binds in the block.
    pub(crate) fn binds_in_block(&self) -> bool {
        matches!(self.stack.last(), Some(Scope::Block { .. }))
    }

    /// Whether a walrus here binds in the block: it looks through comprehensions.
    pub(crate) fn walrus_binds_in_block(&self) -> bool {
        matches!(self.nearest_non_comprehension(), Scope::Block { .. })
    }

    fn nearest_non_comprehension(&self) -> Scope {
        self.stack
            .iter()
            .rev()
            .copied()
            .find(|scope| !matches!(scope, Scope::Comprehension { .. }))
            .unwrap_or(Scope::Class)
    }

    pub(crate) fn take_errors(&mut self) -> Vec<SemanticSyntaxError> {
        self.errors.take()
    }
}

impl SemanticSyntaxContext for Scopes<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        false
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        None
    }

    fn python_version(&self) -> PythonVersion {
        // Old enough for every interpreter that can be linked: what it allows, all of them do.
        PythonVersion::PY311
    }

    fn source(&self) -> &str {
        self.source
    }

    fn global(&self, _name: &str) -> Option<TextRange> {
        None
    }

    fn has_nonlocal_binding(&self, _name: &str) -> bool {
        true
    }

    fn in_async_context(&self) -> bool {
        for scope in self.stack.iter().rev() {
            match scope {
                Scope::Block { is_async } | Scope::Function { is_async } => return *is_async,
                Scope::Lambda | Scope::Class => return false,
                Scope::Comprehension { .. } => {}
            }
        }
        false
    }

    fn in_await_allowed_context(&self) -> bool {
        !matches!(self.nearest_non_comprehension(), Scope::Class)
    }

    fn in_yield_allowed_context(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Scope::Function { .. } | Scope::Lambda)
        )
    }

    fn in_sync_comprehension(&self) -> bool {
        self.stack.iter().any(|scope| {
            matches!(
                scope,
                Scope::Comprehension {
                    is_async: false,
                    is_generator: false
                }
            )
        })
    }

    fn in_class_body_comprehension(&self) -> bool {
        matches!(self.stack.last(), Some(Scope::Comprehension { .. }))
            && matches!(self.nearest_non_comprehension(), Scope::Class)
    }

    fn in_module_scope(&self) -> bool {
        self.binds_in_block()
    }

    fn in_function_scope(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Scope::Block { .. } | Scope::Function { .. } | Scope::Lambda)
        )
    }

    fn in_generator_context(&self) -> bool {
        self.stack.iter().any(|scope| {
            matches!(
                scope,
                Scope::Comprehension {
                    is_generator: true,
                    ..
                }
            )
        })
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.errors.borrow_mut().push(error);
    }

    fn in_loop_context(&self) -> bool {
        self.loops.last().is_some_and(|depth| *depth > 0)
    }

    fn is_bound_parameter(&self, _name: &str) -> bool {
        false
    }
}
