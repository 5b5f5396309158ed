//! Statements that hold other statements, and which of these count: conditions that are known before a program runs.

use ruff_python_ast::{BoolOp, CmpOp, ExceptHandler, Expr, Number, Stmt, UnaryOp};

/// The version that `sys.version_info` is taken to be: the oldest that is served.
const VERSION: [i64; 2] = [3, 11];

/// The bodies of a statement that are read.
pub(super) struct Branches<'a> {
    /// In order; where they bind the same name, the first counts.
    pub(super) bodies: Vec<&'a [Stmt]>,
    /// Whether only one of them will run.
    pub(super) is_alternative: bool,
}

/// The bodies of an `if`, `try` or `with` that may run when the module is imported.
pub(super) fn branches(statement: &Stmt) -> Option<Branches<'_>> {
    match statement {
        Stmt::If(if_) => {
            let mut bodies = Vec::new();
            let clauses = std::iter::once((Some(&*if_.test), &*if_.body)).chain(
                if_.elif_else_clauses
                    .iter()
                    .map(|clause| (clause.test.as_ref(), &*clause.body)),
            );
            for (test, body) in clauses {
                match test.map_or(Some(true), known) {
                    Some(true) => {
                        bodies.push(body);
                        break;
                    }
                    Some(false) => {}
                    None => bodies.push(body),
                }
            }
            Some(Branches {
                is_alternative: bodies.len() > 1,
                bodies,
            })
        }
        Stmt::Try(try_) => {
            let mut bodies = vec![&*try_.body];
            for handler in &try_.handlers {
                let ExceptHandler::ExceptHandler(handler) = handler;
                bodies.push(&handler.body);
            }
            bodies.push(&try_.orelse);
            bodies.push(&try_.finalbody);
            Some(Branches {
                bodies,
                is_alternative: true,
            })
        }
        Stmt::With(with) => Some(Branches {
            bodies: vec![&with.body],
            is_alternative: false,
        }),
        _ => None,
    }
}

/// What a condition is for every program that is served, where that can be told.
fn known(test: &Expr) -> Option<bool> {
    match test {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::Name(name) if name.id.as_str() == "TYPE_CHECKING" => Some(true),
        Expr::Attribute(attribute) if attribute.attr.as_str() == "TYPE_CHECKING" => Some(true),
        Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => known(&unary.operand).map(|it| !it),
        Expr::BoolOp(operation) => {
            // One such value decides; else all must be known.
            let decisive = operation.op == BoolOp::Or;
            let values: Vec<Option<bool>> = operation.values.iter().map(known).collect();
            if values.contains(&Some(decisive)) {
                return Some(decisive);
            }
            values.iter().all(Option::is_some).then_some(!decisive)
        }
        Expr::Compare(compare) => {
            let ([op], [right]) = (&*compare.ops, &*compare.comparators) else {
                return None;
            };
            if is_platform(&compare.left)
                && let Expr::StringLiteral(platform) = right
            {
                let is_it = matches!(platform.value.to_str(), "linux" | "posix");
                return match op {
                    CmpOp::Eq => Some(is_it),
                    CmpOp::NotEq => Some(!is_it),
                    _ => None,
                };
            }
            if is_version_info(&compare.left) {
                return compare_version(*op, right);
            }
            None
        }
        _ => None,
    }
}

/// `sys.platform`, `os.name`. All machines must read a module alike, so they are those of Linux.
fn is_platform(expression: &Expr) -> bool {
    matches!(expression, Expr::Attribute(attribute)
        if matches!(&*attribute.value, Expr::Name(module)
            if matches!((module.id.as_str(), attribute.attr.as_str()), ("sys", "platform") | ("os", "name"))))
}

fn is_version_info(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "version_info",
        Expr::Name(name) => name.id.as_str() == "version_info",
        Expr::Subscript(subscript) => is_version_info(&subscript.value),
        _ => false,
    }
}

fn compare_version(op: CmpOp, right: &Expr) -> Option<bool> {
    let parts: Vec<i64> = match right {
        Expr::Tuple(tuple) => tuple.elts.iter().map(integer).collect::<Option<_>>()?,
        single => vec![integer(single)?],
    };
    let length = parts.len().min(VERSION.len());
    let ordering = VERSION[..length].cmp(&parts[..length]);
    // `sys.version_info` has more parts than two, so it is greater than `(3, 11)`.
    let ordering = ordering.then(if parts.len() > 2 {
        std::cmp::Ordering::Less
    } else {
        std::cmp::Ordering::Equal
    });
    match op {
        // It has more parts, so it never equals a version as it is written.
        CmpOp::GtE | CmpOp::Gt => Some(ordering.is_ge()),
        CmpOp::Lt | CmpOp::LtE => Some(ordering.is_lt()),
        CmpOp::Eq => Some(ordering.is_eq()),
        CmpOp::NotEq => Some(ordering.is_ne()),
        _ => None,
    }
}

fn integer(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => value.as_i64(),
            _ => None,
        },
        _ => None,
    }
}
