//! Letting go: references are dropped, garbage is collected, caches are emptied; and what holds on nevertheless.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::report::{Cleared, Left};
use crate::error::Error;
use crate::interpreter::attach_if_running;
use crate::interpreter::start::bootstrap;

type Tools = [Py<PyAny>; 4];

/// The functions of `clear.py`.
fn tools(py: Python<'_>) -> PyResult<&Tools> {
    static TOOLS: PyOnceLock<Tools> = PyOnceLock::new();
    TOOLS.get_or_try_init(py, || {
        bootstrap(py, "clear.py", include_str!("clear.py"), "TOOLS")?.extract()
    })
}

/// A way to find an object again, if it is still there.
pub(super) fn watch(object: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let [watch, ..] = tools(object.py())?;
    watch.call1(object.py(), (object,))
}

/// Collects garbage and empties torch's cache; returns to the system what the allocator of C keeps.
///
/// Not attached before: references that were dropped detached go when a thread attaches.
pub(super) fn clear(watched: Option<&Py<PyAny>>) -> (Cleared, Option<Left>) {
    let cleared = attach_if_running(|py| -> PyResult<_> {
        let [_, clear, left, _] = tools(py)?;
        let (collected, cuda_cache) = clear.call0(py)?.extract(py)?;
        let left = watched.map(|watched| -> PyResult<_> {
            let left = left.call1(py, (watched,))?;
            left.extract::<Option<(usize, Vec<String>)>>(py)
        });
        let left = left.transpose()?.flatten();
        let left = left.map(|(references, holders)| Left {
            references,
            holders,
        });
        let cleared = Cleared {
            collected,
            cuda_cache,
        };
        Ok((cleared, left))
    });
    trim();
    // What a finaliser of a user's raises is not raised here; what is left is an interpreter that ends.
    cleared.and_then(Result::ok).unwrap_or_default()
}

/// Reads the story of an error, and has the frames of its traceback let go of what they hold.
pub(super) fn settle(error: &Error) {
    let Some(exception) = error.exception() else {
        return;
    };
    exception.story();
    // Where it fails, the frames go with the error.
    let _ = attach_if_running(|py| -> PyResult<()> {
        let [.., settle] = tools(py)?;
        settle.call1(py, (exception.value(py),))?;
        Ok(())
    });
}

/// Has the C library give free memory back to the system.
fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes the allocator's own locks, and may be called at any time from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
