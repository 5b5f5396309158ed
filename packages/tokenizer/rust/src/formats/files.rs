//! Files as a whole: read up to a bound, and written so that nothing is lost if that fails.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// What no file of a tokenizer is larger than. Without it something without end would be read until the memory is full.
const LARGEST: u64 = 1 << 30;

/// All bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |error: io::Error| {
        let message = format!("the file cannot be read: {error}");
        Error::new(ErrorKind::Io, message).at(path).caused_by(error)
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        let message = "the file has more than 1 GiB, which no tokenizer has";
        return Err(Error::new(ErrorKind::Format, message).at(path));
    }
    Ok(bytes)
}

/// Puts a file in its place. The bytes are written beside it first, so that there is the old file or the new one, whatever
/// happens.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes).map_err(|error| {
        let message = format!("the file cannot be written: {error}");
        Error::new(ErrorKind::Io, message).at(path).caused_by(error)
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a link points to is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let known = fs::metadata(&target).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        // A pipe or a device such as `/dev/stdout` stays what it is; a folder says what it is.
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ironbpe-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(known) = known {
        file.as_file().set_permissions(known.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}
