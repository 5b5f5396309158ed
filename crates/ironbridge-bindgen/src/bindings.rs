//! The builder, and what it gives.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use ironbridge_python_ast::declarations::Library;

use crate::error::Error;
use crate::layout::{Laid, layout};
use crate::plan::{Plan, Planner};
use crate::summary::Summary;

/// Written bindings.
#[derive(Debug, Clone)]
pub struct Bindings {
    /// The Rust source of a file of its own.
    pub code: String,
    /// How much could be expressed.
    pub summary: Summary,
    /// The Python files that were read.
    pub files: Vec<PathBuf>,
    included: String,
}

impl Bindings {
    /// Bindings of a file (`module.py`, `module.pyi`) or of the directory of a package.
    ///
    /// ```
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("shop.py");
    /// # std::fs::write(&path, "def price(item: str, *, gross: bool = True) -> float: ...").unwrap();
    /// use ironbridge_bindgen::Bindings;
    ///
    /// let bindings = Bindings::of(&path).generate()?;
    /// assert!(bindings.code.contains("pub trait Shop {"));
    /// assert_eq!(bindings.summary.typed, 1);
    /// # Ok::<(), ironbridge_bindgen::Error>(())
    /// ```
    pub fn of(path: impl Into<PathBuf>) -> Builder {
        Builder::new(Source::Path(path.into()))
    }

    /// Bindings of a module by its dotted name, in the first of the directories that has it.
    pub fn of_module(
        name: impl Into<String>,
        directories: impl IntoIterator<Item = impl Into<PathBuf>>,
    ) -> Builder {
        let directories = directories.into_iter().map(Into::into).collect();
        Builder::new(Source::Name(name.into(), directories))
    }

    /// The Rust source for `include!`, which takes no attributes of the file.
    pub fn for_include(&self) -> &str {
        &self.included
    }

    /// Writes the file, if it is not there or differs.
    pub fn write_to(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        write(path.as_ref(), &self.code)
    }

    /// For build scripts: writes a file for `include!` into `OUT_DIR`, and tells Cargo which Python files it depends on.
    ///
    /// # Errors
    ///
    /// The file cannot be written; or this is no build script.
    #[allow(clippy::print_stdout, reason = "this is how Cargo is told")]
    pub fn write_to_out_dir(&self, name: &str) -> Result<(), Error> {
        let directory = std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?;
        for line in self.cargo_lines() {
            println!("{line}");
        }
        write(&Path::new(&directory).join(name), &self.included)
    }

    /// The lines that tell Cargo which Python files the bindings depend on.
    pub fn cargo_lines(&self) -> Vec<String> {
        let files = self.files.iter();
        files
            .map(|file| format!("cargo::rerun-if-changed={}", file.display()))
            .collect()
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    if std::fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| Error::Write(path.to_owned(), error))
}

/// What bindings are made from.
#[derive(Debug, Clone)]
enum Source {
    Path(PathBuf),
    Name(String, Vec<PathBuf>),
}

/// Settings of bindings.
#[derive(Debug, Clone)]
pub struct Builder {
    source: Source,
    only: Vec<String>,
    module: Option<String>,
}

impl Builder {
    fn new(source: Source) -> Self {
        Self {
            source,
            only: Vec::new(),
            module: None,
        }
    }

    /// Only these names of the module, and the types that they need. Without, all public ones.
    #[must_use]
    pub fn only(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only.extend(names.into_iter().map(Into::into));
        self
    }

    /// The name by which the program imports the module, where it is not the one that the place of the file says.
    #[must_use]
    pub fn module(mut self, name: impl Into<String>) -> Self {
        self.module = Some(name.into());
        self
    }

    /// Reads the module and writes its bindings.
    ///
    /// # Errors
    ///
    /// The module is not found or is no Python; a name of [`only`](Self::only) is not there.
    pub fn generate(self) -> Result<Bindings, Error> {
        let library = match &self.source {
            Source::Path(path) => Library::open(path)?,
            Source::Name(name, directories) => Library::find_module(name, directories)?,
        };
        let name = self.module.unwrap_or_else(|| library.target().name.clone());
        let plan = Planner::new(&library).plan(&self.only, &name);
        let plan = plan.map_err(|unknown| Error::UnknownName {
            name: unknown.name,
            module: name.clone(),
            exports: unknown.exports,
        })?;
        let Plan {
            module,
            items,
            summary,
        } = plan;
        let laid = layout(&module, &items);
        let head = head(&name, &laid);
        let body = format!("{}{}", laid.imports(), laid.body);
        Ok(Bindings {
            code: format!("{head}\n#![allow(dead_code, clippy::all, clippy::pedantic)]\n\n{body}"),
            included: format!("{head}\n{body}"),
            summary,
            files: library.files(),
        })
    }
}

fn head(module: &str, laid: &Laid) -> String {
    let mut head = format!(
        "// Written by `cargo ironbridge bindgen` from the type hints of the Python module `{module}`.\n\
         // Where these change, run it again.\n"
    );
    if !laid.uses.features.is_empty() {
        let features: Vec<String> = laid
            .uses
            .features
            .iter()
            .map(|it| format!("`{it}`"))
            .collect();
        let word = if features.len() == 1 {
            "feature"
        } else {
            "features"
        };
        let _ = writeln!(
            head,
            "// It needs the {word} {} of ironbridge.",
            features.join(", ")
        );
    }
    head
}
