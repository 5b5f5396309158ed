//! A call under way: what the Rust future and the object that Python awaits share.

use std::any::TypeId;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::{IntoPyObjectExt, intern};

use super::context::Context;
use super::mailbox::Mailbox;
use super::panic::{Panicked, caught};
use crate::sync::Mutex;

/// Makes Python's value of what a future gave, or its exception.
type Outcome = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

pub(super) struct Call {
    what: &'static str,
    mailbox: Arc<Mailbox>,
    context: Context,
    /// The future of asyncio's that a task waits for. It is part of a circle: the task has the object that Python awaits,
    /// which has this. So that object shows it to the garbage collector, and nobody else has a reference.
    waiter: Mutex<Option<Py<PyAny>>>,
    outcome: Mutex<Option<Outcome>>,
    /// Nobody waits any more.
    abandoned: AtomicBool,
}

impl Call {
    pub(super) fn new(
        what: &'static str,
        mailbox: Arc<Mailbox>,
        context: Context,
        waiter: Py<PyAny>,
    ) -> Arc<Self> {
        Arc::new(Self {
            what,
            mailbox,
            context,
            waiter: Mutex::new(Some(waiter)),
            outcome: Mutex::new(None),
            abandoned: AtomicBool::new(false),
        })
    }

    /// What the future gave, where it has completed. Once.
    pub(super) fn take_outcome(&self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        let outcome = self.outcome.lock().take()?;
        Some(caught(|| outcome(py)).unwrap_or_else(|panicked| Err(panicked.raise(self.what))))
    }

    pub(super) fn waiter(&self) -> &Mutex<Option<Py<PyAny>>> {
        &self.waiter
    }

    /// Nobody waits any more: what completes later is dropped.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        let waiter = self.waiter.lock().take();
        // Not while the lock is held: it may be the last reference, and what goes with it runs code.
        drop(waiter);
    }

    /// On the loop's thread: wakes the task that waits.
    pub(super) fn wake(&self, py: Python<'_>) {
        let waiter = self.waiter.lock().take();
        if let Some(waiter) = waiter {
            // One that was cancelled raises, and its task is awake.
            let _ = waiter.call_method1(py, intern!(py, "set_result"), (py.None(),));
        }
    }

    /// Hands itself to the loop's thread, which can drop Python's objects at once.
    fn complete(self: Arc<Self>, outcome: Outcome) {
        if self.abandoned.load(Ordering::Relaxed) {
            return;
        }
        *self.outcome.lock() = Some(outcome);
        let mailbox = self.mailbox.clone();
        mailbox.put(self);
    }
}

/// Runs a future on the runtime, to complete a call.
pub(super) async fn run<F, T, E>(future: F, call: Arc<Call>)
where
    F: Future<Output = Result<T, E>> + Send,
    T: for<'py> IntoPyObject<'py> + Send + 'static,
    E: Into<PyErr> + Send + 'static,
{
    let completion = Completion(Some(call));
    let mut future = pin!(future);
    let outcome = poll_fn(|task| {
        let poll = || future.as_mut().poll(task);
        match caught(|| completion.in_context(poll)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    })
    .await;
    completion.with(outcome);
}

/// A call that is completed in any case: a future is dropped with its runtime, too.
struct Completion(Option<Arc<Call>>);

impl Completion {
    fn in_context<R>(&self, f: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(call) => call.context.scope(f),
            None => f(),
        }
    }

    fn with<T, E>(mut self, outcome: Result<Result<T, E>, Panicked>)
    where
        T: for<'py> IntoPyObject<'py> + Send + 'static,
        E: Into<PyErr> + Send + 'static,
    {
        let Some(call) = self.0.take() else {
            return;
        };
        let what = call.what;
        call.complete(match outcome {
            Ok(Ok(value)) => Box::new(move |py| into_python(py, value)),
            Ok(Err(error)) => Box::new(move |_py| Err(error.into())),
            Err(panicked) => Box::new(move |_py| Err(panicked.raise(what))),
        });
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            let what = call.what;
            call.complete(Box::new(move |_py| {
                let text = format!("{what}() was dropped: the runtime of its extension has ended");
                Err(PyRuntimeError::new_err(text))
            }));
        }
    }
}

fn into_python<T>(py: Python<'_>, value: T) -> PyResult<Py<PyAny>>
where
    T: for<'py> IntoPyObject<'py> + 'static,
{
    // PyO3 makes an empty tuple of it.
    if TypeId::of::<T>() == TypeId::of::<()>() {
        return Ok(py.None());
    }
    value.into_py_any(py)
}
