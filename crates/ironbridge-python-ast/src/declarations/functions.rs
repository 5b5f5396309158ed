//! Reads functions, methods and what they set on `self`.

use std::rc::Rc;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};

use super::conditions::branches;
use super::hint::{Hint, Line};
use super::hints;
use super::model::{
    Decorator, Field, FieldOptions, Function, FunctionKind, Parameter, ParameterKind, Signature,
};
use super::reader::Reader;

/// What a definition defines.
#[derive(PartialEq)]
enum Defines {
    Function,
    /// `@overload`.
    Overload,
    /// `@name.setter`.
    Setter,
    /// `@name.deleter`, `@name.register` and others that define no name of their own.
    Nothing,
}

/// What the decorators of one definition say.
struct Decorated {
    kind: FunctionKind,
    defines: Defines,
    context_manager: bool,
    is_abstract: bool,
    unknown: Vec<Decorator>,
}

impl Reader<'_> {
    fn decorated(&self, function: &ast::StmtFunctionDef) -> Decorated {
        let mut decorated = Decorated {
            kind: FunctionKind::Plain,
            defines: Defines::Function,
            context_manager: false,
            is_abstract: false,
            unknown: Vec::new(),
        };
        for decorator in &function.decorator_list {
            if let Expr::Attribute(attribute) = &decorator.expression
                && let Expr::Name(base) = &*attribute.value
                && base.id.as_str() == function.name.as_str()
            {
                match attribute.attr.as_str() {
                    "setter" => decorated.defines = Defines::Setter,
                    _ => decorated.defines = Defines::Nothing,
                }
                continue;
            }
            let decorator = hints::decorator(&self.names, self.source, &decorator.expression);
            let full = decorator.name.as_ref().map(ToString::to_string);
            let full = full.unwrap_or_default();
            let last = full.rsplit('.').next().unwrap_or_default();
            match last {
                "overload" => decorated.defines = Defines::Overload,
                "staticmethod" => decorated.kind = FunctionKind::Static,
                "classmethod" => decorated.kind = FunctionKind::Class,
                "property" | "cached_property" | "abstractproperty" => {
                    decorated.kind = FunctionKind::Property;
                }
                "contextmanager" => decorated.context_manager = true,
                "abstractmethod" => decorated.is_abstract = true,
                _ if TRANSPARENT.contains(&last) => {}
                _ => decorated.unknown.push(decorator),
            }
        }
        decorated
    }

    /// Reads one definition into the functions read before it: an overload, a setter, or a new one.
    pub(super) fn function(
        &mut self,
        definition: &ast::StmtFunctionDef,
        in_class: bool,
        earlier: Option<&Function>,
    ) -> Option<Function> {
        let decorated = self.decorated(definition);
        if decorated.defines == Defines::Nothing {
            return None;
        }
        let drops_first = in_class && decorated.kind != FunctionKind::Static;
        let signature = self.signature(definition, drops_first);
        let fresh = || Function {
            name: definition.name.as_str().to_owned(),
            implementation: None,
            overloads: Vec::new(),
            kind: decorated.kind,
            setter: None,
            decorators: decorated.unknown.clone(),
            context_manager: decorated.context_manager,
            is_abstract: decorated.is_abstract,
        };
        let mut function = match earlier {
            Some(earlier) if decorated.defines == Defines::Setter => {
                let mut function = earlier.clone();
                function.setter = Some(signature);
                return Some(function);
            }
            // The first overload after a whole function begins anew.
            Some(earlier) if !earlier.overloads.is_empty() && earlier.implementation.is_none() => {
                earlier.clone()
            }
            _ => fresh(),
        };
        if decorated.defines == Defines::Overload {
            function.overloads.push(signature);
        } else {
            function.implementation = Some(signature);
            function.decorators.clone_from(&decorated.unknown);
        }
        Some(function)
    }

    fn signature(&mut self, definition: &ast::StmtFunctionDef, drops_first: bool) -> Signature {
        let type_parameters = definition.type_params.as_deref();
        self.names.open_type_parameters(type_parameters);
        let type_parameters = hints::type_parameters(&self.names, self.source, type_parameters);
        let parameters = self.parameters(&definition.parameters, drops_first);
        let returns = definition.returns.as_deref().map(|it| self.hint(it));
        self.names.close_type_parameters();
        Signature {
            parameters,
            returns,
            is_async: definition.is_async,
            is_generator: !self.is_stub && has_yield(&definition.body),
            type_parameters,
            docs: super::docstring::of_body(&definition.body),
            line: self.line(definition.name.range),
        }
    }

    fn parameters(&self, parameters: &ast::Parameters, drops_first: bool) -> Vec<Parameter> {
        let mut read = Vec::with_capacity(parameters.len());
        let mut add = |parameter: &ast::Parameter, kind, default: Option<&Expr>| {
            read.push(Parameter {
                name: parameter.name.as_str().to_owned(),
                kind,
                hint: parameter.annotation.as_deref().map(|it| self.hint(it)),
                default: default.map(|it| hints::text(self.source, it)),
            });
        };
        for it in &parameters.posonlyargs {
            let default = it.default.as_deref();
            add(&it.parameter, ParameterKind::PositionalOnly, default);
        }
        let mut only_dunder = parameters.posonlyargs.is_empty();
        for (number, it) in parameters.args.iter().enumerate() {
            // `__x` was positional-only before there was `/`.
            let name = it.parameter.name.as_str();
            let is_self = drops_first && number == 0;
            only_dunder &= is_self || (name.starts_with("__") && !name.ends_with("__"));
            let kind = if only_dunder && !is_self {
                ParameterKind::PositionalOnly
            } else {
                ParameterKind::Plain
            };
            add(&it.parameter, kind, it.default.as_deref());
        }
        if let Some(parameter) = &parameters.vararg {
            add(parameter, ParameterKind::Args, None);
        }
        for it in &parameters.kwonlyargs {
            let default = it.default.as_deref();
            add(&it.parameter, ParameterKind::KeywordOnly, default);
        }
        if let Some(parameter) = &parameters.kwarg {
            add(parameter, ParameterKind::Kwargs, None);
        }
        let first_is_positional = read.first().is_some_and(|first| {
            matches!(
                first.kind,
                ParameterKind::PositionalOnly | ParameterKind::Plain
            )
        });
        if drops_first && first_is_positional {
            read.remove(0);
        }
        read
    }

    /// What `__init__` sets on `self`, where the type is told: by a hint, by a parameter, by a literal.
    pub(super) fn attributes(&mut self, body: &[Stmt], init: &Rc<Function>) -> Vec<Field> {
        let mut attributes: Vec<Field> = Vec::new();
        self.collect_attributes(body, init, &mut attributes);
        attributes
    }

    fn collect_attributes(&mut self, body: &[Stmt], init: &Function, into: &mut Vec<Field>) {
        for statement in body {
            let (target, hint, value) = match statement {
                Stmt::AnnAssign(assign) => (
                    &*assign.target,
                    Some(self.hint(&assign.annotation)),
                    assign.value.as_deref(),
                ),
                Stmt::Assign(assign) => match &*assign.targets {
                    [target] => (target, None, Some(&*assign.value)),
                    _ => continue,
                },
                other => {
                    for body in branches(other).map(|it| it.bodies).into_iter().flatten() {
                        self.collect_attributes(body, init, into);
                    }
                    continue;
                }
            };
            let Expr::Attribute(attribute) = target else {
                continue;
            };
            let name = attribute.attr.as_str();
            if !is_self(&attribute.value) || into.iter().any(|known| known.name == name) {
                continue;
            }
            let hint = hint.or_else(|| value.and_then(|value| hint_of_value(value, init)));
            if hint.is_some() {
                into.push(Field {
                    name: name.to_owned(),
                    hint,
                    value: None,
                    literal: None,
                    options: FieldOptions::default(),
                    docs: None,
                    line: self.line(attribute.range),
                });
            }
        }
    }

    pub(super) fn hint(&self, expression: &Expr) -> Hint {
        hints::hint(&self.names, self.source, expression)
    }

    pub(super) fn line(&self, range: ruff_text_size::TextRange) -> Line {
        let offset = range.start().to_usize();
        Line(self.line_starts.partition_point(|start| *start <= offset))
    }
}

fn is_self(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "self")
}

fn hint_of_value(value: &Expr, init: &Function) -> Option<Hint> {
    if let Expr::Name(name) = value {
        let parameters = &init.implementation.as_ref()?.parameters;
        let parameter = parameters.iter().find(|it| it.name == name.id.as_str())?;
        return match parameter.kind {
            ParameterKind::Args | ParameterKind::Kwargs => None,
            _ => parameter.hint.clone(),
        };
    }
    hints::hint_of_literal(&hints::literal(value)?)
}

/// Decorators that leave the signature as it is, by their last name.
const TRANSPARENT: &[&str] = &[
    "cache",
    "deprecated",
    "disjoint_base",
    "final",
    "inference_mode",
    "lru_cache",
    "no_grad",
    "no_type_check",
    "override",
    "runtime_checkable",
    "type_check_only",
    "validate_call",
    "wraps",
];

fn has_yield(body: &[Stmt]) -> bool {
    struct Finder(bool);
    impl<'a> Visitor<'a> for Finder {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) && !self.0 {
                visitor::walk_stmt(self, statement);
            }
        }
        fn visit_expr(&mut self, expression: &'a Expr) {
            match expression {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
                Expr::Lambda(_) => {}
                _ => visitor::walk_expr(self, expression),
            }
        }
    }
    let mut finder = Finder(false);
    finder.visit_body(body);
    finder.0
}
