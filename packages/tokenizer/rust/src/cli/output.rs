//! Where results go: standard output, or a file that is there whole or not at all.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

#[cfg(unix)]
use signal_hook::consts::{SIGINT, SIGTERM};
#[cfg(unix)]
use signal_hook::iterator::Signals;
use tempfile::NamedTempFile;

use super::failure::Failure;

/// What the process ends with after Ctrl-C.
pub(super) const INTERRUPTED: u8 = 130;

/// What is written and not yet in its place: it must go when the process is ended.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the process when it is asked to, and removes what is half written.
pub(super) fn end_at_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Not the hang-up: one that was started by `nohup` must outlive it.
        #[cfg(unix)]
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
            std::thread::spawn(move || {
                if signals.forever().next().is_some() {
                    end();
                }
            });
        }
        // Where another has taken the signal already, the process ends as that one wants.
        #[cfg(not(unix))]
        let _ = ctrlc::try_set_handler(|| end());
    });
}

fn end() -> ! {
    // Held to the end, so that nothing is put in its place after this.
    let unfinished = unfinished();
    for path in &*unfinished {
        let _ = std::fs::remove_file(path);
        let _ = std::fs::remove_dir_all(path);
    }
    if io::stderr().is_terminal() {
        // A progress bar may stand in the line.
        let _ = writeln!(io::stderr());
    }
    std::process::exit(INTERRUPTED.into());
}

/// Remembers a path as unfinished as long as it lives.
struct Unfinished(PathBuf);

impl Unfinished {
    fn new(path: &Path) -> Self {
        unfinished().push(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

/// The directory that a file is in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("."),
    }
}

/// Lets a file be written beside its place, and puts it there when it is whole.
pub(super) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut file = temporary(path)?;
    let guard = Unfinished::new(file.path());
    let mut writer = BufWriter::with_capacity(1 << 16, file.as_file_mut());
    write(&mut writer)?;
    writer.flush().map_err(|error| Failure::at(path, &error))?;
    drop(writer);
    persist(file, path)?;
    drop(guard);
    Ok(())
}

fn temporary(path: &Path) -> Result<NamedTempFile, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ironbpe-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any file that a program makes; the user's mask is taken off.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
        .tempfile_in(parent(path))
        .map_err(|error| Failure::at(path, &error))
}

fn persist(file: NamedTempFile, path: &Path) -> Result<(), Failure> {
    file.persist(path)
        .map(drop)
        .map_err(|error| Failure::at(path, &error.error))
}

/// Writes to a file, or where none is named to standard output.
pub(super) fn write_to(
    path: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let Some(path) = path {
        return write_file(path, write);
    }
    let mut writer = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    write(&mut writer)?;
    writer.flush().map_err(|error| Failure::output(&error))
}
