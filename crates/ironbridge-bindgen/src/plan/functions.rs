//! Functions and methods: parameters, results, and the words about them.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{
    Class, Function, Hint, Line, Parameter, ParameterKind, Signature, Type, TypeVariable,
};

use super::{Lowered, Place, Planner, Position, attributes_of, comments};
use crate::docs;
use crate::names::{Taken, pascal, snake};
use crate::rust::{self, ItemKind, Method, Rust};

/// From so many defaulted keywords on, they are fields of a struct.
const MANY: usize = 5;

/// The class around a method, with its type arguments.
pub(super) type Owner = Option<(Rc<Class>, Vec<Type>)>;

/// A signature with its types resolved.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub(super) parameters: Vec<ResolvedParameter>,
    pub(super) returns: Type,
    pub(super) is_async: bool,
    pub(super) line: Line,
}

#[derive(Debug, Clone)]
pub(super) struct ResolvedParameter {
    pub(super) name: String,
    pub(super) kind: ParameterKind,
    pub(super) type_: Type,
    pub(super) default: Option<String>,
}

/// What a method is made from.
pub(super) struct Source<'a> {
    /// The module in which it is defined.
    pub(super) module: &'a str,
    /// Its name in messages: `Encoder.encode`.
    pub(super) full_name: String,
    /// The name that Python knows.
    pub(super) python_name: String,
    /// The name in Rust, taken.
    pub(super) name: String,
    /// `class` and the like.
    pub(super) flags: &'a [&'a str],
    pub(super) docs: Option<&'a str>,
    pub(super) owner: Owner,
    /// What types without a name are called after.
    pub(super) stem: String,
}

impl Planner<'_> {
    /// A function of the module.
    pub(super) fn function(&mut self, module: &str, name: &str, function: &Rc<Function>) {
        let source = |this: &mut Self, suffix: &str| Source {
            module,
            full_name: name.to_owned(),
            python_name: name.to_owned(),
            name: this.methods.take([&*with_suffix(name, suffix)]),
            flags: &[],
            docs: None,
            owner: None,
            stem: pascal(&format!("{name} {suffix}")),
        };
        let methods = self.function_methods(function, None, source);
        self.module_methods.extend(methods);
    }

    /// The methods that a function becomes: one, or one for each overload.
    pub(super) fn function_methods<'s>(
        &mut self,
        function: &'s Function,
        owner: Option<&(Rc<Class>, Vec<Type>)>,
        mut source: impl FnMut(&mut Self, &str) -> Source<'s>,
    ) -> Vec<Method> {
        if self.is_asynchronous_context(function, owner) {
            let source = source(self, "");
            let line = function.signature().map_or(Line(0), |it| it.line);
            let reason = "an asynchronous context manager, which has no counterpart";
            self.summary
                .skip(source.module, line, &source.full_name, reason);
            return Vec::new();
        }
        if let Some(decorator) = self.hiding_decorator(function) {
            let mut source = source(self, "");
            source.docs = function.docs();
            let line = function.signature().map_or(Line(0), |it| it.line);
            let reason = format!("`@{}` hides the signature", decorator.text);
            return vec![self.hidden(source, line, &reason)];
        }
        let signatures = self.signatures(function, owner);
        signatures
            .into_iter()
            .map(|(suffix, signature)| {
                let mut source = source(self, &suffix);
                source.docs = function.docs();
                source.owner = owner.cloned();
                self.method(source, &signature)
            })
            .collect()
    }

    /// What takes and gives anything.
    fn hidden(&mut self, source: Source<'_>, line: Line, reason: &str) -> Method {
        let any = |name: &str, kind| ResolvedParameter {
            name: name.to_owned(),
            kind,
            type_: Type::Unknown(reason.to_owned()),
            default: None,
        };
        let signature = Resolved {
            parameters: vec![
                any("args", ParameterKind::Args),
                any("kwargs", ParameterKind::Kwargs),
            ],
            returns: Type::Unknown(reason.to_owned()),
            is_async: false,
            line,
        };
        let mut method = self.method(source, &signature);
        method.comments = comments(&[reason.to_owned()]);
        if let Some(last) = self.summary.loose.last_mut() {
            reason.clone_into(&mut last.reason);
        }
        method
    }

    /// Resolves the hints of a signature.
    pub(super) fn resolve(
        &self,
        function: &Function,
        signature: &Signature,
        owner: Option<&(Rc<Class>, Vec<Type>)>,
    ) -> Resolved {
        let mut scope: Vec<TypeVariable> = Vec::new();
        let mut variables = std::collections::HashMap::new();
        if let Some((class, arguments)) = owner {
            scope.extend(class.type_parameters.iter().cloned());
            variables = self.library.class_arguments(class, arguments);
        }
        scope.extend(signature.type_parameters.iter().cloned());
        let resolve = |hint: Option<&Hint>| match hint {
            Some(hint) => self.library.resolve(hint, &scope).substitute(&variables),
            None => Type::Unannotated,
        };
        let parameters = signature
            .parameters
            .iter()
            .map(|it| ResolvedParameter {
                name: it.name.clone(),
                kind: it.kind,
                type_: parameter_type(it, &resolve),
                default: it.default.clone(),
            })
            .collect();
        let mut returns = resolve(signature.returns.as_ref());
        if function.context_manager {
            returns = match returns {
                Type::Iterator(inner) | Type::Iterable(inner) | Type::ContextManager(inner) => {
                    Type::ContextManager(inner)
                }
                Type::Generator(parts) => Type::ContextManager(Box::new(parts[0].clone())),
                _ => Type::ContextManager(Box::new(Type::Unannotated)),
            };
        }
        // An `async def` that yields is called like a plain function.
        let is_async = signature.is_async && !signature.is_generator;
        if signature.is_async
            && signature.is_generator
            && !matches!(returns, Type::AsyncIterator(_))
        {
            returns = Type::AsyncIterator(Box::new(Type::Unannotated));
        }
        Resolved {
            parameters,
            returns,
            is_async,
            line: signature.line,
        }
    }

    /// Writes a method.
    pub(super) fn method(&mut self, source: Source<'_>, signature: &Resolved) -> Method {
        let place = Place {
            position: Position::Argument,
            name: source.stem.clone(),
            class: source.owner.clone(),
        };
        let mut reasons = Vec::new();
        let mut notes = Vec::new();
        let (parameters, moved) = self.parameters(signature, &place, &mut reasons, &mut notes);
        let result_place = place.at(Position::Result).named("result");
        let result = self.lower(&signature.returns, &result_place);
        reasons.extend(result.reasons.iter().map(|it| format!("the result: {it}")));
        self.summary
            .count(source.module, signature.line, &source.full_name, &reasons);
        let mut written = comments(&reasons);
        written.extend(notes);
        Method {
            attributes: attributes_of(source.flags, &source.name, &source.python_name),
            name: source.name,
            docs: method_docs(source.docs, signature, moved),
            comments: written,
            is_async: signature.is_async,
            parameters,
            result: result.type_,
        }
    }

    /// The parameters; and whether defaults went into a struct of options.
    fn parameters(
        &mut self,
        signature: &Resolved,
        place: &Place,
        reasons: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) -> (Vec<rust::Parameter>, bool) {
        let has_args = signature
            .parameters
            .iter()
            .any(|it| it.kind == ParameterKind::Args);
        let is_optional = |it: &ResolvedParameter| {
            it.default.is_some()
                && match it.kind {
                    ParameterKind::KeywordOnly => true,
                    // Given by name it would be in the way of `*args`.
                    ParameterKind::Plain => !has_args,
                    _ => false,
                }
        };
        let count = signature
            .parameters
            .iter()
            .filter(|it| is_optional(it))
            .count();
        let many = count >= MANY;
        let mut taken = Taken::default();
        let mut plain = Vec::new();
        let mut late = Vec::new();
        let mut fields = Vec::new();
        for parameter in &signature.parameters {
            let stripped = parameter.name.trim_start_matches('_');
            let spelled = if parameter.kind == ParameterKind::PositionalOnly && !stripped.is_empty()
            {
                stripped
            } else {
                &parameter.name
            };
            let name = taken.take([&*snake(spelled)]);
            let optional = is_optional(parameter);
            let mut lowered = self.parameter(parameter, &place.named(&parameter.name));
            if optional {
                lowered.type_ = match lowered.type_ {
                    Rust::Option(inner) => Rust::Option(inner),
                    Rust::Closure(..) => Rust::Option(Box::new(Rust::Callback)),
                    type_ => Rust::Option(Box::new(type_)),
                };
            } else if parameter.default.is_some() {
                notes.push(format!(
                    "`{name}` has a default in Python; here it goes by its place, so it must be given."
                ));
            }
            let about = lowered.reasons.iter().map(|it| format!("`{name}`: {it}"));
            let about: Vec<String> = about.collect();
            let attributes = parameter_attributes(parameter, optional, &name);
            if optional && many {
                let attributes = attributes.into_iter().filter(|it| it.starts_with("name"));
                fields.push(rust::Field {
                    docs: default_docs(parameter),
                    comments: comments(&lowered.reasons),
                    attributes: attributes.collect(),
                    type_: lowered.type_,
                    name,
                });
                reasons.extend(about);
                continue;
            }
            reasons.extend(about);
            let written = rust::Parameter {
                name,
                attributes,
                type_: lowered.type_,
            };
            match parameter.kind {
                ParameterKind::Kwargs => late.push(written),
                _ => plain.push(written),
            }
        }
        let moved = !fields.is_empty();
        if moved {
            let stem = format!("{}Options", place.name);
            let type_name = self.types.take([&*stem]);
            let id = self.new_item(type_name, None);
            self.items[id.0].docs =
                vec!["What may be left out: `None` leaves Python its default.".to_owned()];
            self.items[id.0].kind = ItemKind::Options(fields);
            plain.push(rust::Parameter {
                name: taken.take(["options", "further_options"]),
                attributes: vec!["options".to_owned()],
                type_: Rust::Item(id),
            });
        }
        plain.append(&mut late);
        (plain, moved)
    }

    fn parameter(&mut self, parameter: &ResolvedParameter, place: &Place) -> Lowered {
        match parameter.kind {
            ParameterKind::Args => {
                let inner = self.lower(&parameter.type_, &place.at(Position::Data));
                Lowered {
                    type_: Rust::List(Box::new(inner.type_)),
                    reasons: inner.reasons,
                }
            }
            ParameterKind::Kwargs => {
                let inner = self.lower(&parameter.type_, &place.at(Position::Data));
                Lowered {
                    type_: Rust::Dict(Box::new(Rust::Text), Box::new(inner.type_)),
                    reasons: inner.reasons,
                }
            }
            _ => self.lower(&parameter.type_, &place.at(Position::Argument)),
        }
    }
}

/// A parameter's type; `*args: P.args` stands for parameters that are not told.
fn parameter_type(parameter: &Parameter, resolve: &dyn Fn(Option<&Hint>) -> Type) -> Type {
    let name = parameter.hint.as_ref().and_then(Hint::name);
    let last = name.and_then(|name| name.name.rsplit_once('.'));
    if matches!(last, Some((_, "args" | "kwargs"))) {
        return Type::Unknown("parameters that a variable stands for".to_owned());
    }
    resolve(parameter.hint.as_ref())
}

fn parameter_attributes(
    parameter: &ResolvedParameter,
    optional: bool,
    rust_name: &str,
) -> Vec<String> {
    let by_name = optional || parameter.kind == ParameterKind::KeywordOnly;
    let flags: &[&str] = match (parameter.kind, optional) {
        (ParameterKind::Args, _) => &["args"],
        (ParameterKind::Kwargs, _) => &["kwargs"],
        (ParameterKind::KeywordOnly, true) => &["keyword", "default"],
        (ParameterKind::KeywordOnly, false) => &["keyword"],
        (_, true) => &["default"],
        (_, false) => &[],
    };
    let python_name = if by_name { &parameter.name } else { rust_name };
    attributes_of(flags, rust_name, python_name)
}

fn default_docs(parameter: &ResolvedParameter) -> Vec<String> {
    match parameter.default.as_deref() {
        None | Some("..." | "None") => Vec::new(),
        Some(default) if default.len() > 60 => Vec::new(),
        Some(default) => vec![format!("Default in Python: {}.", docs::code(default))],
    }
}

fn method_docs(docs: Option<&str>, signature: &Resolved, moved: bool) -> Vec<String> {
    let mut lines = docs.map(docs::markdown).unwrap_or_default();
    let defaults: Vec<String> = signature
        .parameters
        .iter()
        .filter(|it| !matches!(it.default.as_deref(), None | Some("..." | "None")))
        .filter(|it| it.default.as_ref().is_some_and(|it| it.len() <= 60))
        .map(|it| {
            let default = it.default.as_deref().unwrap_or_default();
            docs::code(&format!("{} = {default}", it.name))
        })
        .collect();
    if !defaults.is_empty() && !moved {
        lines.extend((!lines.is_empty()).then(String::new));
        let word = if defaults.len() == 1 {
            "Default"
        } else {
            "Defaults"
        };
        lines.push(format!("{word} in Python: {}.", defaults.join(", ")));
    }
    lines
}

/// The function's name with a suffix.
pub(super) fn with_suffix(name: &str, suffix: &str) -> String {
    if suffix.is_empty() {
        return snake(name);
    }
    snake(&format!("{name} {suffix}"))
}
