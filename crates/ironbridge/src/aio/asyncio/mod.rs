//! The thread that runs coroutines, seen from Rust: a queue, a socket that wakes it, and what it calls.
//!
//! A loop that dies (a task broke its selector, say) fails the calls that it had, and the next call starts another one.

mod tasks;

use std::borrow::Cow;
use std::io::Write;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::{Py, wrap_pyfunction};

pub(super) use self::tasks::look_soon;
use self::tasks::{LOOK_IS_DUE, Running, take_messages, tasks, wake};
use super::call::{Departure, Ticket};
use super::end;
use super::room::Room;
use crate::error::{Error, ErrorKind, Report, Result};
use crate::interpreter::attach;
use crate::interpreter::start::bootstrap;

#[cfg(not(unix))]
type Socket = std::net::TcpStream;
#[cfg(unix)]
type Socket = std::os::unix::net::UnixStream;

/// What the loop is to do.
enum Message {
    Start(Ticket),
    /// A plain function gave something to await.
    Await(Py<PyAny>, Ticket),
    Cancel(Arc<dyn Departure>),
    CancelAll,
    Resume(Arc<dyn Steered>),
    Stop(Arc<dyn Steered>, Arc<dyn Departure>),
}

/// A task of the loop that Rust steers while it runs. Called on the loop's thread.
pub(super) trait Steered: Send + Sync {
    /// Ends its wait for Rust.
    fn resume(&self, py: Python<'_>);

    /// Whether it was not about to end by itself, as it does now.
    fn stops(&self) -> bool;
}

struct Loop {
    phase: Phase,
    messages: Vec<Message>,
    /// The process that it runs in: a forked child has the memory, but not the thread.
    process: u32,
    /// Python's end is played: no more calls are taken.
    closed: bool,
    /// The loop's thread looks at [`PENDING`], and needs no wake-up.
    looks: bool,
}

enum Phase {
    NotStarted,
    Starting,
    Running(Socket),
}

static LOOP: Mutex<Loop> = Mutex::new(Loop {
    phase: Phase::NotStarted,
    messages: Vec::new(),
    process: 0,
    closed: false,
    looks: false,
});

/// There are messages.
static PENDING: AtomicBool = AtomicBool::new(false);

/// What ends the loop that runs.
static STOP: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

fn stop_of_loop() -> MutexGuard<'static, Option<Py<PyAny>>> {
    STOP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls that wait for the loop.
pub(super) static ROOM: Room = Room::new();

/// Held for a few moves and, to wake the loop, a write that does not wait: so it may be taken attached.
fn lock() -> MutexGuard<'static, Loop> {
    LOOP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the loop make and run a coroutine. A place in [`ROOM`] was taken for it.
pub(super) fn submit(ticket: Ticket) {
    send(Message::Start(ticket));
}

/// Has the loop await what a plain function gave.
pub(super) fn hand_over(awaitable: Py<PyAny>, ticket: Ticket) {
    send(Message::Await(awaitable, ticket));
}

/// Has the loop cancel a task, where it still runs.
pub(super) fn cancel(departure: Arc<dyn Departure>) {
    send(Message::Cancel(departure));
}

/// Has the loop resume a task, where it still waits.
pub(super) fn resume(steered: Arc<dyn Steered>) {
    send(Message::Resume(steered));
}

/// Has the loop cancel a task, where it still runs and does not end by itself: what it does at its end is not disturbed.
pub(super) fn stop_task(steered: Arc<dyn Steered>, departure: Arc<dyn Departure>) {
    send(Message::Stop(steered, departure));
}

fn send(message: Message) {
    let mut this = lock();
    let process = std::process::id();
    if this.process != process {
        // What is left there belongs to the threads of another process, and is nobody's here.
        mem::forget(mem::take(&mut this.messages));
        mem::forget(mem::replace(&mut this.phase, Phase::NotStarted));
        if this.process != 0 {
            mem::forget(mem::take(&mut *tasks()));
            this.looks = false;
            LOOK_IS_DUE.store(false, Ordering::Relaxed);
            ROOM.clear();
        }
        this.process = process;
    }
    match (&this.phase, &message) {
        (_, Message::Start(_)) | (Phase::NotStarted, Message::Await(..)) if this.closed => {
            drop(this);
            refuse(vec![message], end::ended);
            return;
        }
        // Without a loop there is no task.
        (
            Phase::NotStarted,
            Message::Cancel(_) | Message::CancelAll | Message::Resume(_) | Message::Stop(..),
        ) => return,
        _ => {}
    }
    this.messages.push(message);
    PENDING.store(true, Ordering::Release);
    match &this.phase {
        // Of those that come together one wakes it.
        Phase::Running(_) if this.messages.len() == 1 && !this.looks => this.wake(),
        Phase::NotStarted => {
            this.phase = Phase::Starting;
            drop(this);
            start();
        }
        _ => {}
    }
}

impl Loop {
    fn take(&mut self) -> Vec<Message> {
        self.looks = false;
        PENDING.store(false, Ordering::Relaxed);
        mem::take(&mut self.messages)
    }

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
        let stop = start.call1((
            raw(there),
            wrap_pyfunction!(take_messages, py)?,
            wrap_pyfunction!(lost, py)?,
            wrap_pyfunction!(end_of_host, py)?,
        ))?;
        let before = stop_of_loop().replace(stop.unbind());
        drop(before);
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

fn refuse(messages: Vec<Message>, why: impl Fn() -> Error) {
    for message in messages {
        match message {
            Message::Start(ticket) => ticket.refuse(&ROOM, why()),
            // It left its place when it was made.
            Message::Await(_, ticket) => {
                if let Some(waker) = ticket.close(|call| call.fail(why())) {
                    waker.wake();
                }
            }
            Message::Cancel(_) | Message::CancelAll | Message::Resume(_) | Message::Stop(..) => {}
        }
    }
}

/// No more calls are taken. Whether there is a loop.
pub(super) fn close() -> bool {
    let mut this = lock();
    this.closed = true;
    !matches!(this.phase, Phase::NotStarted)
}

/// Has the loop cancel what runs, and take nothing that waits.
pub(super) fn cancel_all() {
    let mut this = lock();
    let (starts, others) = mem::take(&mut this.messages)
        .into_iter()
        .partition(|message| matches!(message, Message::Start(_)));
    this.messages = others;
    drop(this);
    refuse(starts, end::ended);
    send(Message::CancelAll);
}

/// Calls that are not done: how many wait, and what is under way.
pub(super) fn left() -> (usize, Vec<Cow<'static, str>>) {
    let is_handed_over = |message: &&Message| matches!(message, Message::Await(..));
    let handed_over = lock().messages.iter().filter(is_handed_over).count();
    let under_way = tasks()
        .values()
        .map(|running| running.ticket.departure().what())
        .collect();
    (ROOM.taken() + handed_over, under_way)
}

/// Ends the calls that go on, for those who wait for them.
pub(super) fn give_up() {
    let running = mem::take(&mut *tasks());
    for (
        _,
        Running {
            task: _task,
            ticket,
        },
    ) in running
    {
        wake(ticket.close(|call| call.fail(end::left_behind(&call.what()))));
    }
}

/// Ends the loop.
pub(super) fn stop(py: Python<'_>) {
    let before = mem::replace(&mut lock().phase, Phase::NotStarted);
    let stop = stop_of_loop().take();
    if let Some(stop) = stop {
        // Nobody is left to tell.
        let _ = stop.call0(py);
    }
    // It listens to this.
    drop(before);
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

/// Called when the loop has died: what it had is lost, what comes starts another one.
#[pyfunction]
fn lost(why: &str) {
    let mut this = lock();
    let before = mem::replace(&mut this.phase, Phase::NotStarted);
    let messages = this.take();
    LOOK_IS_DUE.store(false, Ordering::Relaxed);
    drop(this);
    drop(before);
    let lost = || {
        let report = Report::new("the event loop died while the call was under way");
        Error::report(
            ErrorKind::Cancelled,
            report.detail("cause", why).help(
                "the next call starts another one; nothing that runs on it may stop or close it",
            ),
        )
    };
    let running = mem::take(&mut *tasks());
    for (_, running) in running {
        wake(running.ticket.close(|call| call.fail(lost())));
    }
    refuse(messages, lost);
}

/// Called at the end of Python, for a host that is one.
#[pyfunction]
fn end_of_host(py: Python<'_>) {
    super::end(py, Duration::ZERO);
}
