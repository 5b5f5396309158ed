//! What a call takes along from where it was made: Python's context variables, and the span of `tracing`.

use pyo3::prelude::*;
use pyo3::{ffi, intern};

use crate::interpreter::is_attached;

/// Context variables are those of the thread that made the future, where it was attached then: inside a callback, or in
/// [`attach`](crate::attach). Elsewhere a call begins with none.
pub(super) struct Surroundings {
    context: Option<Py<PyAny>>,
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl Surroundings {
    /// Of this thread, now.
    pub(super) fn here() -> Self {
        Self {
            context: is_attached().then(context_of_this_thread).flatten(),
            #[cfg(feature = "tracing")]
            span: tracing::Span::current(),
        }
    }

    /// Runs `f` in them.
    #[inline]
    pub(super) fn enter<R>(&self, py: Python<'_>, f: impl FnOnce() -> R) -> R {
        let _entered = self
            .context
            .as_ref()
            .map(|context| Entered::new(context.bind(py)));
        self.in_span(f)
    }

    /// Runs `f` in the span.
    #[cfg_attr(
        not(feature = "tracing"),
        allow(clippy::unused_self, reason = "there are no spans")
    )]
    #[inline]
    pub(super) fn in_span<R>(&self, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        return self.span.in_scope(f);
        #[cfg(not(feature = "tracing"))]
        f()
    }

    /// The context that a task is to run in, where it is not the event loop's own.
    #[cfg_attr(
        not(feature = "tracing"),
        allow(clippy::unnecessary_wraps, reason = "there are no spans to set")
    )]
    pub(super) fn of_task<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        #[cfg(feature = "tracing")]
        if !self.span.is_none() {
            let context = match &self.context {
                Some(context) => context.bind(py).clone(),
                None => copy_context(py)?,
            };
            crate::interpreter::spans::set(&context, &self.span)?;
            return Ok(Some(context));
        }
        Ok(self
            .context
            .as_ref()
            .map(|context| context.bind(py).clone()))
    }
}

fn context_of_this_thread() -> Option<Py<PyAny>> {
    // Nested in the attachment that exists.
    Python::attach(|py| copy_context(py).ok().map(Bound::unbind))
}

fn copy_context(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: attached (`py`); gives a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyContext_CopyCurrent()) }
}

/// A context that is current until this is dropped.
struct Entered<'a, 'py>(Option<&'a Bound<'py, PyAny>>);

impl<'a, 'py> Entered<'a, 'py> {
    fn new(context: &'a Bound<'py, PyAny>) -> Self {
        // SAFETY: attached, and `context` is one: `copy_context` made it.
        let entered = unsafe { ffi::PyContext_Enter(context.as_ptr()) } == 0;
        if !entered {
            // It is entered elsewhere, which cannot be: it is this call's own copy.
            let _ = PyErr::take(context.py());
        }
        Self(entered.then_some(context))
    }
}

impl Drop for Entered<'_, '_> {
    fn drop(&mut self) {
        if let Some(context) = self.0 {
            // SAFETY: attached, as the lifetime of `context` shows; it was entered on this thread, and what was entered
            // later was left before.
            if unsafe { ffi::PyContext_Exit(context.as_ptr()) } != 0 {
                let _ = PyErr::take(context.py());
            }
        }
    }
}

/// The keyword of `create_task`.
pub(super) fn context_keyword(py: Python<'_>) -> &Bound<'_, pyo3::types::PyString> {
    intern!(py, "context")
}
