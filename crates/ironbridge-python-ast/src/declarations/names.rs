//! The names of a module, before anything that it declares is looked at: hints may use what is defined further down.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{self as ast, Expr, Stmt};

use super::conditions::branches;
use super::hint::QualifiedName;

/// What a name of a module refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bound {
    /// Defined in the module.
    Here,
    /// `from m import n`.
    Imported(QualifiedName),
    /// `import m`.
    Module(String),
}

/// The names of one module, and the scopes that are open around the place that is read.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) module: String,
    pub(super) is_package: bool,
    bound: HashMap<String, Bound>,
    /// The type parameters of PEP 695 in scope, innermost last.
    type_parameters: Vec<Vec<String>>,
    /// The classes around the place, with the names of the classes nested in them.
    classes: Vec<(String, HashSet<String>)>,
}

impl Names {
    pub(super) fn of(module: &str, is_package: bool, body: &[Stmt]) -> Self {
        let mut names = Self {
            module: module.to_owned(),
            is_package,
            bound: HashMap::new(),
            type_parameters: Vec::new(),
            classes: Vec::new(),
        };
        names.collect(body);
        names
    }

    fn bind(&mut self, name: &str, bound: Bound) {
        self.bound.insert(name.to_owned(), bound);
    }

    fn collect(&mut self, body: &[Stmt]) {
        for statement in body {
            match statement {
                Stmt::FunctionDef(function) => self.bind(function.name.as_str(), Bound::Here),
                Stmt::ClassDef(class) => self.bind(class.name.as_str(), Bound::Here),
                Stmt::TypeAlias(alias) => self.bind_target(&alias.name),
                Stmt::AnnAssign(assign) => self.bind_target(&assign.target),
                Stmt::Assign(assign) => {
                    for target in &assign.targets {
                        self.bind_target(target);
                    }
                }
                Stmt::Import(import) => self.import(import),
                Stmt::ImportFrom(import) => {
                    let module = self.absolute(import);
                    for alias in &import.names {
                        if alias.name.as_str() != "*" {
                            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                            let source = QualifiedName::new(&*module, alias.name.as_str());
                            self.bind(bound.as_str(), Bound::Imported(source));
                        }
                    }
                }
                _ => {
                    // Of alternatives the first counts, so it comes last here.
                    let bodies = branches(statement).map(|it| it.bodies);
                    for body in bodies.into_iter().flatten().rev() {
                        self.collect(body);
                    }
                }
            }
        }
    }

    fn bind_target(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), Bound::Here),
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .for_each(|target| self.bind_target(target)),
            _ => {}
        }
    }

    fn import(&mut self, import: &ast::StmtImport) {
        for alias in &import.names {
            let module = alias.name.as_str();
            if let Some(asname) = &alias.asname {
                self.bind(asname.as_str(), Bound::Module(module.to_owned()));
            } else {
                let first = module.split('.').next().unwrap_or_default();
                self.bind(first, Bound::Module(first.to_owned()));
            }
        }
    }

    /// The dotted name of the module that a `from … import` names.
    pub(super) fn absolute(&self, import: &ast::StmtImportFrom) -> String {
        let named = import.module.as_ref().map_or("", |module| module.as_str());
        if import.level == 0 {
            return named.to_owned();
        }
        let mut parts: Vec<&str> = self.module.split('.').collect();
        let up = (import.level as usize).saturating_sub(usize::from(self.is_package));
        parts.truncate(parts.len().saturating_sub(up));
        if !named.is_empty() {
            parts.push(named);
        }
        parts.join(".")
    }

    /// The full name of a dotted expression.
    pub(super) fn qualify(&self, expression: &Expr) -> Option<QualifiedName> {
        match expression {
            Expr::Name(name) => Some(self.qualify_name(name.id.as_str())),
            Expr::Attribute(attribute) => {
                let attr = attribute.attr.as_str();
                if let Expr::Name(name) = &*attribute.value
                    && let Some(Bound::Module(module)) = self.bound.get(name.id.as_str())
                {
                    return Some(QualifiedName::new(&**module, attr));
                }
                let base = self.qualify(&attribute.value)?;
                Some(QualifiedName::new(
                    base.module,
                    format!("{}.{attr}", base.name),
                ))
            }
            _ => None,
        }
    }

    fn qualify_name(&self, name: &str) -> QualifiedName {
        for (class, nested) in self.classes.iter().rev() {
            if nested.contains(name) {
                return QualifiedName::new(&*self.module, format!("{class}.{name}"));
            }
        }
        match self.bound.get(name) {
            Some(Bound::Imported(source)) => source.clone(),
            Some(Bound::Module(module)) => match module.rsplit_once('.') {
                Some((package, last)) => QualifiedName::new(package, last),
                None => QualifiedName::new(&**module, ""),
            },
            None if BUILTINS.contains(&name) => QualifiedName::new("builtins", name),
            // What is not bound may come from a star import; whoever looks it up will see.
            Some(Bound::Here) | None => QualifiedName::new(&*self.module, name),
        }
    }

    /// Whether the name is a type parameter in scope.
    pub(super) fn is_type_parameter(&self, name: &str) -> bool {
        self.type_parameters
            .iter()
            .flatten()
            .any(|parameter| parameter == name)
    }

    pub(super) fn open_type_parameters(&mut self, parameters: Option<&ast::TypeParams>) {
        let names = parameters
            .into_iter()
            .flat_map(|parameters| parameters.type_params.iter())
            .map(|parameter| parameter.name().as_str().to_owned());
        self.type_parameters.push(names.collect());
    }

    pub(super) fn close_type_parameters(&mut self) {
        self.type_parameters.pop();
    }

    pub(super) fn open_class(&mut self, name: &str, body: &[Stmt]) {
        let mut nested = HashSet::new();
        nested_classes(body, &mut nested);
        self.classes.push((name.to_owned(), nested));
    }

    pub(super) fn close_class(&mut self) {
        self.classes.pop();
    }

    /// The name of a class defined here, with those around it.
    pub(super) fn nest(&self, name: &str) -> String {
        match self.classes.last() {
            Some((outer, _)) => format!("{outer}.{name}"),
            None => name.to_owned(),
        }
    }
}

fn nested_classes(body: &[Stmt], into: &mut HashSet<String>) {
    for statement in body {
        if let Stmt::ClassDef(class) = statement {
            into.insert(class.name.as_str().to_owned());
        } else if let Some(branches) = branches(statement) {
            for body in branches.bodies {
                nested_classes(body, into);
            }
        }
    }
}

/// The built-in names that a hint, a base or a decorator may be.
const BUILTINS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionError",
    "DeprecationWarning",
    "EOFError",
    "Exception",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FutureWarning",
    "IOError",
    "ImportError",
    "IndexError",
    "InterruptedError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "bool",
    "bytearray",
    "bytes",
    "classmethod",
    "complex",
    "dict",
    "enumerate",
    "filter",
    "float",
    "frozenset",
    "int",
    "list",
    "map",
    "memoryview",
    "object",
    "property",
    "range",
    "reversed",
    "set",
    "slice",
    "staticmethod",
    "str",
    "super",
    "tuple",
    "type",
    "zip",
];
