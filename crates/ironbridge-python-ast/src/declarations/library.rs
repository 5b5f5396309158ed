//! Finds modules on disk, reads each once, and follows names from one to the other.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::files::{file_of, find_file, init_of, is_environment, read, root_and_name};
use super::hint::{Hint, QualifiedName};
use super::model::{Alias, Class, Constant, Declaration, Function, Module, NewType, TypeVariable};
use super::special::{Special, special};
use crate::diagnostic::Diagnostic;

/// How many imports and aliases may lead to one another.
const HOPS: usize = 32;

/// A directory in which modules lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The directory.
    pub directory: PathBuf,
    /// Whether all modules in it belong together, as those of one project do, and not as those of an environment.
    pub is_project: bool,
}

/// Modules, read as they are needed.
#[derive(Debug)]
pub struct Library {
    roots: Vec<Root>,
    target: Rc<Module>,
    modules: RefCell<HashMap<String, Option<Rc<Module>>>>,
    files: RefCell<BTreeSet<PathBuf>>,
    /// The top packages whose classes count as the target's own.
    own: RefCell<BTreeSet<String>>,
    /// Which top packages lie in a project's directory, as far as that was asked.
    in_project: RefCell<HashMap<String, bool>>,
}

/// What a name leads to.
#[derive(Debug, Clone)]
pub enum Found {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    Special(Special),
    /// A class.
    Class(Rc<Class>),
    /// A function.
    Function(Rc<Function>),
    /// An alias of a type.
    Alias(Rc<Alias>),
    /// A new type.
    NewType(Rc<NewType>),
    /// A type variable.
    TypeVariable(Rc<TypeVariable>),
    /// A variable.
    Constant(Rc<Constant>),
    /// A module.
    Module(String),
    /// A name of a module that is not here.
    Outside(QualifiedName),
    /// A name that its module does not have.
    Missing(QualifiedName),
}

/// Why a module could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// There is no such module: what was asked, and where it was looked for.
    NotFound(String, Vec<PathBuf>),
    /// The file cannot be read.
    Io(PathBuf, std::io::Error),
    /// The file is no Python.
    Syntax {
        /// The file.
        path: PathBuf,
        /// Its text.
        source: String,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(name, places) => {
                write!(f, "no Python module `{name}`; looked in:")?;
                if places.is_empty() {
                    f.write_str(" nowhere, as no directory was given")?;
                }
                for place in places {
                    write!(f, "\n  {}", place.display())?;
                }
                Ok(())
            }
            Self::Io(path, error) => write!(f, "{} cannot be read: {error}", path.display()),
            Self::Syntax {
                path,
                source,
                diagnostics,
            } => {
                for (number, diagnostic) in diagnostics.iter().enumerate() {
                    if number > 0 {
                        f.write_str("\n")?;
                    }
                    let place = crate::line_column(source, diagnostic.range.start);
                    let (line, column) = (place.line, place.column);
                    write!(
                        f,
                        "{}:{line}:{column}: {}",
                        path.display(),
                        diagnostic.message
                    )?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

impl Library {
    /// Opens a file (`module.py`, `module.pyi`) or the directory of a package. A `.pyi` beside a `.py` is preferred.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let absolute =
            std::path::absolute(path).map_err(|error| ReadError::Io(path.to_owned(), error))?;
        let file = if absolute.is_dir() {
            init_of(&absolute).ok_or_else(|| {
                let asked = path.display().to_string();
                ReadError::NotFound(asked, vec![absolute.join("__init__.py")])
            })?
        } else {
            let stub = absolute.with_extension("pyi");
            if stub.is_file() { stub } else { absolute }
        };
        let (root, name) = root_and_name(&file);
        let is_project = !is_environment(&root);
        let roots = vec![Root {
            directory: root,
            is_project,
        }];
        Self::with_target(roots, &name, &file)
    }

    /// Finds a module by its dotted name in directories, the first that has it.
    pub fn find_module(name: &str, directories: &[PathBuf]) -> Result<Self, ReadError> {
        let roots: Vec<Root> = directories
            .iter()
            .map(|directory| Root {
                is_project: !is_environment(directory),
                directory: directory.clone(),
            })
            .collect();
        let file = file_of(&roots, name)
            .ok_or_else(|| ReadError::NotFound(name.to_owned(), directories.to_vec()))?;
        Self::with_target(roots, name, &file)
    }

    /// A library of one module that is already read.
    pub fn of_module(module: Module) -> Self {
        Self::new(Vec::new(), module)
    }

    fn with_target(roots: Vec<Root>, name: &str, file: &Path) -> Result<Self, ReadError> {
        let module = read(name, file)?;
        Ok(Self::new(roots, module))
    }

    fn new(roots: Vec<Root>, module: Module) -> Self {
        let target = Rc::new(module);
        let library = Self {
            roots,
            modules: RefCell::default(),
            files: RefCell::new(BTreeSet::from([target.path.clone()])),
            own: RefCell::new(BTreeSet::from([top(&target.name).to_owned()])),
            in_project: RefCell::default(),
            target: Rc::clone(&target),
        };
        library
            .modules
            .borrow_mut()
            .insert(target.name.clone(), Some(target));
        library
    }

    /// The module that was asked for.
    pub fn target(&self) -> &Rc<Module> {
        &self.target
    }

    /// The files that were read so far, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.borrow().iter().cloned().collect()
    }

    /// Counts the classes of a module's top package as the target's own: the target re-exports them.
    pub fn adopt(&self, module: &str) {
        self.own.borrow_mut().insert(top(module).to_owned());
    }

    /// Whether the classes of a module are the target's own.
    pub fn is_own(&self, module: &str) -> bool {
        if self.own.borrow().contains(top(module)) {
            return true;
        }
        let top = top(module);
        if let Some(known) = self.in_project.borrow().get(top) {
            return *known;
        }
        let is_there = self
            .roots
            .iter()
            .any(|root| root.is_project && find_file(&root.directory, top).is_some());
        self.in_project
            .borrow_mut()
            .insert(top.to_owned(), is_there);
        is_there
    }

    /// A module by its dotted name, if it is there and is Python.
    pub fn module(&self, name: &str) -> Option<Rc<Module>> {
        if let Some(module) = self.modules.borrow().get(name) {
            return module.clone();
        }
        let module = file_of(&self.roots, name).and_then(|file| {
            self.files.borrow_mut().insert(file.clone());
            read(name, &file).ok().map(Rc::new)
        });
        self.modules
            .borrow_mut()
            .insert(name.to_owned(), module.clone());
        module
    }

    /// Follows a name through imports, re-exports, star imports and plain aliases.
    pub fn find(&self, name: &QualifiedName) -> Found {
        let mut name = name.clone();
        for _ in 0..HOPS {
            let full = full_name(&name);
            let is_target = self.target.name == name.module
                && !matches!(&*name.module, "builtins" | "typing" | "collections");
            if let Some(special) = special(&full).filter(|_| !is_target) {
                return Found::Special(special);
            }
            if name.name.is_empty() {
                return Found::Module(name.module);
            }
            match self.step(&name) {
                Step::Found(found) => return found,
                Step::Next(next) => name = next,
            }
        }
        Found::Missing(name)
    }

    fn step(&self, name: &QualifiedName) -> Step {
        let Some(module) = self.module(&name.module) else {
            return Step::Found(Found::Outside(name.clone()));
        };
        let (first, rest) = match name.name.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (&*name.name, None),
        };
        let with_rest = |source: &QualifiedName| match rest {
            Some(rest) => QualifiedName::new(&*source.module, format!("{}.{rest}", source.name)),
            None => source.clone(),
        };
        let Some(entry) = module.get(first) else {
            return self.by_star_or_submodule(&module, name, first, rest);
        };
        match &entry.declaration {
            // `from . import sub` in the package itself.
            Declaration::Import(import)
                if import.source.module == module.name && import.source.name == first =>
            {
                self.by_star_or_submodule(&module, name, first, rest)
            }
            Declaration::Import(import) => Step::Next(with_rest(&import.source)),
            Declaration::Module(module) => {
                Step::Next(QualifiedName::new(&**module, rest.unwrap_or_default()))
            }
            Declaration::Class(class) => match rest {
                None => Step::Found(Found::Class(Rc::clone(class))),
                Some(rest) => Step::Found(match nested(class, rest) {
                    Some(class) => Found::Class(class),
                    None => Found::Missing(name.clone()),
                }),
            },
            Declaration::Alias(alias) => match &alias.hint {
                // Another name for the same thing.
                Hint::Name(source) if alias.is_implicit && *source != alias.name => {
                    Step::Next(with_rest(source))
                }
                _ => Step::Found(Found::Alias(Rc::clone(alias))),
            },
            Declaration::Function(it) => Step::Found(Found::Function(Rc::clone(it))),
            Declaration::NewType(it) => Step::Found(Found::NewType(Rc::clone(it))),
            Declaration::TypeVariable(it) => Step::Found(Found::TypeVariable(Rc::clone(it))),
            Declaration::Constant(it) => Step::Found(Found::Constant(Rc::clone(it))),
        }
    }

    fn by_star_or_submodule(
        &self,
        module: &Module,
        name: &QualifiedName,
        first: &str,
        rest: Option<&str>,
    ) -> Step {
        for source in module.star_imports.iter().rev() {
            if self.has_name(source, first, HOPS) {
                return Step::Next(QualifiedName::new(&**source, &*name.name));
            }
        }
        let submodule = format!("{}.{first}", module.name);
        if self.module(&submodule).is_some() {
            return Step::Next(QualifiedName::new(submodule, rest.unwrap_or_default()));
        }
        Step::Found(Found::Missing(name.clone()))
    }

    fn has_name(&self, module: &str, name: &str, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        self.module(module).is_some_and(|module| {
            module.get(name).is_some()
                || module
                    .star_imports
                    .iter()
                    .any(|source| self.has_name(source, name, depth))
        })
    }

    /// The public names of a module, in order: `__all__` where it is there; otherwise what it defines, what it imports to
    /// export, and what a package's `__init__` imports from the package.
    pub fn exports(&self, module: &Module) -> Vec<String> {
        let mut names = Vec::new();
        self.collect_exports(module, HOPS, &mut names);
        names
    }

    fn collect_exports(&self, module: &Module, depth: usize, into: &mut Vec<String>) {
        let mut add = |name: &str| {
            if !into.iter().any(|known| known == name) {
                into.push(name.to_owned());
            }
        };
        if let Some(all) = &module.all {
            return all.iter().for_each(|name| add(name));
        }
        for entry in &module.entries {
            let is_exported = match &entry.declaration {
                Declaration::Import(import) => {
                    import.is_reexport
                        || (import.is_relative && module.is_package && !module.is_stub)
                }
                Declaration::Module(_) => false,
                _ => true,
            };
            if is_exported && !entry.name.starts_with('_') {
                add(&entry.name);
            }
        }
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        for source in &module.star_imports {
            if let Some(source) = self.module(source) {
                self.collect_exports(&source, depth, into);
            }
        }
    }
}

enum Step {
    Found(Found),
    Next(QualifiedName),
}

fn full_name(name: &QualifiedName) -> String {
    format!("{}.{}", name.module, name.name)
}

fn top(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

fn nested(class: &Rc<Class>, path: &str) -> Option<Rc<Class>> {
    path.split('.').try_fold(Rc::clone(class), |class, name| {
        let found = class.classes.iter().find(|it| it.short_name() == name);
        found.map(Rc::clone)
    })
}
