//! The threads that run plain functions: made when there is more to do than hands, kept from then on.

use std::borrow::Cow;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_queue::ConcurrentQueue;
use pyo3::prelude::*;

use super::call::{Departure, Ticket};
use super::kind::is_awaitable;
use super::room::Room;
use super::{asyncio, end, stats};
use crate::error::{Error, Report};
use crate::interpreter::{self, attach};

/// Python wants room for deep recursion and for imports of big libraries.
const STACK: usize = 16 << 20;

/// A thread that has made calls for so long lets others have the interpreter.
const LONGEST: Duration = Duration::from_millis(5);

/// A thread that had work looks for more for so long before it sleeps: waking one costs more.
const LOOK: Duration = Duration::from_micros(30);

/// How long is waited, at the end, for threads to leave the import system, where they cannot be interrupted.
const PATIENCE: Duration = Duration::from_secs(1);

/// The threads. What they are to do is in [`WAITING`].
struct Pool {
    workers: Vec<Arc<Worker>>,
    /// The process that the threads run in: a forked child has none of them.
    process: u32,
    /// Python was shut down.
    ended: bool,
}

/// A thread, as others see it.
#[derive(Default)]
struct Worker {
    /// What it calls.
    call: Mutex<Option<Arc<dyn Departure>>>,
}

impl Worker {
    /// Held for a move.
    fn call(&self) -> MutexGuard<'_, Option<Arc<dyn Departure>>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    workers: Vec::new(),
    process: 0,
    ended: false,
});

/// Calls that no thread has taken; those that their futures left, too, as empty tickets.
static WAITING: LazyLock<ConcurrentQueue<Ticket>> = LazyLock::new(ConcurrentQueue::unbounded);
/// How many of [`WAITING`] are not empty.
pub(super) static ROOM: Room = Room::new();

/// Threads that sleep, or are about to.
static IDLE: AtomicUsize = AtomicUsize::new(0);
static SLEEP: Mutex<()> = Mutex::new(());
static COME: Condvar = Condvar::new();

/// What [`submit`] needs to know each time: all threads that there may be run, in this process, and take calls.
static FULL: AtomicU32 = AtomicU32::new(0);

/// Held for a few moves of memory: so it may be taken attached.
fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a thread make the call. A place in [`ROOM`] was taken for it.
pub(super) fn submit(ticket: Ticket) {
    if FULL.load(Ordering::Relaxed) == std::process::id() {
        push(ticket);
    } else {
        submit_to_new(ticket);
    }
}

fn push(ticket: Ticket) {
    // It is never closed.
    let _ = WAITING.push(ticket);
    // Pairs with the fence in `sleep`: either this sees the thread that goes to sleep, or that one sees the call.
    fence(Ordering::SeqCst);
    if IDLE.load(Ordering::Relaxed) > 0 {
        let _sleep = SLEEP.lock().unwrap_or_else(PoisonError::into_inner);
        COME.notify_one();
    }
}

/// Where a thread may have to be made for the call.
#[cold]
fn submit_to_new(ticket: Ticket) {
    let most = interpreter::pool_threads();
    let process = std::process::id();
    let mut pool = lock();
    if pool.process != process {
        pool.forget_parent();
        pool.process = process;
    }
    if pool.ended {
        drop(pool);
        ticket.refuse(&ROOM, end::ended());
        return;
    }
    push(ticket);
    if IDLE.load(Ordering::Relaxed) >= WAITING.len() {
        return;
    }
    if pool.workers.len() < most {
        let worker = Arc::new(Worker::default());
        pool.workers.push(worker.clone());
        let name = format!("ironbridge-pool-{}", pool.workers.len());
        let made = thread::Builder::new()
            .name(name.clone())
            .stack_size(STACK)
            .spawn(move || work(&name, &worker));
        if let Err(error) = made {
            no_thread(pool, &error);
            return;
        }
    }
    if pool.workers.len() >= most {
        FULL.store(process, Ordering::Relaxed);
    }
}

impl Pool {
    /// Those calls belong to threads that are not here.
    fn forget_parent(&mut self) {
        if self.process != 0 {
            while let Ok(ticket) = WAITING.pop() {
                mem::forget(ticket);
            }
            ROOM.clear();
            IDLE.store(0, Ordering::Relaxed);
        }
        self.workers.clear();
    }
}

/// Takes out what is left of calls whose futures left them, when there are more of these than others, so that a stuck
/// thread does not make them grow without bound.
pub(super) fn sweep() {
    let waiting = WAITING.len();
    if waiting < 2 * ROOM.taken() + 1024 {
        return;
    }
    for _ in 0..waiting {
        match WAITING.pop() {
            Ok(ticket) if ticket.departure().is_abandoned() => drop(ticket),
            Ok(ticket) => push(ticket),
            Err(_) => return,
        }
    }
}

/// Ends all that waits.
fn refuse_waiting(why: impl Fn() -> Error) {
    while let Ok(ticket) = WAITING.pop() {
        ticket.refuse(&ROOM, why());
    }
}

/// No more calls are taken.
pub(super) fn close() {
    lock().ended = true;
    FULL.store(0, Ordering::Relaxed);
}

/// Ends what waits and interrupts what is under way, at the end of Python.
pub(super) fn cancel(py: Python<'_>) {
    refuse_waiting(end::ended);
    let workers = lock().workers.clone();
    let begun = Instant::now();
    for worker in workers {
        let Some(call) = worker.call().clone() else {
            continue;
        };
        while !call.interrupt(py) && begun.elapsed() < PATIENCE {
            py.detach(|| thread::sleep(LONGEST));
        }
    }
}

/// Calls that are not done: how many wait, and what is under way.
pub(super) fn left() -> (usize, Vec<Cow<'static, str>>) {
    let pool = lock();
    let under_way = pool
        .workers
        .iter()
        .filter_map(|worker| worker.call().as_ref().map(|call| call.what()));
    (ROOM.taken(), under_way.collect())
}

/// Ends the calls that go on, for those who wait for them.
pub(super) fn give_up() {
    let workers = lock().workers.clone();
    for worker in workers {
        let call = worker.call().clone();
        if let Some(waker) = call.and_then(|call| call.fail(end::left_behind(&call.what()))) {
            waker.wake();
        }
    }
}

/// Without any thread the calls fail; with one they wait for it.
fn no_thread(mut pool: MutexGuard<'_, Pool>, error: &std::io::Error) {
    pool.workers.pop();
    if !pool.workers.is_empty() {
        return;
    }
    drop(pool);
    refuse_waiting(|| {
        let report = Report::new("no thread could be made to run a Python function on");
        Error::start(report.detail("cause", error.to_string()))
    });
}

fn work(name: &str, worker: &Worker) {
    let _ = attach(|py| name_thread(py, name));
    let thread = interpreter::thread_ident();
    loop {
        wait();
        // A panic of a conversion costs one call, not the thread.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            attach(|py| work_attached(py, worker, thread))
        }));
        let lost = worker.call().take();
        drop(lost);
        if let Ok(Err(error)) = outcome {
            // Where no thread can attach any more, no call can be made.
            refuse_waiting(|| Error::start(error.to_string()));
        }
    }
}

/// Waits until there is a call to make. It is not taken yet: while this thread waits for the interpreter, the one that
/// has it may come to make the call.
fn wait() {
    let begun = Instant::now();
    while WAITING.is_empty() {
        if begun.elapsed() > LOOK {
            sleep();
            return;
        }
        std::hint::spin_loop();
    }
}

fn sleep() {
    let mut sleeping = SLEEP.lock().unwrap_or_else(PoisonError::into_inner);
    IDLE.fetch_add(1, Ordering::Relaxed);
    // Pairs with the fence in `push`.
    fence(Ordering::SeqCst);
    while WAITING.is_empty() {
        sleeping = COME.wait(sleeping).unwrap_or_else(PoisonError::into_inner);
    }
    IDLE.fetch_sub(1, Ordering::Relaxed);
}

/// Makes the calls that wait, as long as there are some: handing the interpreter from thread to thread costs more than
/// most calls. Others that want it get it in between.
fn work_attached(py: Python<'_>, worker: &Worker, thread: usize) {
    stats::count_attach();
    let mut calls = 0;
    let begun = Instant::now();
    while begun.elapsed() < LONGEST {
        let Ok(ticket) = WAITING.pop() else {
            break;
        };
        *worker.call() = Some(ticket.shared());
        // At once: the next call may be a long one.
        if let Some(waker) = make(py, thread, ticket) {
            waker.wake();
        }
        let done = worker.call().take();
        drop(done);
        calls += 1;
    }
    stats::count_calls(calls);
}

fn make(py: Python<'_>, thread: usize, ticket: Ticket) -> Option<Waker> {
    let call = ticket.departure();
    let made = call.depart(py, &ROOM, Some(thread));
    let interrupted = made.is_some() && call.returned(py);
    match made {
        Some(Ok(value)) if is_awaitable(&value) => {
            asyncio::hand_over(value.unbind(), ticket);
            None
        }
        Some(Ok(value)) => ticket.close(|call| call.arrive(&value)),
        // Of a timeout nobody waits: it was the end of Python's.
        Some(Err(error)) if interrupted => {
            ticket.close(|call| call.fail(end::interrupted(&call.what(), error)))
        }
        Some(Err(error)) => ticket.close(|call| call.fail(error)),
        None => ticket.close(|_| None),
    }
}

/// What Python's `threading` calls this thread.
fn name_thread(py: Python<'_>, name: &str) -> PyResult<()> {
    let threading = py.import("threading")?;
    threading
        .call_method0("current_thread")?
        .setattr("name", name)
}
