//! The span of `tracing` that Python code runs in, where it is a coroutine: its steps come and go on the event loop's
//! thread, so a context variable carries it.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tracing::Span;

#[pyclass(frozen, name = "Span", module = "ironbridge")]
struct Carried(Span);

/// The context variable.
fn variable(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static VARIABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    VARIABLE
        .get_or_try_init(py, || {
            let new = py.import("contextvars")?.getattr("ContextVar")?;
            new.call1(("ironbridge_span",)).map(Bound::unbind)
        })
        .map(|variable| variable.bind(py))
}

/// Sets it in a context.
pub(crate) fn set(context: &Bound<'_, PyAny>, span: &Span) -> PyResult<()> {
    let py = context.py();
    let set = variable(py)?.getattr("set")?;
    context.call_method1("run", (set, Carried(span.clone())))?;
    Ok(())
}

/// The one of the coroutine that runs on this thread; none where no coroutine runs, or it was called in none.
pub(super) fn current(py: Python<'_>) -> Span {
    let carried = variable(py).and_then(|variable| variable.call_method1("get", (py.None(),)));
    let carried = carried
        .ok()
        .and_then(|carried| carried.cast_into::<Carried>().ok());
    carried.map_or_else(Span::none, |carried| carried.get().0.clone())
}
