//! The object that Python awaits.

use std::mem;
use std::sync::Arc;

use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning, PyStopIteration, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTraceback, PyType};
use tokio::task::AbortHandle;

use super::call::{Call, run};
use super::context::Context;
use super::mailbox::Mailbox;
use super::runtime;
use crate::error::take_raised;
use crate::sync::Mutex;

/// A Rust future as Python's coroutine: it starts when it is first awaited, and runs on the runtime of the extension.
///
/// Made by [`awaitable`](super::awaitable) and by [`#[awaitable]`](macro@crate::awaitable). Python sees the methods of
/// a coroutine (`send`, `throw`, `close`, `__await__`), so asyncio and uvloop take it wherever they take one.
#[pyclass(frozen, weakref, module = "ironbridge")]
pub struct Awaitable {
    name: &'static str,
    qualified_name: &'static str,
    /// Held for a few moves.
    state: Mutex<State>,
}

enum State {
    New(Box<dyn Start>),
    UnderWay(UnderWay),
    Done,
}

/// A future that was not started.
trait Start: Send {
    fn start(self: Box<Self>, call: Arc<Call>) -> PyResult<AbortHandle>;
}

struct NotStarted<F>(F);

impl<F, T, E> Start for NotStarted<F>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: for<'py> IntoPyObject<'py> + Send + 'static,
    E: Into<PyErr> + Send + 'static,
{
    fn start(self: Box<Self>, call: Arc<Call>) -> PyResult<AbortHandle> {
        let task = runtime::handle()?.spawn(run(self.0, call));
        Ok(task.abort_handle())
    }
}

/// Dropping it drops the Rust future.
struct UnderWay {
    call: Arc<Call>,
    task: AbortHandle,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.call.abandon();
        self.task.abort();
    }
}

impl Awaitable {
    pub(super) fn new<F, T, E>(name: &'static str, qualified_name: &'static str, future: F) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: for<'py> IntoPyObject<'py> + Send + 'static,
        E: Into<PyErr> + Send + 'static,
    {
        Self {
            name,
            qualified_name,
            state: Mutex::new(State::New(Box::new(NotStarted(future)))),
        }
    }

    /// The first step: starts the future, and gives asyncio one to wait for.
    fn start(&self, py: Python<'_>, future: Box<dyn Start>) -> PyResult<Py<PyAny>> {
        let event_loop = running_loop(py)?;
        let mailbox = Mailbox::of(&event_loop)?;
        let waiter = waiter_of(&event_loop)?;
        let context = Context::of_this_thread(py)?;
        let call = Call::new(
            self.qualified_name,
            mailbox,
            context,
            waiter.clone().unbind(),
        );
        let task = future.start(call.clone())?;
        *self.state.lock() = State::UnderWay(UnderWay { call, task });
        Ok(waiter.unbind())
    }

    fn step(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut state = self.state.lock();
        let call = match mem::replace(&mut *state, State::Done) {
            State::New(future) => {
                drop(state);
                return self.start(py, future);
            }
            State::UnderWay(under_way) => {
                let call = under_way.call.clone();
                *state = State::UnderWay(under_way);
                call
            }
            State::Done => {
                let text = "cannot reuse already awaited coroutine";
                return Err(PyRuntimeError::new_err(text));
            }
        };
        drop(state);
        if let Some(outcome) = call.take_outcome(py) {
            self.finish();
            return Err(match outcome {
                Ok(value) => PyStopIteration::new_err((value,)),
                Err(error) => error,
            });
        }
        wait_again(py, &call)
    }

    /// Ends it, started or not.
    fn finish(&self) {
        let before = mem::replace(&mut *self.state.lock(), State::Done);
        // Not while the lock is held: it drops what Rust and Python have in there.
        drop(before);
    }
}

/// A step that nobody was woken for.
#[cold]
fn wait_again(py: Python<'_>, call: &Call) -> PyResult<Py<PyAny>> {
    let waiter = call
        .waiter()
        .lock()
        .as_ref()
        .map(|waiter| waiter.clone_ref(py));
    if let Some(waiter) = waiter
        && !waiter
            .call_method0(py, intern!(py, "done"))?
            .is_truthy(py)?
    {
        let text = "coroutine is being awaited already";
        return Err(PyRuntimeError::new_err(text));
    }
    // Someone else has set the result of the future that asyncio was given.
    let waiter = waiter_of(&running_loop(py)?)?;
    let before = call.waiter().lock().replace(waiter.clone().unbind());
    drop(before);
    Ok(waiter.unbind())
}

fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET.import(py, "asyncio", "get_running_loop")?.call0()
}

/// A future of asyncio's, in the state in which a coroutine yields one.
fn waiter_of<'py>(event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = event_loop.py();
    let waiter = event_loop.call_method0(intern!(py, "create_future"))?;
    waiter.setattr(intern!(py, "_asyncio_future_blocking"), true)?;
    Ok(waiter)
}

#[pymethods]
impl Awaitable {
    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.qualified_name
    }

    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.step(py)
    }

    /// The value is ignored: nothing in there waits for one.
    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.step(py)
    }

    /// Ends it with an exception: the Rust future is dropped. That is how a task is cancelled.
    #[pyo3(signature = (r#type, value = None, traceback = None, /))]
    fn throw(
        &self,
        r#type: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<Bound<'_, PyTraceback>>,
    ) -> PyResult<Py<PyAny>> {
        self.finish();
        Err(thrown(r#type, value, traceback)?)
    }

    /// Ends it: the Rust future is dropped.
    fn close(&self) {
        self.finish();
    }

    fn __repr__(&self) -> String {
        let state = match &*self.state.lock() {
            State::New(_) => "not started",
            State::UnderWay(_) => "under way",
            State::Done => "done",
        };
        format!("<ironbridge.Awaitable {}, {state}>", self.qualified_name)
    }

    #[allow(clippy::needless_pass_by_value, reason = "the protocol has it so")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // What is locked is in use.
        if let Some(state) = self.state.try_lock()
            && let State::UnderWay(under_way) = &*state
            && let Some(waiter) = under_way.call.waiter().try_lock()
        {
            visit.call(&*waiter)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.finish();
    }
}

/// The exception that `throw` was given, in one of three ways.
fn thrown(
    kind: &Bound<'_, PyAny>,
    value: Option<&Bound<'_, PyAny>>,
    traceback: Option<Bound<'_, PyTraceback>>,
) -> PyResult<PyErr> {
    let py = kind.py();
    let raised = match (kind.cast::<PyType>(), value) {
        (Ok(kind), None) => kind.call0()?,
        (Ok(kind), Some(value)) if value.is_instance(kind)? => value.clone(),
        (Ok(kind), Some(value)) => kind.call1((value,))?,
        (Err(_), _) => kind.clone(),
    };
    if !raised.is_instance_of::<pyo3::exceptions::PyBaseException>() {
        let text = "exceptions must be classes or instances deriving from BaseException";
        return Err(PyTypeError::new_err(text));
    }
    let raised = PyErr::from_value(raised);
    if traceback.is_some() {
        raised.set_traceback(py, traceback);
    }
    Ok(raised)
}

impl Drop for Awaitable {
    fn drop(&mut self) {
        if matches!(self.state.get_mut(), State::New(_)) {
            Python::attach(|py| never_awaited(py, self.qualified_name));
        }
    }
}

/// Warns, as Python does of its own coroutines.
#[cold]
fn never_awaited(py: Python<'_>, what: &str) {
    // An object may go while an exception is on its way.
    let raised = take_raised(py);
    let text = format!("coroutine '{what}' was never awaited");
    if let Ok(text) = std::ffi::CString::new(text)
        && let Err(error) = PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)
    {
        // A warning that was made an error has nobody to catch it here.
        error.write_unraisable(py, None);
    }
    if let Some(raised) = raised {
        PyErr::from_value(raised.into_any()).restore(py);
    }
}

impl std::fmt::Debug for Awaitable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.__repr__())
    }
}
