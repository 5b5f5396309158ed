//! Environments that are made when they are missing.
//!
//! Each has a directory named by a hash of what is in it and of the interpreter. It is made in a directory beside,
//! `<hash>.partial-<process>`, then renamed into its place; a file lock, `<hash>.lock`, lets one process build while
//! others wait. A directory in its place is therefore whole. The absolute paths that scripts have in them are mended
//! before the rename; compiled files, which have them too, are made after it.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::installer::{Packages, Tool, clean};
use super::layout::{executable_of, scripts_of, site_packages};
use super::progress::Reporter;
use super::{Environment, Installer, Progress, Source};
use crate::Result;
use crate::error::{Error, Report};

/// Says in a made environment what it was made of.
const RECORD: &str = "ironbridge.json";

/// What a managed environment is to hold, and how it is made. See [`Environment::managed_builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is made before `create`"]
pub struct ManagedEnvironment {
    requirements: Vec<String>,
    without_dependencies: Vec<String>,
    files: Vec<RequirementsFile>,
    python: Option<PathBuf>,
    index_url: Option<String>,
    cache_directory: Option<PathBuf>,
    installer: Installer,
    progress: Progress,
    source: Option<Source>,
}

/// A requirements file, with what it and its includes said when it was read.
#[derive(Debug, Clone)]
pub(super) struct RequirementsFile {
    pub(super) path: PathBuf,
    pub(super) content: String,
}

impl ManagedEnvironment {
    /// Adds a requirement, as `pip install` takes it: `"numpy"`, `"idna>=3"`.
    pub fn requirement(mut self, requirement: impl Into<String>) -> Self {
        self.requirements.push(requirement.into());
        self
    }

    /// Adds requirements.
    pub fn requirements<R: Into<String>>(
        mut self,
        requirements: impl IntoIterator<Item = R>,
    ) -> Self {
        self.requirements
            .extend(requirements.into_iter().map(Into::into));
        self
    }

    /// Adds packages that are installed without what they depend on.
    pub fn without_dependencies<R: Into<String>>(
        mut self,
        requirements: impl IntoIterator<Item = R>,
    ) -> Self {
        self.without_dependencies
            .extend(requirements.into_iter().map(Into::into));
        self
    }

    /// The Python to make it from; by default the linked one.
    pub fn python(mut self, executable: impl Into<PathBuf>) -> Self {
        self.python = Some(executable.into());
        self
    }

    /// The package index; by default what pip or uv are configured to use.
    pub fn index_url(mut self, url: impl Into<String>) -> Self {
        self.index_url = Some(url.into());
        self
    }

    /// The directory that environments are kept in; by default `environments` in `$IRONBRIDGE_CACHE`, or else in `ironbridge`
    /// of the user's cache directory.
    pub fn cache_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache_directory = Some(directory.into());
        self
    }

    /// What makes it; by default `uv` where it is found, else `venv` and `pip`.
    pub fn installer(mut self, installer: Installer) -> Self {
        self.installer = installer;
        self
    }

    /// Whether a person is told; by default on standard error.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    pub(super) fn file(mut self, file: RequirementsFile) -> Self {
        self.files.push(file);
        self
    }

    pub(super) fn source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// The environment, made if it is missing or damaged.
    ///
    /// Blocks while it is made, by this process or another.
    ///
    /// # Errors
    ///
    /// It could not be made. Nothing half-made stays.
    pub fn create(self) -> Result<Environment> {
        let base = match &self.python {
            Some(python) => Environment::at(python)?,
            None => Environment::linked()?,
        };
        base.check_linked_version()?;
        let cache = self.cache()?;
        let record = self.record(&base);
        let key = key_of(&record);
        let prefix = cache.join(&key);
        if !is_ready(&prefix, &record) {
            fs::create_dir_all(&cache)
                .map_err(|error| cannot("make the directory", &cache, error))?;
            let _lock = lock(&cache.join(format!("{key}.lock")), self.progress)?;
            // Another process may have made it while this one waited.
            if !is_ready(&prefix, &record) {
                self.make(base.executable(), &cache, &key, &record)?;
            }
        }
        let mut environment = Environment::at(&prefix)?;
        environment.source = self.source.unwrap_or(Source::Managed);
        environment.looked_at = vec![format!("managed environment: {}", prefix.display())];
        Ok(environment)
    }

    fn cache(&self) -> Result<PathBuf> {
        if let Some(directory) = &self.cache_directory {
            return Ok(directory.clone());
        }
        let directory = match std::env::var_os("IRONBRIDGE_CACHE").filter(|value| !value.is_empty())
        {
            Some(directory) => PathBuf::from(directory),
            None => etcetera::choose_base_strategy()
                .map_err(|error| {
                    Error::environment(
                        Report::new("there is no home directory to keep environments in")
                            .caused_by(error)
                            .help(
                                "set IRONBRIDGE_CACHE to a directory, or give one with cache_dir",
                            ),
                    )
                })?
                .cache_dir()
                .join("ironbridge"),
        };
        Ok(directory.join("environments"))
    }

    /// What the environment is made of; the same text means the same environment.
    fn record(&self, base: &Environment) -> String {
        let mut requirements: Vec<String> = self
            .requirements
            .iter()
            .map(|text| normalised(text))
            .collect();
        requirements.sort();
        requirements.dedup();
        let mut without_dependencies: Vec<String> = self
            .without_dependencies
            .iter()
            .map(|text| normalised(text))
            .collect();
        without_dependencies.sort();
        let files: Vec<&str> = self
            .files
            .iter()
            .map(|file| file.content.as_str())
            .collect();
        let executable =
            fs::canonicalize(base.executable()).unwrap_or_else(|_| base.executable().to_owned());
        let record = json!({
            "format": 1,
            "requirements": requirements,
            "without_dependencies": without_dependencies,
            "files": files,
            "index_url": self.index_url,
            "python": executable.to_string_lossy(),
            "version": base.version().to_string(),
        });
        format!("{record:#}\n")
    }

    /// Makes it, under the lock.
    fn make(&self, python: &Path, cache: &Path, key: &str, record: &str) -> Result<()> {
        remove_debris(cache, key);
        let tool = self.installer.find()?;
        let what = match self.requirements.len() + self.without_dependencies.len() {
            0 => "the project's packages".to_owned(),
            _ => [&*self.requirements, &*self.without_dependencies]
                .concat()
                .join(", "),
        };
        let reporter = Reporter::begin(
            self.progress,
            &format!("making an environment with {what} ({})", tool.name()),
        );
        let partial = cache.join(format!("{key}.partial-{}", std::process::id()));
        let made = self
            .fill(&tool, python, &partial, &reporter)
            .and_then(|()| {
                let prefix = cache.join(key);
                mend_paths(&partial, &prefix)?;
                fs::write(partial.join(RECORD), record)
                    .map_err(|error| cannot("write into", &partial, error))?;
                fs::rename(&partial, &prefix).map_err(|error| cannot("rename", &partial, error))?;
                Ok(prefix)
            });
        let prefix = made.inspect_err(|_| {
            let _ = fs::remove_dir_all(&partial);
        })?;
        compile(&prefix, &reporter);
        reporter.done("the environment is ready");
        Ok(())
    }

    fn fill(&self, tool: &Tool, python: &Path, partial: &Path, reporter: &Reporter) -> Result<()> {
        tool.make(python, partial, reporter)?;
        let files: Vec<PathBuf> = self.files.iter().map(|file| file.path.clone()).collect();
        let mut packages = Packages {
            requirements: &self.requirements,
            files: &files,
            index_url: self.index_url.as_deref(),
            with_dependencies: true,
        };
        if !self.requirements.is_empty() || !files.is_empty() {
            tool.install(partial, &packages, reporter)?;
        }
        if !self.without_dependencies.is_empty() {
            packages.requirements = &self.without_dependencies;
            packages.files = &[];
            packages.with_dependencies = false;
            tool.install(partial, &packages, reporter)?;
        }
        Ok(())
    }
}

/// Spaces do not matter to a requirement, nor does the case of its name.
fn normalised(requirement: &str) -> String {
    let requirement: String = requirement.chars().filter(|c| !c.is_whitespace()).collect();
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(requirement.len());
    let name = requirement[..end]
        .to_ascii_lowercase()
        .replace(['_', '.'], "-");
    format!("{name}{}", &requirement[end..])
}

fn key_of(record: &str) -> String {
    let hash = Sha256::digest(record.as_bytes());
    let mut key = String::new();
    for byte in hash.iter().take(10) {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// Whether the environment is whole, of this record, and its Python still there.
fn is_ready(prefix: &Path, record: &str) -> bool {
    fs::read_to_string(prefix.join(RECORD)).is_ok_and(|found| found == record)
        && executable_of(prefix).is_file()
}

fn lock(path: &Path, progress: Progress) -> Result<File> {
    let failed = |error: io::Error| cannot("lock", path, error);
    let file = File::create(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let reporter = Reporter::begin(
                progress,
                "waiting for another process that makes the environment",
            );
            file.lock().map_err(failed)?;
            reporter.done("the other process is done");
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    Ok(file)
}

/// Removes what processes that were killed left, and a damaged environment. What cannot be removed (a lost child may
/// still write there) is left: every build has a directory of its own.
fn remove_debris(cache: &Path, key: &str) {
    let _ = fs::remove_dir_all(cache.join(key));
    let partial = format!("{key}.partial-");
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&partial) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Lets the scripts of an environment in `from` say `to`, where it will be.
fn mend_paths(from: &Path, to: &Path) -> Result<()> {
    let scripts = scripts_of(from);
    let entries = fs::read_dir(&scripts).map_err(|error| cannot("read", &scripts, error))?;
    let files = entries
        .flatten()
        .map(|entry| entry.path())
        .chain([from.join("pyvenv.cfg")]);
    let (old, new) = (from.to_string_lossy(), to.to_string_lossy());
    for path in files {
        // Only text has paths to mend; a link leads out of the environment.
        if path.is_symlink() {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&path)
            && text.contains(&*old)
        {
            let permissions = fs::metadata(&path).map(|metadata| metadata.permissions());
            fs::write(&path, text.replace(&*old, &new))
                .map_err(|error| cannot("write", &path, error))?;
            if let Ok(permissions) = permissions {
                let _ = fs::set_permissions(&path, permissions);
            }
        }
    }
    Ok(())
}

/// Compiles the packages, so that the first import need not. Where that fails, imports do it.
fn compile(prefix: &Path, reporter: &Reporter) {
    reporter.step("compiling the packages");
    if let Ok(environment) = Environment::at(prefix) {
        let packages = site_packages(prefix, environment.version());
        let _ = clean(environment.executable())
            .args(["-m", "compileall", "-q", "-j", "0"])
            .arg(packages)
            .output();
    }
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::environment(
        Report::new(format!("cannot {what} {}", path.display()))
            .caused_by(error)
            .help("see that the directory can be written, or set IRONBRIDGE_CACHE to one that can"),
    )
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn spelling_does_not_make_another_environment() {
        assert_eq!(
            normalised("Charset_Normalizer >= 3"),
            normalised("charset-normalizer>=3")
        );
        assert_ne!(normalised("idna>=3"), normalised("idna>=2"));
    }
}
