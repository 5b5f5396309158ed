//! `sys.stdout`, `sys.stderr` and `logging` as events of `tracing`.
//!
//! The Python half (`streams.py`) gathers lines; this half makes events of them. An event is made detached: a
//! subscriber may write to a file, or wait for its own lock.

use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyCFunction, PyDict, PyString, PyTuple},
};

use tracing::Span;

use super::{spans, start::bootstrap};
use crate::error::{Error, Report};

static ROUTER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Replaces the streams and adds the handler, where that has not been done.
pub(super) fn route(py: Python<'_>) -> PyResult<()> {
    router(py)?.call_method0("route")?;
    Ok(())
}

/// Puts everything back as it was.
pub(super) fn restore(py: Python<'_>) -> PyResult<()> {
    router(py)?.call_method0("restore")?;
    Ok(())
}

/// The error of one of the two.
pub(super) fn failed(what: &str, error: &PyErr) -> Error {
    Error::report(
        crate::ErrorKind::Exception,
        Report::new(format!("could not {what} Python's output: {error}")),
    )
}

fn router(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    ROUTER
        .get_or_try_init(py, || {
            let stdout = lines(py, |line| tracing::info!(target: "python.stdout", "{line}"))?;
            let stderr = lines(py, |line| tracing::warn!(target: "python.stderr", "{line}"))?;
            let record = PyCFunction::new_closure(
                py,
                Some(c"emit"),
                None,
                |arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>| {
                    let record: Record = arguments.extract()?;
                    let span = spans::current(arguments.py());
                    arguments.py().detach(|| in_span(&span, || emit(&record)));
                    PyResult::Ok(())
                },
            )?;
            bootstrap(py, "streams.py", include_str!("streams.py"), "Router")?
                .call1((stdout, stderr, record))
                .map(Bound::unbind)
        })
        .map(|router| router.bind(py))
}

/// A Python function that takes a line.
fn lines(
    py: Python<'_>,
    emit: impl Fn(&str) + Send + Sync + 'static,
) -> PyResult<Bound<'_, PyCFunction>> {
    PyCFunction::new_closure(
        py,
        Some(c"emit"),
        None,
        move |arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>| {
            let span = spans::current(arguments.py());
            let (line,): (Bound<'_, PyString>,) = arguments.extract()?;
            // Lone surrogates, which no Rust string has, come as replacement characters.
            let line = line.to_string_lossy().into_owned();
            arguments.py().detach(|| in_span(&span, || emit(&line)));
            PyResult::Ok(())
        },
    )
}

/// Runs `f` in a coroutine's span, or where there is none in this thread's.
fn in_span(span: &Span, f: impl FnOnce()) {
    if span.is_none() {
        f();
    } else {
        span.in_scope(f);
    }
}

/// Level, logger, message, file, line, exception.
type Record = (
    i64,
    String,
    String,
    Option<String>,
    Option<u32>,
    Option<String>,
);

fn emit((level, logger, message, file, line, exception): &Record) {
    macro_rules! at {
        ($level:ident) => {
            tracing::event!(
                target: "python.logging",
                tracing::Level::$level,
                logger = logger.as_str(),
                file = file.as_deref(),
                line = *line,
                exception = exception.as_deref(),
                "{message}"
            )
        };
    }
    match level {
        ..10 => at!(TRACE),
        10..20 => at!(DEBUG),
        20..30 => at!(INFO),
        30..40 => at!(WARN),
        40.. => at!(ERROR),
    }
}
