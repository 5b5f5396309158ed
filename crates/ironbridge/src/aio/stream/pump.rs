//! The task on the event loop that iterates and pushes what comes.

use std::sync::Arc;

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::aio::asyncio;
use crate::interpreter::start::bootstrap;

/// Where the items go.
pub(super) trait Sink: Send + Sync {
    /// Takes an item.
    fn push(&self, item: &Bound<'_, PyAny>) -> Pushed;

    /// Has `room` done when an item is wanted.
    fn park(&self, room: &Bound<'_, PyAny>) -> Pushed;

    /// Whether a first item is wanted.
    fn begin(&self) -> Pushed;

    /// Whether the next item is wanted soon after the one that was taken, and not before.
    fn is_one_by_one(&self) -> bool;
}

/// What is to be done after a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The next item is wanted.
    Wanted,
    /// There is no room for another.
    Full,
    /// No more items are wanted: the task ends by itself.
    Closed,
}

/// The coroutine that iterates over `iterable`.
pub(super) fn pump<'py>(
    iterable: &Bound<'py, PyAny>,
    sink: Arc<dyn Sink>,
) -> PyResult<Bound<'py, PyAny>> {
    static PUMP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = iterable.py();
    let pump = PUMP.get_or_try_init(py, || {
        bootstrap(py, "pump.py", include_str!("pump.py"), "pump").map(Bound::unbind)
    })?;
    let sink = SinkObject {
        sink,
        event_loop: PyOnceLock::new(),
    };
    pump.bind(py).call1((sink, iterable))
}

/// The sink as Python sees it.
#[pyclass(frozen, name = "Sink", module = "ironbridge")]
struct SinkObject {
    sink: Arc<dyn Sink>,
    event_loop: PyOnceLock<Py<PyAny>>,
}

#[pymethods]
impl SinkObject {
    fn begin(&self, event_loop: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = self
            .event_loop
            .set(event_loop.py(), event_loop.clone().unbind());
        if self.sink.begin() == Pushed::Closed {
            return Err(CancelledError::new_err(()));
        }
        Ok(())
    }

    /// Takes an item; gives what is to be awaited before the next. The end is a cancellation.
    fn push<'py>(&self, item: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.sink.push(item) {
            Pushed::Wanted => Ok(None),
            Pushed::Full => self.park(item.py()),
            Pushed::Closed => Err(CancelledError::new_err(())),
        }
    }
}

impl SinkObject {
    fn park<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(event_loop) = self.event_loop.get(py) else {
            return Err(CancelledError::new_err(()));
        };
        let event_loop = event_loop.bind(py);
        let room = event_loop.call_method0(intern!(py, "create_future"))?;
        match self.sink.park(&room) {
            Pushed::Wanted => Ok(None),
            Pushed::Full => {
                if self.sink.is_one_by_one() {
                    asyncio::look_soon(event_loop);
                }
                Ok(Some(room))
            }
            Pushed::Closed => Err(CancelledError::new_err(())),
        }
    }
}
