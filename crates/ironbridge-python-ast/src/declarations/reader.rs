//! Reads a module: its text to the names that it binds.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::conditions::branches;
use super::docstring;
use super::hint::QualifiedName;
use super::hints;
use super::model::{
    Alias, Constant, Declaration, Entry, Function, Import, Module, NewType, TypeVariable,
};
use super::names::Names;
use crate::diagnostic::Diagnostic;
use crate::parse::parse_module;

/// Walks over the statements of one module.
pub(super) struct Reader<'s> {
    pub(super) source: &'s str,
    pub(super) names: Names,
    pub(super) is_stub: bool,
    pub(super) line_starts: Vec<usize>,
    module: Module,
}

impl Module {
    /// Reads a module's text.
    ///
    /// # Errors
    ///
    /// The syntax errors, in order of place.
    ///
    /// ```
    /// use ironbridge_python_ast::declarations::{Declaration, Module};
    ///
    /// let source = "def embed(text: str) -> list[float]: ...";
    /// let module = Module::read("embedders", "embedders.pyi".as_ref(), source).unwrap();
    /// assert!(matches!(module.entries[0].declaration, Declaration::Function(_)));
    /// ```
    pub fn read(name: &str, path: &Path, source: &str) -> Result<Self, Vec<Diagnostic>> {
        let parsed = parse_module(source)?;
        let is_package = path.file_stem().is_some_and(|stem| stem == "__init__");
        let body = &parsed.syntax().body;
        let mut reader = Reader {
            source,
            names: Names::of(name, is_package, body),
            is_stub: path.extension().is_some_and(|extension| extension == "pyi"),
            line_starts: line_starts(source),
            module: Module {
                name: name.to_owned(),
                path: path.to_owned(),
                is_package,
                is_stub: path.extension().is_some_and(|extension| extension == "pyi"),
                docs: docstring::of_body(body),
                all: None,
                entries: Vec::new(),
                star_imports: Vec::new(),
                index: HashMap::new(),
            },
        };
        reader.body(body, false);
        Ok(reader.module)
    }
}

fn line_starts(source: &str) -> Vec<usize> {
    let breaks = source.match_indices('\n').map(|(offset, _)| offset + 1);
    std::iter::once(0).chain(breaks).collect()
}

impl Reader<'_> {
    fn body(&mut self, body: &[Stmt], keep_first: bool) {
        for (number, statement) in body.iter().enumerate() {
            let docs = body.get(number + 1).and_then(docstring::of_statement);
            self.statement(statement, docs, keep_first);
        }
    }

    fn bind(&mut self, name: &str, declaration: Declaration, range: impl Ranged, keep: bool) {
        let entry = Entry {
            name: name.to_owned(),
            declaration,
            line: self.line(range.range()),
        };
        match self.module.index.get(name) {
            Some(_) if keep => {}
            Some(index) => self.module.entries[*index] = entry,
            None => {
                let index = self.module.entries.len();
                self.module.index.insert(name.to_owned(), index);
                self.module.entries.push(entry);
            }
        }
    }

    fn bound_function(&self, name: &str) -> Option<Rc<Function>> {
        match &self.module.get(name)?.declaration {
            Declaration::Function(function) => Some(Rc::clone(function)),
            _ => None,
        }
    }

    fn statement(&mut self, statement: &Stmt, docs: Option<String>, keep: bool) {
        match statement {
            Stmt::FunctionDef(definition) => {
                let name = definition.name.as_str();
                let earlier = self.bound_function(name);
                // Overloads come one after the other, in alternatives as well.
                let goes_on = earlier
                    .as_ref()
                    .is_some_and(|it| it.implementation.is_none());
                if let Some(function) = self.function(definition, false, earlier.as_deref()) {
                    let declaration = Declaration::Function(Rc::new(function));
                    self.bind(name, declaration, &definition.name, keep && !goes_on);
                }
            }
            Stmt::ClassDef(definition) => {
                let class = Rc::new(self.class(definition));
                let declaration = Declaration::Class(class);
                self.bind(
                    definition.name.as_str(),
                    declaration,
                    &definition.name,
                    keep,
                );
            }
            Stmt::TypeAlias(alias) => self.type_alias(alias, keep),
            Stmt::AnnAssign(assign) => self.annotated(assign, docs, keep),
            Stmt::Assign(assign) => {
                if let [Expr::Name(name)] = &*assign.targets {
                    self.assigned(name, &assign.value, docs, keep);
                }
            }
            Stmt::AugAssign(assign) => {
                if is_all(&assign.target)
                    && let (Some(all), Some(more)) =
                        (&mut self.module.all, string_list(&assign.value))
                {
                    all.extend(more);
                }
            }
            Stmt::Expr(expression) => self.extend_all(&expression.value),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let first = module.split('.').next().unwrap_or_default();
                    let (name, module) = match &alias.asname {
                        Some(asname) => (asname.as_str(), module),
                        None => (first, first),
                    };
                    self.bind(name, Declaration::Module(module.to_owned()), alias, keep);
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import, keep),
            _ => {
                let Some(branches) = branches(statement) else {
                    return;
                };
                for (number, body) in branches.bodies.into_iter().enumerate() {
                    self.body(body, keep || (branches.is_alternative && number > 0));
                }
            }
        }
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom, keep: bool) {
        let module = self.names.absolute(import);
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.module.star_imports.push(module.clone());
                continue;
            }
            let bound = alias.asname.as_ref();
            let declaration = Declaration::Import(Import {
                source: QualifiedName::new(&*module, name),
                is_reexport: bound.is_some_and(|bound| bound.as_str() == name),
                is_relative: import.level > 0,
            });
            let bound = bound.unwrap_or(&alias.name);
            self.bind(bound.as_str(), declaration, alias, keep);
        }
    }

    fn type_alias(&mut self, alias: &ast::StmtTypeAlias, keep: bool) {
        let Expr::Name(name) = &*alias.name else {
            return;
        };
        let parameters = alias.type_params.as_deref();
        self.names.open_type_parameters(parameters);
        let declaration = Alias {
            name: QualifiedName::new(&*self.names.module, name.id.as_str()),
            type_parameters: hints::type_parameters(&self.names, self.source, parameters),
            hint: self.hint(&alias.value),
            is_implicit: false,
        };
        self.names.close_type_parameters();
        let declaration = Declaration::Alias(Rc::new(declaration));
        self.bind(name.id.as_str(), declaration, name, keep);
    }

    fn annotated(&mut self, assign: &ast::StmtAnnAssign, docs: Option<String>, keep: bool) {
        let Expr::Name(target) = &*assign.target else {
            return;
        };
        let name = target.id.as_str();
        if is_all(&assign.target) {
            self.module.all = assign.value.as_deref().and_then(string_list);
            return;
        }
        let hint = self.hint(&assign.annotation);
        let is_alias = hint.name().is_some_and(|name| {
            name.name == "TypeAlias" && matches!(&*name.module, "typing" | "typing_extensions")
        });
        let declaration = match (is_alias, assign.value.as_deref()) {
            (true, Some(value)) => Declaration::Alias(Rc::new(Alias {
                name: QualifiedName::new(&*self.names.module, name),
                type_parameters: Vec::new(),
                hint: self.hint(value),
                is_implicit: false,
            })),
            (_, value) => Declaration::Constant(Rc::new(Constant {
                hint: Some(hint),
                literal: value.and_then(hints::literal),
                value: value.map(|value| hints::text(self.source, value)),
                docs,
            })),
        };
        self.bind(name, declaration, target, keep);
    }

    fn assigned(&mut self, target: &ast::ExprName, value: &Expr, docs: Option<String>, keep: bool) {
        let name = target.id.as_str();
        if name == "__all__" {
            self.module.all = string_list(value);
            return;
        }
        let full_name = QualifiedName::new(&*self.names.module, name);
        if let Expr::Call(call) = value
            && let Some(declaration) = self.called(&full_name, call)
        {
            self.bind(name, declaration, target, keep);
            return;
        }
        let declaration = if hints::may_be_type(value) {
            Declaration::Alias(Rc::new(Alias {
                name: full_name,
                type_parameters: Vec::new(),
                hint: self.hint(value),
                is_implicit: true,
            }))
        } else {
            let literal = hints::literal(value);
            Declaration::Constant(Rc::new(Constant {
                hint: literal.as_ref().and_then(hints::hint_of_literal),
                literal,
                value: Some(hints::text(self.source, value)),
                docs,
            }))
        };
        self.bind(name, declaration, target, keep);
    }

    /// What a call declares: `NewType`, `TypeVar`, the functional forms of classes.
    fn called(&mut self, name: &QualifiedName, call: &ast::ExprCall) -> Option<Declaration> {
        let function = self.names.qualify(&call.func)?;
        let arguments = &call.arguments;
        match &*function.name {
            "NewType" => Some(Declaration::NewType(Rc::new(NewType {
                name: name.clone(),
                hint: self.hint(arguments.find_argument_value("tp", 1)?),
                line: self.line(call.range()),
            }))),
            "TypeVar" | "ParamSpec" | "TypeVarTuple" => {
                let keyword = |name: &str| arguments.find_keyword(name).map(|it| &it.value);
                Some(Declaration::TypeVariable(Rc::new(TypeVariable {
                    name: name.name.clone(),
                    bound: keyword("bound").map(|it| self.hint(it)),
                    constraints: arguments
                        .args
                        .iter()
                        .skip(1)
                        .map(|it| self.hint(it))
                        .collect(),
                    default: keyword("default").map(|it| self.hint(it)),
                })))
            }
            _ => self.functional_class(name, &function, call),
        }
    }

    /// `__all__.extend([…])` and `__all__.append("…")`.
    fn extend_all(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else {
            return;
        };
        let Expr::Attribute(method) = &*call.func else {
            return;
        };
        let (true, Some(all), [argument]) = (
            is_all(&method.value),
            &mut self.module.all,
            &*call.arguments.args,
        ) else {
            return;
        };
        match argument {
            Expr::StringLiteral(name) => all.push(name.value.to_str().to_owned()),
            other => all.extend(string_list(other).unwrap_or_default()),
        }
    }
}

fn is_all(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "__all__")
}

/// The strings of a list or tuple, and of several that are added.
fn string_list(expression: &Expr) -> Option<Vec<String>> {
    let elements = match expression {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::BinOp(operation) => {
            let mut names = string_list(&operation.left)?;
            names.extend(string_list(&operation.right)?);
            return Some(names);
        }
        _ => return None,
    };
    let strings = elements.iter().filter_map(|element| match element {
        Expr::StringLiteral(string) => Some(string.value.to_str().to_owned()),
        _ => None,
    });
    Some(strings.collect())
}
