//! Which objects can be awaited, or iterated over asynchronously, and what to say of others.

use std::borrow::Cow;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::{ffi, intern};

/// Whether it has an `__aiter__`.
pub(crate) fn is_asynchronous(object: &Bound<'_, PyAny>) -> bool {
    slots(object).is_some_and(|slots| slots.am_aiter.is_some())
}

/// Whether it has an `__await__`.
pub(crate) fn is_awaitable(object: &Bound<'_, PyAny>) -> bool {
    slots(object).is_some_and(|slots| slots.am_await.is_some())
}

/// Refuses what has no `__aiter__`, and says what it is instead.
pub(super) fn check(object: &Bound<'_, PyAny>) -> PyResult<()> {
    if is_asynchronous(object) {
        return Ok(());
    }
    let kind = object.get_type();
    let kind = kind.name()?;
    let why = if is_awaitable(object) {
        "it is to be awaited first (`async fn`, or `await` in an `async` block)"
    } else if object.hasattr(intern!(object.py(), "__iter__"))? {
        "it is a plain iterable, which is an `Iter` in Rust"
    } else {
        "it has no `__aiter__`"
    };
    Err(PyTypeError::new_err(format!(
        "'{kind}' object is not an asynchronous iterator: {why}"
    )))
}

/// What errors call it: a generator's function, or what it is.
pub(super) fn name_of(iterable: &Bound<'_, PyAny>) -> Cow<'static, str> {
    // SAFETY: a live object.
    if unsafe { ffi::PyAsyncGen_CheckExact(iterable.as_ptr()) } == 0 {
        return Cow::Borrowed("stream");
    }
    let name = iterable.getattr(intern!(iterable.py(), "__name__"));
    name.and_then(|name| name.extract::<String>())
        .map_or(Cow::Borrowed("stream"), |name| {
            Cow::Owned(format!("{name}()"))
        })
}

fn slots<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a ffi::PyAsyncMethods> {
    // SAFETY: a live object's type lives, and its slots do not change while this thread is attached. Read directly, since
    // looking for a name that is not there makes an exception.
    unsafe { (*ffi::Py_TYPE(object.as_ptr())).tp_as_async.as_ref() }
}
