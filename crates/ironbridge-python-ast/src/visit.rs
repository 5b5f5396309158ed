//! One walk over a block: scopes, bindings, and the rules that are a block's own.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    self as ast, Comprehension, ExceptHandler, Expr, ExprContext, Parameter, Parameters, Pattern,
    Stmt,
};
use ruff_python_parser::semantic_errors::SemanticSyntaxChecker;
use ruff_text_size::{Ranged, TextRange};

use crate::bindings::Bindings;
use crate::block::{BlockOptions, ResultKind};
use crate::diagnostic::Diagnostic;
use crate::scope::{Scope, Scopes};

/// Walks a block in the order in which Python evaluates it.
pub(crate) struct BlockVisitor<'a> {
    result: ResultKind,
    scopes: Scopes<'a>,
    checker: SemanticSyntaxChecker,
    bindings: Bindings<'a>,
    diagnostics: Vec<Diagnostic>,
    returns_value: bool,
}

impl<'a> BlockVisitor<'a> {
    pub(crate) fn new(source: &'a str, options: &'a BlockOptions<'a>) -> Self {
        Self {
            result: options.result,
            scopes: Scopes::new(source, options.is_async),
            checker: SemanticSyntaxChecker::new(),
            bindings: Bindings::new(options),
            diagnostics: Vec::new(),
            returns_value: false,
        }
    }

    pub(crate) fn visit_block(&mut self, body: &'a [Stmt]) {
        self.visit_body(body);
    }

    /// Whether the block itself has a `return` with a value.
    pub(crate) fn returns_value(&self) -> bool {
        self.returns_value
    }

    pub(crate) fn finish(mut self) -> (Vec<String>, Vec<Diagnostic>) {
        let mut diagnostics = self.diagnostics;
        diagnostics.extend(
            self.scopes
                .take_errors()
                .into_iter()
                .map(|error| Diagnostic::new(error.to_string(), error.range)),
        );
        let (names, captured) = self.bindings.finish();
        diagnostics.extend(captured);
        (names, diagnostics)
    }

    fn inside(&mut self, scope: Scope, walk: impl FnOnce(&mut Self)) {
        Scopes::inside(self, |this: &mut Self| &mut this.scopes, scope, walk);
    }

    fn bind(&mut self, name: &str, range: TextRange) {
        if self.scopes.binds_in_block() {
            self.bindings.bind(name, range);
        } else {
            self.bindings.bind_inside(name, range);
        }
    }

    fn bind_identifier(&mut self, name: &ast::Identifier) {
        self.bind(name.as_str(), name.range);
    }

    fn visit_in_loop(&mut self, body: &'a [Stmt]) {
        self.scopes.enter_loop();
        self.visit_body(body);
        self.scopes.leave_loop();
    }

    fn visit_function(&mut self, function: &'a ast::StmtFunctionDef) {
        self.bind_identifier(&function.name);
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.visit_defaults(&function.parameters);
        let is_async = function.is_async;
        self.inside(Scope::Function { is_async }, |this| {
            if let Some(parameters) = &function.type_params {
                this.visit_type_params(parameters);
            }
            this.visit_parameter_names(&function.parameters);
            if let Some(returns) = &function.returns {
                this.visit_annotation(returns);
            }
            this.visit_body(&function.body);
        });
    }

    fn visit_class(&mut self, class: &'a ast::StmtClassDef) {
        self.bind_identifier(&class.name);
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        self.inside(Scope::Class, |this| {
            if let Some(parameters) = &class.type_params {
                this.visit_type_params(parameters);
            }
            this.visit_body(&class.body);
        });
    }

    /// Defaults are evaluated outside of the function.
    fn visit_defaults(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
    }

    fn visit_parameter_names(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            self.visit_parameter(parameter.as_parameter());
        }
    }

    fn visit_comprehension_expr(
        &mut self,
        elements: &[&'a Expr],
        generators: &'a [Comprehension],
        is_generator: bool,
    ) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let is_async = generators.iter().any(|generator| generator.is_async);
        let scope = Scope::Comprehension {
            is_async,
            is_generator,
        };
        self.inside(scope, |this| {
            for (index, generator) in generators.iter().enumerate() {
                if index > 0 {
                    this.visit_expr(&generator.iter);
                }
                this.visit_expr(&generator.target);
                for condition in &generator.ifs {
                    this.visit_expr(condition);
                }
            }
            for element in elements {
                this.visit_expr(element);
            }
        });
    }

    fn visit_return(&mut self, statement: &'a ast::StmtReturn) {
        if self.scopes.binds_in_block() && statement.value.is_some() {
            self.returns_value = true;
            if self.result == ResultKind::Nothing {
                self.diagnostics.push(Diagnostic::new(
                    "`return` with a value, but the header gives no type; begin the block with `-> Type =>`",
                    statement.range,
                ));
            }
        }
    }
}

impl<'a> Visitor<'a> for BlockVisitor<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.checker.visit_stmt(statement, &self.scopes);
        match statement {
            Stmt::FunctionDef(function) => return self.visit_function(function),
            Stmt::ClassDef(class) => return self.visit_class(class),
            Stmt::For(for_) => {
                self.visit_expr(&for_.iter);
                self.visit_expr(&for_.target);
                self.visit_in_loop(&for_.body);
                return self.visit_body(&for_.orelse);
            }
            Stmt::While(while_) => {
                self.visit_expr(&while_.test);
                self.visit_in_loop(&while_.body);
                return self.visit_body(&while_.orelse);
            }
            Stmt::Return(return_) => self.visit_return(return_),
            Stmt::Import(import) => {
                for alias in &import.names {
                    // `import a.b` binds `a`.
                    let first = alias.name.as_str().split('.').next().unwrap_or_default();
                    match &alias.asname {
                        Some(asname) => self.bind_identifier(asname),
                        None => self.bind(first, alias.name.range),
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    if bound.as_str() != "*" {
                        self.bind_identifier(bound);
                    }
                }
            }
            Stmt::Global(global) => {
                for name in &global.names {
                    self.bind_identifier(name);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.bindings.nonlocal(name.as_str(), name.range);
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        self.checker.visit_expr(expression, &self.scopes);
        match expression {
            Expr::Name(name) if name.ctx != ExprContext::Load => {
                self.bind(name.id.as_str(), name.range);
            }
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                if let Expr::Name(target) = &*named.target {
                    if self.scopes.walrus_binds_in_block() {
                        self.bindings.bind(target.id.as_str(), target.range);
                    } else {
                        self.bindings.bind_inside(target.id.as_str(), target.range);
                    }
                }
                return;
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_defaults(parameters);
                }
                return self.inside(Scope::Lambda, |this| {
                    if let Some(parameters) = &lambda.parameters {
                        this.visit_parameter_names(parameters);
                    }
                    this.visit_expr(&lambda.body);
                });
            }
            Expr::ListComp(comprehension) => {
                return self.visit_comprehension_expr(
                    &[&comprehension.elt],
                    &comprehension.generators,
                    false,
                );
            }
            Expr::SetComp(comprehension) => {
                return self.visit_comprehension_expr(
                    &[&comprehension.elt],
                    &comprehension.generators,
                    false,
                );
            }
            Expr::Generator(generator) => {
                return self.visit_comprehension_expr(
                    &[&generator.elt],
                    &generator.generators,
                    true,
                );
            }
            Expr::DictComp(comprehension) => {
                let mut elements: Vec<&Expr> = vec![&comprehension.value];
                elements.extend(comprehension.key.as_deref());
                return self.visit_comprehension_expr(&elements, &comprehension.generators, false);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) if self.scopes.binds_in_block() => {
                self.diagnostics.push(Diagnostic::new(
                    "`yield` outside of a function: a block gives one value; define a generator function and call it",
                    expression.range(),
                ));
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameter(&mut self, parameter: &'a Parameter) {
        self.bind_identifier(&parameter.name);
        if let Some(annotation) = &parameter.annotation {
            self.visit_annotation(annotation);
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(parts) = handler;
        if let Some(name) = &parts.name {
            self.bind_identifier(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(parts) => parts.name.as_ref(),
            Pattern::MatchStar(parts) => parts.name.as_ref(),
            Pattern::MatchMapping(parts) => parts.rest.as_ref(),
            _ => None,
        };
        visitor::walk_pattern(self, pattern);
        if let Some(name) = name {
            self.bind_identifier(name);
        }
    }
}
