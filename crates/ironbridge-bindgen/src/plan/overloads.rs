//! Overloads: a function each where they can be told apart, else one that takes what any of them takes.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{Class, Function, ParameterKind, Signature, Type};

use super::Planner;
use super::functions::{Resolved, ResolvedParameter};
use super::types::label;

/// More overloads than this become one function.
const MOST: usize = 6;

impl Planner<'_> {
    /// The signatures that a function is written with, each with a suffix for its name.
    pub(super) fn signatures(
        &mut self,
        function: &Function,
        owner: Option<&(Rc<Class>, Vec<Type>)>,
    ) -> Vec<(String, Resolved)> {
        let resolve = |signature: &Signature| self.resolve(function, signature, owner);
        if function.overloads.is_empty() {
            let signature = function.implementation.as_ref();
            return signature
                .map(|it| (String::new(), resolve(it)))
                .into_iter()
                .collect();
        }
        let mut overloads: Vec<Resolved> = Vec::new();
        for overload in &function.overloads {
            let resolved = resolve(overload);
            if !overloads.iter().any(|it| is_same(it, &resolved)) {
                overloads.push(resolved);
            }
        }
        if let [_] = &*overloads {
            return overloads
                .into_iter()
                .map(|it| (String::new(), it))
                .collect();
        }
        if overloads.len() <= MOST
            && let Some(suffixes) = suffixes(&overloads)
        {
            return suffixes.into_iter().zip(overloads).collect();
        }
        vec![(String::new(), merge(&overloads, function))]
    }
}

/// What tells the overloads apart: the presence or the type of one parameter, where that is no literal.
fn suffixes(overloads: &[Resolved]) -> Option<Vec<String>> {
    let mut names: Vec<&str> = Vec::new();
    for overload in overloads {
        for parameter in &overload.parameters {
            if !names.contains(&&*parameter.name) {
                names.push(&parameter.name);
            }
        }
    }
    // A literal argument chooses the result: such overloads are one function with a union for a result.
    let has_literal = overloads.iter().any(|overload| {
        overload
            .parameters
            .iter()
            .any(|it| matches!(it.type_, Type::Literal(_)))
    });
    if has_literal {
        return None;
    }
    let mut parts: Vec<Vec<String>> = vec![Vec::new(); overloads.len()];
    for name in names {
        let labels: Vec<String> = overloads
            .iter()
            .map(|overload| {
                let parameter = overload.parameters.iter().find(|it| it.name == name);
                match parameter {
                    None => String::new(),
                    Some(it) if it.kind == ParameterKind::Args => format!("with {name}"),
                    Some(it) => label(&it.type_),
                }
            })
            .collect();
        if labels.iter().all(|label| *label == labels[0]) {
            continue;
        }
        let is_presence = labels.iter().any(String::is_empty)
            && labels
                .iter()
                .filter(|it| !it.is_empty())
                .all(|it| Some(it) == labels.iter().find(|it| !it.is_empty()));
        for (part, label) in parts.iter_mut().zip(&labels) {
            if is_presence && !label.is_empty() {
                part.push(format!("with {}", name.trim_start_matches('_')));
            } else if !label.is_empty() {
                part.push(label.clone());
            }
        }
        let joined: Vec<String> = parts.iter().map(|it| it.join(" ")).collect();
        let distinct = (1..joined.len()).all(|at| !joined[..at].contains(&joined[at]));
        if distinct && joined.iter().all(|it| it.len() <= 24) {
            return Some(joined);
        }
    }
    None
}

fn is_same(a: &Resolved, b: &Resolved) -> bool {
    a.returns == b.returns
        && a.is_async == b.is_async
        && a.parameters.len() == b.parameters.len()
        && a.parameters
            .iter()
            .zip(&b.parameters)
            .all(|(a, b)| a.name == b.name && a.kind == b.kind && a.type_ == b.type_)
}

/// One signature that takes what any of them takes: unions of the types, defaults where one has a default or lacks the
/// parameter.
fn merge(overloads: &[Resolved], function: &Function) -> Resolved {
    let longest = overloads
        .iter()
        .max_by_key(|it| it.parameters.len())
        .unwrap_or(&overloads[0]);
    let mut parameters: Vec<ResolvedParameter> = longest.parameters.clone();
    for overload in overloads {
        for parameter in &overload.parameters {
            if parameters.iter().all(|it| it.name != parameter.name) {
                // Those of the other overloads go by name, if they can.
                let mut parameter = parameter.clone();
                if matches!(
                    parameter.kind,
                    ParameterKind::Plain | ParameterKind::KeywordOnly
                ) {
                    parameter.kind = ParameterKind::KeywordOnly;
                    let place = parameters
                        .iter()
                        .position(|it| it.kind == ParameterKind::Kwargs)
                        .unwrap_or(parameters.len());
                    parameters.insert(place, parameter);
                }
            }
        }
    }
    let written = function.implementation.as_ref();
    for parameter in &mut parameters {
        let same: Vec<&ResolvedParameter> = overloads
            .iter()
            .filter_map(|it| it.parameters.iter().find(|it| it.name == parameter.name))
            .collect();
        let is_missing = same.len() < overloads.len();
        let default = same.iter().find_map(|it| it.default.clone());
        let in_source = written
            .and_then(|it| it.parameters.iter().find(|it| it.name == parameter.name))
            .and_then(|it| it.default.clone());
        let is_variadic = matches!(parameter.kind, ParameterKind::Args | ParameterKind::Kwargs);
        if !is_variadic && (is_missing || default.is_some()) {
            parameter.default = in_source.or(default).or(Some("...".to_owned()));
        }
        parameter.type_ = Type::union(same.into_iter().map(|it| it.type_.clone()));
    }
    // A required parameter cannot come after one that goes by name, other than by name.
    Resolved {
        parameters,
        returns: Type::union(overloads.iter().map(|it| it.returns.clone())),
        is_async: overloads.iter().all(|it| it.is_async),
        line: overloads[0].line,
    }
}
