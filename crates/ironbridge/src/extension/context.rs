//! Context variables: those of the Python task that awaits are seen by what its Rust future calls.

use std::cell::Cell;
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;

thread_local! {
    /// The context of the future that this thread polls; null outside of one, and where it is entered already.
    static CURRENT: Cell<*mut ffi::PyObject> = const { Cell::new(ptr::null_mut()) };
}

/// A context of Python's, owned.
pub(super) struct Context(Py<PyAny>);

impl Context {
    /// A copy of this thread's.
    pub(super) fn of_this_thread(py: Python<'_>) -> PyResult<Self> {
        // SAFETY: attached (`py`); gives a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyContext_CopyCurrent()) }
            .map(|context| Self(context.unbind()))
    }

    /// Has [`attach`](crate::attach) enter it while `f` runs on this thread.
    #[inline]
    pub(super) fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        let _restore = Restore(CURRENT.replace(self.0.as_ptr()));
        f()
    }
}

struct Restore(*mut ffi::PyObject);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.set(self.0));
    }
}

/// Enters the context of the future that this thread polls, until what this gives is dropped.
#[inline]
pub(crate) fn enter(_py: Python<'_>) -> Option<impl Drop + use<>> {
    let context = CURRENT.try_with(Cell::get).unwrap_or(ptr::null_mut());
    if context.is_null() {
        return None;
    }
    Entered::new(context)
}

struct Entered(*mut ffi::PyObject);

impl Entered {
    #[cold]
    fn new(context: *mut ffi::PyObject) -> Option<Self> {
        // SAFETY: attached. `scope`, below on this thread's stack, borrows the context, so it is alive.
        if unsafe { ffi::PyContext_Enter(context) } != 0 {
            // Another thread has it: the future has handed itself on. Nobody else's variables are better than none.
            // SAFETY: attached.
            unsafe { ffi::PyErr_Clear() };
            return None;
        }
        CURRENT.set(ptr::null_mut());
        Some(Self(context))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: attached still: `attach` drops this before it detaches. It was entered on this thread, and what was
        // entered later was left before.
        unsafe {
            if ffi::PyContext_Exit(self.0) != 0 {
                ffi::PyErr_Clear();
            }
        }
        CURRENT.set(self.0);
    }
}
