//! Classes that live on in Python: the trait of a handle, and the constructor in the module.

use std::collections::HashSet;
use std::rc::Rc;

use ironbridge_python_ast::declarations::{
    Class, ClassKind, DataKind, Function, FunctionKind, ParameterKind, Type,
};

use super::functions::{Resolved, ResolvedParameter, Source, with_suffix};
use super::types::is_callable_protocol;
use super::{Planner, is_private};
use crate::names::{Taken, pascal, snake};
use crate::rust::{Id, ItemKind, Method, Rust};

/// Methods with names that Python gives them, and those they have here.
const SPECIAL: &[(&str, &str)] = &[
    ("__len__", "len"),
    ("__getitem__", "get"),
    ("__setitem__", "set"),
    ("__delitem__", "remove"),
    ("__contains__", "contains"),
    ("__iter__", "iter"),
    ("__next__", "next"),
    ("__call__", "call"),
];

impl Planner<'_> {
    /// A class that the module exports: its item, its constructor, its static and class methods.
    pub(super) fn exported_class(&mut self, name: &str, class: &Rc<Class>) {
        let kind = self.library.kind(class);
        let (module, line) = (class.name.module.clone(), class.line);
        match kind {
            ClassKind::Exception => {
                let reason = "an exception; errors are `ironbridge::Error`";
                return self.summary.skip(&module, line, name, reason);
            }
            ClassKind::Flag => {
                let reason = "a `Flag`, whose values combine";
                return self.summary.skip(&module, line, name, reason);
            }
            // It is a Rust closure where it is used.
            ClassKind::Protocol if is_callable_protocol(class) => return,
            _ => {}
        }
        let Some(id) = self.class_item(class, &[], kind) else {
            let reason = "an `Enum` whose members are not told";
            return self.summary.skip(&module, line, name, reason);
        };
        let ItemKind::Handle { .. } = self.items[id.0].kind else {
            return;
        };
        if kind == ClassKind::Protocol {
            return;
        }
        self.constructor(name, class, id, kind);
        self.static_methods(name, class);
    }

    fn constructor(&mut self, name: &str, class: &Rc<Class>, id: Id, kind: ClassKind) {
        if self
            .all_methods(class)
            .iter()
            .any(|(_, _, method)| method.is_abstract)
        {
            return;
        }
        let own = snake(name);
        let stem = pascal(name);
        let owner = Some((Rc::clone(class), Vec::new()));
        let source = |this: &mut Self, suffix: &str| {
            let with = with_suffix(&own, suffix);
            Source {
                module: "",
                full_name: name.to_owned(),
                python_name: String::new(),
                name: this.methods.take([&*with, &*format!("new_{with}")]),
                flags: &["class"],
                docs: None,
                owner: None,
                stem: format!("{stem}{}", pascal_or_empty(suffix)),
            }
        };
        let init = self.library.method(class, "__init__");
        let signatures = match init {
            Some((_, init)) => self.signatures(&init, owner.as_ref()),
            None => match kind {
                ClassKind::Data(data) => {
                    let signature = self.constructor_of_fields(class, data);
                    vec![(String::new(), signature)]
                }
                _ => match self.library.method(class, "__new__") {
                    Some((_, new)) => self.signatures(&new, owner.as_ref()),
                    None => vec![(String::new(), nothing(class))],
                },
            },
        };
        let module = class.name.module.clone();
        for (suffix, mut signature) in signatures {
            signature.returns = Type::Class(Rc::clone(class), Vec::new());
            signature.is_async = false;
            let mut source = source(self, &suffix);
            source.module = &module;
            source.owner.clone_from(&owner);
            let mut method = self.method(source, &signature);
            method.result = Rust::Item(id);
            // The class says its own name; where it stands elsewhere, or under another one, that is written.
            method.attributes = if name == class.name.name {
                vec!["class".to_owned()]
            } else {
                vec!["class".to_owned(), format!("name = \"{name}\"")]
            };
            self.module_methods.push(method);
        }
    }

    fn constructor_of_fields(&self, class: &Rc<Class>, kind: DataKind) -> Resolved {
        let fields = self.library.data_fields(class, &[], kind);
        let mut parameters: Vec<ResolvedParameter> = fields
            .into_iter()
            .filter(|field| field.init)
            .map(|field| ResolvedParameter {
                kind: if field.kw_only {
                    ParameterKind::KeywordOnly
                } else {
                    ParameterKind::Plain
                },
                name: field.name,
                type_: field.type_,
                default: field.default,
            })
            .collect();
        parameters.sort_by_key(|it| it.kind == ParameterKind::KeywordOnly);
        Resolved {
            parameters,
            ..nothing(class)
        }
    }

    /// Static and class methods are the module's, by dotted names.
    fn static_methods(&mut self, name: &str, class: &Rc<Class>) {
        let stem = snake(name);
        for (owner, arguments, method) in self.all_methods(class) {
            if !matches!(method.kind, FunctionKind::Static | FunctionKind::Class)
                || is_private(&method.name)
            {
                continue;
            }
            let module = owner.name.module.clone();
            let source = |this: &mut Self, suffix: &str| {
                let own = with_suffix(&format!("{stem}_{}", method.name), suffix);
                Source {
                    module: &module,
                    full_name: format!("{}.{}", class.name.name, method.name),
                    python_name: format!("{name}.{}", method.name),
                    name: this.methods.take([&*own]),
                    flags: &[],
                    docs: None,
                    owner: None,
                    stem: pascal(&format!("{name} {} {suffix}", method.name)),
                }
            };
            let self_class = Some((Rc::clone(class), arguments.clone()));
            let methods = self.function_methods(&method, self_class.as_ref(), source);
            self.module_methods.extend(methods);
        }
    }

    /// The methods of a class and of those it inherits from, the nearest of each name.
    fn all_methods(&self, class: &Rc<Class>) -> Vec<(Rc<Class>, Vec<Type>, Rc<Function>)> {
        let mut seen = HashSet::new();
        let mut methods = Vec::new();
        for (owner, arguments) in self.library.ancestors(class, &[]) {
            for method in &owner.methods {
                if seen.insert(method.name.clone()) {
                    methods.push((Rc::clone(&owner), arguments.clone(), Rc::clone(method)));
                }
            }
        }
        methods
    }

    /// Writes the members of an item's class.
    pub(super) fn members(
        &mut self,
        id: Id,
        class: &Rc<Class>,
        arguments: &[Type],
        kind: ClassKind,
    ) {
        if let ClassKind::Data(data) = kind
            && self.is_plain_data(class, kind)
        {
            return self.data(id, class, arguments, data);
        }
        let type_name = self.items[id.0].name.clone();
        let mut taken = Taken::default();
        let mut methods = Vec::new();
        for (owner, arguments, method) in self.all_methods(class) {
            self.class_method(
                class,
                &owner,
                &arguments,
                &method,
                &type_name,
                &mut taken,
                &mut methods,
            );
        }
        let mut attributes = Vec::new();
        for (owner, arguments) in self.library.ancestors(class, &[]) {
            for field in owner.fields.iter().chain(&owner.attributes) {
                self.attribute(
                    (class, &owner, &arguments),
                    kind,
                    field,
                    &mut taken,
                    &mut attributes,
                );
            }
        }
        // Attributes first, as a person would declare them.
        attributes.append(&mut methods);
        let mut settings = Vec::new();
        if type_name != class.short_name() {
            settings.push(format!("\"{}\"", class.short_name()));
        }
        if kind == ClassKind::Protocol {
            settings.push("protocol".to_owned());
        }
        self.items[id.0].kind = ItemKind::Handle {
            arguments: settings.join(", "),
            methods: attributes,
        };
    }

    #[allow(clippy::too_many_arguments)] // They are the parts of one thing, used once.
    fn class_method(
        &mut self,
        class: &Rc<Class>,
        owner: &Rc<Class>,
        arguments: &[Type],
        method: &Rc<Function>,
        type_name: &str,
        taken: &mut Taken,
        into: &mut Vec<Method>,
    ) {
        let name = &*method.name;
        let full_name = format!("{}.{name}", class.name.name);
        let module = owner.name.module.clone();
        let line = method.signature().map_or(owner.line, |it| it.line);
        let special = SPECIAL.iter().find(|(special, _)| *special == name);
        if special.is_none() && is_private(name) {
            if OPERATORS.contains(&name) {
                self.summary.skip(&module, line, &full_name, "an operator");
            } else if matches!(name, "__enter__" | "__aenter__") {
                let reason = "the object is a context manager itself";
                self.summary.skip(&module, line, &full_name, reason);
            }
            return;
        }
        let self_class = Some((Rc::clone(class), arguments.to_vec()));
        match method.kind {
            FunctionKind::Static | FunctionKind::Class => {}
            FunctionKind::Property => {
                let owner = (Rc::clone(class), arguments.to_vec());
                self.property(&module, &full_name, &owner, method, type_name, taken, into);
            }
            FunctionKind::Plain => {
                let own = special.map_or(name, |(_, own)| *own);
                let source = |_: &mut Self, suffix: &str| Source {
                    module: &module,
                    full_name: full_name.clone(),
                    python_name: name.to_owned(),
                    name: taken.take([
                        &*with_suffix(own, suffix),
                        &*with_suffix(&format!("call_{own}"), suffix),
                    ]),
                    flags: &[],
                    docs: None,
                    owner: None,
                    stem: format!("{type_name}{}", pascal(&format!("{own} {suffix}"))),
                };
                let mut methods = self.function_methods(method, self_class.as_ref(), source);
                if name == "__len__" {
                    for method in &mut methods {
                        method.result = Rust::Length;
                    }
                }
                into.append(&mut methods);
            }
        }
    }
}

fn nothing(class: &Class) -> Resolved {
    Resolved {
        parameters: Vec::new(),
        returns: Type::None,
        is_async: false,
        line: class.line,
    }
}

fn pascal_or_empty(suffix: &str) -> String {
    if suffix.is_empty() {
        String::new()
    } else {
        pascal(suffix)
    }
}

/// Methods that operators call.
const OPERATORS: &[&str] = &[
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__rtruediv__",
    "__floordiv__",
    "__mod__",
    "__pow__",
    "__matmul__",
    "__and__",
    "__or__",
    "__xor__",
    "__neg__",
    "__pos__",
    "__abs__",
    "__invert__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__lshift__",
    "__rshift__",
    "__iadd__",
    "__isub__",
    "__imul__",
];
