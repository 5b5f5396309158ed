//! The loop's own side: what its thread calls, and the tasks that run there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict};
use pyo3::{Py, intern, wrap_pyfunction};

use super::{Message, PENDING, ROOM, lock};
use crate::aio::call::{Departure, Ticket};
use crate::aio::stats;
use crate::aio::surroundings::context_keyword;

/// So long the loop's thread looks for more messages, detached, when a call is done, before it sleeps: being woken costs
/// more.
const LOOK: Duration = Duration::from_micros(40);

/// A call of [`look`] is scheduled.
pub(super) static LOOK_IS_DUE: AtomicBool = AtomicBool::new(false);

/// A coroutine that runs, by the address of its call.
pub(super) struct Running {
    pub(super) task: Py<PyAny>,
    pub(super) ticket: Ticket,
}

static TASKS: LazyLock<Mutex<HashMap<usize, Running>>> = LazyLock::new(Mutex::default);

/// Held for a few moves.
pub(super) fn tasks() -> MutexGuard<'static, HashMap<usize, Running>> {
    TASKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn address(departure: &dyn Departure) -> usize {
    std::ptr::from_ref(departure).addr()
}

/// Called by the loop when it was woken: does what the messages say.
#[pyfunction]
pub(super) fn take_messages(event_loop: &Bound<'_, PyAny>) {
    let py = event_loop.py();
    let messages = lock().take();
    stats::count_attach();
    let mut calls = 0;
    for message in messages {
        match message {
            Message::Start(ticket) => {
                calls += 1;
                match ticket.departure().depart(py, &ROOM, None) {
                    Some(Ok(awaitable)) => run(event_loop, &awaitable, ticket),
                    Some(Err(error)) => wake(ticket.close(|call| call.fail(error))),
                    None => wake(ticket.close(|_| None)),
                }
            }
            Message::Await(awaitable, ticket) if ticket.departure().is_abandoned() => {
                wake(ticket.close(|_| None));
                // A coroutine that is just dropped warns that it was never awaited.
                let _ = awaitable.call_method0(py, intern!(py, "close"));
            }
            Message::Await(awaitable, ticket) => run(event_loop, awaitable.bind(py), ticket),
            Message::Cancel(departure) => cancel_task(py, address(&*departure)),
            Message::Resume(steered) => steered.resume(py),
            Message::Stop(steered, departure) => {
                if steered.stops() {
                    cancel_task(py, address(&*departure));
                }
            }
            Message::CancelAll => {
                let running: Vec<usize> = tasks().keys().copied().collect();
                for address in running {
                    cancel_task(py, address);
                }
            }
        }
    }
    stats::count_calls(calls);
}

/// Has the loop look for more messages before it sleeps.
pub(in crate::aio) fn look_soon(event_loop: &Bound<'_, PyAny>) {
    if !LOOK_IS_DUE.swap(true, Ordering::Relaxed) {
        let _ = schedule_look(event_loop);
    }
}

fn schedule_look(event_loop: &Bound<'_, PyAny>) -> PyResult<()> {
    static LOOK_FUNCTION: PyOnceLock<Py<PyCFunction>> = PyOnceLock::new();
    let py = event_loop.py();
    let look =
        LOOK_FUNCTION.get_or_try_init(py, || wrap_pyfunction!(look, py).map(Bound::unbind))?;
    event_loop.call_method1(intern!(py, "call_soon"), (look, event_loop))?;
    Ok(())
}

/// Called by the loop after calls were done: looks for more, and takes them.
#[pyfunction]
fn look(event_loop: &Bound<'_, PyAny>) {
    LOOK_IS_DUE.store(false, Ordering::Relaxed);
    lock().looks = true;
    event_loop.py().detach(|| {
        let begun = Instant::now();
        while !PENDING.load(Ordering::Acquire) && begun.elapsed() < LOOK {
            std::hint::spin_loop();
        }
    });
    take_messages(event_loop);
}

pub(super) fn wake(waker: Option<std::task::Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn cancel_task(py: Python<'_>, address: usize) {
    let task = tasks()
        .get(&address)
        .map(|running| running.task.clone_ref(py));
    if let Some(task) = task {
        let _ = task.call_method0(py, intern!(py, "cancel"));
    }
}

/// Runs an awaitable as a task.
fn run(event_loop: &Bound<'_, PyAny>, awaitable: &Bound<'_, PyAny>, ticket: Ticket) {
    let py = event_loop.py();
    let task = match create_task(event_loop, awaitable, ticket.departure()) {
        Ok(task) => task,
        Err(raised) => return wake(ticket.close(|call| call.raise(py, raised))),
    };
    let address = address(ticket.departure());
    let running = Running {
        task: task.clone().unbind(),
        ticket,
    };
    tasks().insert(address, running);
    let landed = Landed {
        address,
        event_loop: event_loop.clone().unbind(),
    };
    if let Err(raised) = task.call_method1(intern!(py, "add_done_callback"), (landed,)) {
        let lost = tasks().remove(&address);
        wake(lost.and_then(|lost| lost.ticket.close(|call| call.raise(py, raised))));
    }
}

fn create_task<'py>(
    event_loop: &Bound<'py, PyAny>,
    awaitable: &Bound<'py, PyAny>,
    departure: &dyn Departure,
) -> PyResult<Bound<'py, PyAny>> {
    let py = event_loop.py();
    let name = intern!(py, "create_task");
    let created = match departure.surroundings().of_task(py)? {
        None => event_loop.call_method1(name, (awaitable,)),
        Some(context) => {
            let keywords = PyDict::new(py);
            keywords.set_item(context_keyword(py), context)?;
            event_loop.call_method(name, (awaitable,), Some(&keywords))
        }
    };
    match created {
        // No coroutine, but perhaps something else that can be awaited.
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => {
            let keywords = PyDict::new(py);
            keywords.set_item("loop", event_loop)?;
            let asyncio = py.import("asyncio")?;
            asyncio
                .getattr("ensure_future")?
                .call((awaitable,), Some(&keywords))
        }
        created => created,
    }
}

/// What a task calls when it is done.
#[pyclass(frozen, name = "Landed", module = "ironbridge")]
struct Landed {
    address: usize,
    event_loop: Py<PyAny>,
}

#[pymethods]
impl Landed {
    fn __call__(&self, task: &Bound<'_, PyAny>) {
        let py = task.py();
        // Where the loop was lost, others have closed it.
        let Some(running) = tasks().remove(&self.address) else {
            return;
        };
        let waker = running.ticket.close(|call| {
            // An exception that nobody takes is left with the task, which reports it.
            if call.is_abandoned() {
                return None;
            }
            match task.call_method0(intern!(py, "result")) {
                Ok(value) => call.arrive(&value),
                Err(raised) => call.raise(py, raised),
            }
        });
        wake(waker);
        look_soon(self.event_loop.bind(py));
    }
}
