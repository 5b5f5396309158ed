//! From expressions to hints and literal values.

use ruff_python_ast::{Expr, Number, Operator, UnaryOp};
use ruff_python_parser::parse_expression;
use ruff_text_size::Ranged;

use super::hint::{Hint, QualifiedName};
use super::model::{Decorator, LiteralValue, TypeVariable};
use super::names::Names;

/// How deep a hint may be nested before it counts as [`Hint::Other`].
const DEPTH: usize = 64;

/// Reads a hint. `source` is what the ranges of the expression count in.
pub(super) fn hint(names: &Names, source: &str, expression: &Expr) -> Hint {
    read(names, source, expression, DEPTH)
}

fn read(names: &Names, source: &str, expression: &Expr, depth: usize) -> Hint {
    let Some(depth) = depth.checked_sub(1) else {
        return Hint::Other(text(source, expression));
    };
    let inner = |expression: &Expr| read(names, source, expression, depth);
    match expression {
        Expr::Name(name) if names.is_type_parameter(name.id.as_str()) => {
            Hint::TypeParameter(name.id.as_str().to_owned())
        }
        Expr::Name(_) | Expr::Attribute(_) => match names.qualify(expression) {
            Some(name) => Hint::Name(name),
            None => Hint::Other(text(source, expression)),
        },
        Expr::Subscript(subscript) => {
            let arguments = match &*subscript.slice {
                Expr::Tuple(tuple) => tuple.elts.iter().map(inner).collect(),
                single => vec![inner(single)],
            };
            Hint::Subscript(Box::new(inner(&subscript.value)), arguments)
        }
        Expr::BinOp(operation) if operation.op == Operator::BitOr => {
            let mut parts = Vec::new();
            flatten_union(names, source, expression, depth, &mut parts);
            Hint::Union(parts)
        }
        Expr::NoneLiteral(_) => Hint::None,
        Expr::EllipsisLiteral(_) => Hint::Ellipsis,
        Expr::List(list) => Hint::List(list.elts.iter().map(inner).collect()),
        Expr::Tuple(tuple) => Hint::List(tuple.elts.iter().map(inner).collect()),
        Expr::StringLiteral(string) => {
            let value = string.value.to_str().to_owned();
            let parsed = parse_expression(value.trim()).ok();
            let hint = parsed
                .map(|parsed| Box::new(read(names, value.trim(), &parsed.syntax().body, depth)));
            Hint::Text(value, hint)
        }
        Expr::BooleanLiteral(boolean) => Hint::Bool(boolean.value),
        Expr::Starred(starred) => Hint::Starred(Box::new(inner(&starred.value))),
        _ => match literal(expression) {
            Some(LiteralValue::Int(value)) => Hint::Int(value),
            _ => Hint::Other(text(source, expression)),
        },
    }
}

fn flatten_union(
    names: &Names,
    source: &str,
    expression: &Expr,
    depth: usize,
    into: &mut Vec<Hint>,
) {
    // A long union is a deep tree that leans to the left.
    let mut right_to_left = Vec::new();
    let mut left = expression;
    while let Expr::BinOp(operation) = left
        && operation.op == Operator::BitOr
    {
        right_to_left.push(&*operation.right);
        left = &operation.left;
    }
    right_to_left.push(left);
    for part in right_to_left.into_iter().rev() {
        match read(names, source, part, depth) {
            Hint::Union(parts) => into.extend(parts),
            part => into.push(part),
        }
    }
}

/// The source of an expression, on one line.
pub(super) fn text(source: &str, expression: &impl Ranged) -> String {
    let range = expression.range();
    let text = source
        .get(range.start().to_usize()..range.end().to_usize())
        .unwrap_or_default();
    if text.contains('\n') {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    text.to_owned()
}

/// The value of a literal.
pub(super) fn literal(expression: &Expr) -> Option<LiteralValue> {
    Some(match expression {
        Expr::StringLiteral(string) => LiteralValue::Text(string.value.to_str().to_owned()),
        Expr::BytesLiteral(_) => LiteralValue::Bytes,
        Expr::BooleanLiteral(boolean) => LiteralValue::Bool(boolean.value),
        Expr::NoneLiteral(_) => LiteralValue::None,
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(value) => LiteralValue::Int(value.as_i64()?),
            Number::Float(value) => LiteralValue::Float(*value),
            Number::Complex { .. } => return None,
        },
        Expr::UnaryOp(operation) if operation.op == UnaryOp::USub => {
            match literal(&operation.operand)? {
                LiteralValue::Int(value) => LiteralValue::Int(value.checked_neg()?),
                LiteralValue::Float(value) => LiteralValue::Float(-value),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Whether an assigned expression may be a type or another name for something.
pub(super) fn may_be_type(expression: &Expr) -> bool {
    match expression {
        Expr::Name(_) => true,
        Expr::Attribute(attribute) => may_be_type(&attribute.value),
        Expr::Subscript(subscript) => may_be_type(&subscript.value),
        Expr::BinOp(operation) => {
            let side = |side: &Expr| {
                may_be_type(side) || matches!(side, Expr::NoneLiteral(_) | Expr::StringLiteral(_))
            };
            operation.op == Operator::BitOr && side(&operation.left) && side(&operation.right)
        }
        _ => false,
    }
}

/// Reads a decorator.
pub(super) fn decorator(names: &Names, source: &str, expression: &Expr) -> Decorator {
    let (callee, call) = match expression {
        Expr::Call(call) => (&*call.func, Some(call)),
        other => (other, None),
    };
    let keywords = call.map(|call| &call.arguments.keywords);
    Decorator {
        name: names.qualify(callee),
        is_call: call.is_some(),
        flags: keywords.map(|keywords| flags(keywords)).unwrap_or_default(),
        text: text(source, expression),
    }
}

/// The keyword arguments that are `True` or `False`.
pub(super) fn flags(keywords: &[ruff_python_ast::Keyword]) -> Vec<(String, bool)> {
    keywords
        .iter()
        .filter_map(|keyword| match (&keyword.arg, &keyword.value) {
            (Some(name), Expr::BooleanLiteral(value)) => {
                Some((name.as_str().to_owned(), value.value))
            }
            _ => None,
        })
        .collect()
}

/// The type parameters of PEP 695.
pub(super) fn type_parameters(
    names: &Names,
    source: &str,
    parameters: Option<&ruff_python_ast::TypeParams>,
) -> Vec<TypeVariable> {
    let parameters = parameters
        .into_iter()
        .flat_map(|parameters| parameters.type_params.iter());
    parameters
        .map(|parameter| {
            let name = parameter.name().as_str().to_owned();
            let ruff_python_ast::TypeParam::TypeVar(variable) = parameter else {
                return TypeVariable {
                    name,
                    bound: None,
                    constraints: Vec::new(),
                    default: None,
                };
            };
            let (bound, constraints) = match variable.bound.as_deref() {
                Some(Expr::Tuple(tuple)) => {
                    let constraints = tuple.elts.iter().map(|it| hint(names, source, it));
                    (None, constraints.collect())
                }
                bound => (bound.map(|it| hint(names, source, it)), Vec::new()),
            };
            let default = variable.default.as_deref();
            TypeVariable {
                name,
                bound,
                constraints,
                default: default.map(|it| hint(names, source, it)),
            }
        })
        .collect()
}

/// The hint of a literal's type.
pub(super) fn hint_of_literal(literal: &LiteralValue) -> Option<Hint> {
    let name = match literal {
        LiteralValue::Text(_) => "str",
        LiteralValue::Int(_) => "int",
        LiteralValue::Bool(_) => "bool",
        LiteralValue::Float(_) => "float",
        LiteralValue::Bytes => "bytes",
        LiteralValue::None => return None,
    };
    Some(Hint::Name(QualifiedName::new("builtins", name)))
}
