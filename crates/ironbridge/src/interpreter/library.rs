//! Which libpython the loader took. Without an rpath it may be another one than was linked, and nothing says so.

use std::path::PathBuf;

/// The file of the libpython that runs; `None` where it is part of the program, or the system cannot tell.
#[cfg(unix)]
pub(super) fn loaded() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt as _;

    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    let symbol = pyo3::ffi::Py_GetVersion as *const libc::c_void;
    // SAFETY: `dladdr` only compares the address and fills `info` where it succeeds (a value other than 0); the file
    // name then is a C string of the loader's, there as long as the library is loaded.
    let file = unsafe {
        if libc::dladdr(symbol, info.as_mut_ptr()) == 0
            || info.assume_init_ref().dli_fname.is_null()
        {
            return None;
        }
        CStr::from_ptr(info.assume_init_ref().dli_fname)
    };
    let file = PathBuf::from(OsStr::from_bytes(file.to_bytes()));
    let name = file.file_name()?.to_string_lossy();
    name.contains("ython").then_some(file)
}

/// The system cannot tell.
#[cfg(not(unix))]
pub(super) fn loaded() -> Option<PathBuf> {
    None
}

/// The library in a line for a person: where it is, and whether that is where the linked one was.
pub(super) fn explain() -> String {
    let linked = env!("IRONBRIDGE_LINKED_LIB_DIR");
    match loaded() {
        None => "libpython: part of the program, or not to be told".to_owned(),
        Some(file) if linked.is_empty() || file.starts_with(linked) => {
            format!("libpython: {}", file.display())
        }
        Some(file) => format!(
            "libpython: {}, but the program was linked with the one in {linked}; to load that one, call \
             ironbridge_build::link_libpython() in the build script",
            file.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_library_is_the_linked_one() {
        let explained = super::explain();
        assert!(explained.starts_with("libpython: "), "{explained}");
        assert!(!explained.contains("was linked with"), "{explained}");
    }
}
