//! The thread that runs coroutines, seen from Rust: a queue, a socket that wakes it, and what it calls.

use std::io::Write;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{Py, intern, wrap_pyfunction};

use super::flight::{Arrival, Departure};
use crate::error::{Error, ErrorKind, Report, Result};
use crate::interpreter::attach;
use crate::interpreter::start::bootstrap;

#[cfg(not(unix))]
type Socket = std::net::TcpStream;
#[cfg(unix)]
type Socket = std::os::unix::net::UnixStream;

/// What the loop is to do.
enum Message {
    Start(Box<dyn Departure>),
    /// A plain function gave something to await.
    Await(Py<PyAny>, Arc<dyn Arrival>),
    Cancel(u64),
}

struct Loop {
    phase: Phase,
    messages: Vec<Message>,
    /// The process that it runs in: a forked child has the memory, but not the thread.
    process: u32,
}

enum Phase {
    NotStarted,
    Starting,
    Running(Socket),
    /// Python's end was played.
    Ended,
}

static LOOP: Mutex<Loop> = Mutex::new(Loop {
    phase: Phase::NotStarted,
    messages: Vec::new(),
    process: 0,
});

/// Held for a few moves and, to wake the loop, a write that does not wait: so it may be taken attached.
fn lock() -> MutexGuard<'static, Loop> {
    LOOP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the loop make and run a coroutine.
pub(super) fn submit(departure: Box<dyn Departure>) {
    send(Message::Start(departure));
}

/// Has the loop await what a plain function gave.
pub(super) fn hand_over(awaitable: Py<PyAny>, arrival: Arc<dyn Arrival>) {
    send(Message::Await(awaitable, arrival));
}

/// Has the loop cancel a task, where it still runs.
pub(super) fn cancel(number: u64) {
    send(Message::Cancel(number));
}

fn send(message: Message) {
    let mut this = lock();
    let process = std::process::id();
    if this.process != process {
        // What is left there belongs to the threads of another process, and is nobody's here.
        mem::forget(mem::take(&mut this.messages));
        mem::forget(mem::replace(&mut this.phase, Phase::NotStarted));
        this.process = process;
    }
    match (&this.phase, &message) {
        (Phase::Ended, _) => {
            drop(this);
            refuse(vec![message], ended);
            return;
        }
        // Without a loop there is no task.
        (Phase::NotStarted, Message::Cancel(_)) => return,
        _ => {}
    }
    this.messages.push(message);
    match &this.phase {
        // Of those that come together one wakes it.
        Phase::Running(_) if this.messages.len() == 1 => this.wake(),
        Phase::NotStarted => {
            this.phase = Phase::Starting;
            drop(this);
            start();
        }
        _ => {}
    }
}

impl Loop {
    fn wake(&mut self) {
        if let Phase::Running(socket) = &mut self.phase {
            // Where there is no room for a byte more, there are enough to wake it.
            let _ = socket.write(&[1]);
        }
    }
}

/// Starts the loop, on a thread: whoever polls does not attach, nor wait.
fn start() {
    let starting = thread::Builder::new()
        .name("ironbridge-start".into())
        .spawn(|| {
            if let Err(error) = start_attached() {
                fail_to_start(&error.to_string());
            }
        });
    if let Err(error) = starting {
        fail_to_start(&error.to_string());
    }
}

fn start_attached() -> Result<()> {
    let (here, there) = socket_pair().map_err(|error| {
        Error::start(Report::new("no socket to wake the event loop by").caused_by(error))
    })?;
    attach(|py| {
        let start = bootstrap(py, "loop.py", include_str!("loop.py"), "start")?;
        start.call1((
            raw(there),
            wrap_pyfunction!(take_messages, py)?,
            wrap_pyfunction!(end, py)?,
        ))?;
        PyResult::Ok(())
    })??;
    let mut this = lock();
    this.phase = Phase::Running(here);
    this.wake();
    Ok(())
}

fn fail_to_start(why: &str) {
    let mut this = lock();
    // It may be tried again.
    this.phase = Phase::NotStarted;
    let messages = mem::take(&mut this.messages);
    drop(this);
    refuse(messages, || {
        Error::start(Report::new("the event loop could not be started").detail("cause", why))
    });
}

fn ended() -> Error {
    Error::report(
        ErrorKind::Cancelled,
        Report::new("the event loop has ended: Python's end was played"),
    )
}

fn refuse(messages: Vec<Message>, why: impl Fn() -> Error) {
    for message in messages {
        match message {
            Message::Start(departure) => departure.refuse(why()),
            Message::Await(_, arrival) => arrival.fail(why()),
            Message::Cancel(_) => {}
        }
    }
}

/// Two ends of a socket, neither of which ever waits.
#[cfg(unix)]
fn socket_pair() -> std::io::Result<(Socket, Socket)> {
    let (here, there) = Socket::pair()?;
    here.set_nonblocking(true)?;
    there.set_nonblocking(true)?;
    Ok((here, there))
}

/// Two ends of a socket, neither of which ever waits.
#[cfg(not(unix))]
fn socket_pair() -> std::io::Result<(Socket, Socket)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let here = Socket::connect(listener.local_addr()?)?;
    let there = loop {
        let (there, from) = listener.accept()?;
        // Not someone else's who found the port.
        if from == here.local_addr()? {
            break there;
        }
    };
    here.set_nodelay(true)?;
    here.set_nonblocking(true)?;
    there.set_nonblocking(true)?;
    Ok((here, there))
}

/// The end that goes to Python, which closes it.
#[cfg(unix)]
fn raw(socket: Socket) -> std::os::fd::RawFd {
    std::os::fd::IntoRawFd::into_raw_fd(socket)
}

/// The end that goes to Python, which closes it.
#[cfg(windows)]
fn raw(socket: Socket) -> u64 {
    std::os::windows::io::IntoRawSocket::into_raw_socket(socket)
}

/// Called by the loop when it was woken: does what the messages say.
#[pyfunction]
fn take_messages(event_loop: &Bound<'_, PyAny>, tasks: &Bound<'_, PyDict>) {
    let py = tasks.py();
    let messages = mem::take(&mut lock().messages);
    for message in messages {
        match message {
            Message::Start(departure) if departure.is_abandoned() => {}
            Message::Start(departure) => match departure.depart(py) {
                (Ok(awaitable), arrival) => run(event_loop, tasks, &awaitable, &arrival),
                (Err(error), arrival) => arrival.fail(error),
            },
            Message::Await(awaitable, arrival) if arrival.is_abandoned() => {
                // A coroutine that is just dropped warns that it was never awaited.
                let _ = awaitable.call_method0(py, intern!(py, "close"));
            }
            Message::Await(awaitable, arrival) => {
                run(event_loop, tasks, awaitable.bind(py), &arrival);
            }
            Message::Cancel(number) => {
                if let Ok(Some(task)) = tasks.get_item(number) {
                    let _ = task.call_method0(intern!(py, "cancel"));
                }
            }
        }
    }
}

/// Runs an awaitable as a task.
fn run(
    event_loop: &Bound<'_, PyAny>,
    tasks: &Bound<'_, PyDict>,
    awaitable: &Bound<'_, PyAny>,
    arrival: &Arc<dyn Arrival>,
) {
    let py = tasks.py();
    let number = arrival.number();
    let start = || {
        let task = match event_loop.call_method1(intern!(py, "create_task"), (awaitable,)) {
            Ok(task) => task,
            // No coroutine, but perhaps something else that can be awaited.
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => {
                let keywords = PyDict::new(py);
                keywords.set_item("loop", event_loop)?;
                py.import("asyncio")?
                    .getattr("ensure_future")?
                    .call((awaitable,), Some(&keywords))?
            }
            Err(error) => return Err(error),
        };
        tasks.set_item(number, &task)?;
        let landed = Landed {
            arrival: arrival.clone(),
            tasks: tasks.clone().unbind(),
        };
        task.call_method1(intern!(py, "add_done_callback"), (landed,))?;
        PyResult::Ok(())
    };
    if let Err(error) = start() {
        let _ = tasks.del_item(number);
        arrival.raise(py, error);
    }
}

/// What a task calls when it is done.
#[pyclass(frozen, name = "Landed", module = "ironbridge")]
struct Landed {
    arrival: Arc<dyn Arrival>,
    tasks: Py<PyDict>,
}

#[pymethods]
impl Landed {
    fn __call__(&self, task: &Bound<'_, PyAny>) {
        let py = task.py();
        let _ = self.tasks.bind(py).del_item(self.arrival.number());
        // An exception that nobody takes is left with the task, which reports it.
        if self.arrival.is_abandoned() {
            return;
        }
        match task.call_method0(intern!(py, "result")) {
            Ok(value) => self.arrival.arrive(&value),
            Err(raised) => self.arrival.raise(py, raised),
        }
    }
}

/// Called at Python's end: nothing is taken any more.
#[pyfunction]
fn end() {
    let mut this = lock();
    this.phase = Phase::Ended;
    let messages = mem::take(&mut this.messages);
    drop(this);
    refuse(messages, ended);
}
