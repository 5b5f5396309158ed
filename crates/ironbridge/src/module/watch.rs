//! Reading edited files again. Before each call of a watched module its files' times and sizes are looked at, detached;
//! a watcher that is told by the system would be cheaper and late, and *the next call* is what is promised.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, TryLockError};
use std::time::{Duration, SystemTime};

use pyo3::prelude::*;
use pyo3::types::PyModule;

use super::check::check;
use super::contract::Contract;
use super::handle::Table;
use super::source::{Place, Source, helper};
use crate::error::{Error, Result};
use crate::interpreter::{attach_started, detach};

/// A table that may be replaced.
pub(super) struct Watched {
    source: Source,
    table: RwLock<Arc<Table>>,
    files: OnceLock<Mutex<Files>>,
}

/// The files of a module, as they were when they were read.
struct Files {
    is_checked: bool,
    known: Vec<File>,
    /// What was edited and could not be read yet.
    changed: Vec<String>,
}

struct File {
    module: String,
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// What tells an edited file.
struct Stamp {
    modified: SystemTime,
    length: u64,
    /// Of what was written just before: a second edit within a tick of the file system's clock leaves the same time.
    content: Option<u64>,
}

/// Longer than a tick of the file systems' clocks.
const TICK: Duration = Duration::from_millis(100);

impl File {
    fn new(module: String, path: PathBuf) -> Self {
        let mut file = Self {
            module,
            path,
            stamp: None,
        };
        file.is_edited();
        file
    }

    /// Whether the file is another one than at the last look. While an editor writes it, it may be gone for a moment:
    /// then it is not.
    fn is_edited(&mut self) -> bool {
        let data = fs::metadata(&self.path);
        let Ok((modified, length)) = data.and_then(|data| Ok((data.modified()?, data.len())))
        else {
            return false;
        };
        let before = self.stamp.as_ref();
        let is_settled = modified.elapsed().is_ok_and(|age| age > TICK);
        let known = before.and_then(|stamp| stamp.content);
        let content = if is_settled && known.is_none() {
            None
        } else {
            let Ok(text) = fs::read(&self.path) else {
                return false;
            };
            let mut hasher = DefaultHasher::new();
            hasher.write(&text);
            Some(hasher.finish())
        };
        let is_edited = before.is_none_or(|stamp| {
            stamp.modified != modified
                || stamp.length != length
                || (known.is_some() && known != content)
        });
        self.stamp = Some(Stamp {
            modified,
            length,
            content: content.filter(|_| !is_settled),
        });
        is_edited
    }
}

impl Watched {
    pub(super) fn new(source: &Source, table: Table) -> Self {
        Self {
            source: source.clone(),
            table: RwLock::new(Arc::new(table)),
            files: OnceLock::new(),
        }
    }

    /// Begins to watch.
    pub(super) fn watch(&self, py: Python<'_>, is_checked: bool) -> Result<()> {
        let known = self
            .list(py)
            .map_err(|error| Error::from_python(py, error, None))?;
        let files = Files {
            is_checked,
            known,
            changed: Vec::new(),
        };
        let _ = self.files.set(Mutex::new(files));
        Ok(())
    }

    fn list(&self, py: Python<'_>) -> PyResult<Vec<File>> {
        let directory = match &self.source.place {
            Place::Directory(directory) => Some(directory),
            Place::Import | Place::Text(_) => None,
        };
        let files: Vec<(String, PathBuf)> = helper(py, "source_files")?
            .call1((&self.source.name, directory))?
            .extract()?;
        Ok(files
            .into_iter()
            .map(|(module, path)| File::new(module, path))
            .collect())
    }

    /// The table as it was read last.
    pub(super) fn current(&self) -> Arc<Table> {
        self.table
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the files that were edited.
    #[inline]
    pub(super) fn refresh(&self, contract: &'static Contract) -> Result<()> {
        match self.files.get() {
            Some(files) => self.refresh_files(files, contract),
            None => Ok(()),
        }
    }

    /// The lock is waited for detached, so that who holds it can read the module meanwhile. Reading happens in the lock:
    /// of two threads that see an edit one reads it, and the other waits for that.
    fn refresh_files(&self, files: &Mutex<Files>, contract: &'static Contract) -> Result<()> {
        let mut files = loop {
            match files.try_lock() {
                Ok(files) => break files,
                Err(TryLockError::Poisoned(files)) => break files.into_inner(),
                // A module that calls the program while it is read again gets what there is.
                Err(TryLockError::WouldBlock) if RELOADING.get() => return Ok(()),
                // Waits without the interpreter, which the holder needs. The lock cannot come along: this thread may
                // get the interpreter back only after the next holder.
                Err(TryLockError::WouldBlock) => detach(|| drop(files.lock())),
            }
        };
        let Files { known, changed, .. } = &mut *files;
        for file in known {
            if file.is_edited() && !changed.contains(&file.module) {
                changed.push(file.module.clone());
            }
        }
        if files.changed.is_empty() {
            return Ok(());
        }
        RELOADING.set(true);
        let result = attach_started(|py| {
            let reload = || {
                let module = helper(py, "reload")?.call1((&self.source.name, &files.changed))?;
                Ok::<_, PyErr>(module.cast_into::<PyModule>()?)
            };
            let module = reload().map_err(|error| Error::from_python(py, error, None))?;
            if files.is_checked {
                check(&module, contract, None)?;
            }
            crate::convert::private::module_was_reloaded();
            let table = Arc::new(Table::new(&module, contract));
            *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
            // Stamps are of before the reading: an edit that came meanwhile is seen by the next call.
            for file in self.list(py).unwrap_or_default() {
                if !files.known.iter().any(|known| known.path == file.path) {
                    files.known.push(file);
                }
            }
            Ok(())
        });
        RELOADING.set(false);
        if result.is_ok() {
            files.changed.clear();
        }
        result
    }
}

thread_local! {
    /// Whether this thread is reading a module again.
    static RELOADING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}
