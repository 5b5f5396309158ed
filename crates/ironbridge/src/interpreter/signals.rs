//! Ctrl-C: who is interrupted by a SIGINT, and who dies of it. The table is in [`Interpreter`](super::Interpreter)'s
//! documentation.
//!
//! CPython's own handler only serves its main thread, and once it is installed a Rust loop cannot be stopped with
//! Ctrl-C. Ours asks first whether a call is in flight, and where. What it does is async-signal-safe: it reads
//! atomics, calls `sigaction`, `raise`, `pthread_kill`, `write` and `PyErr_SetInterruptEx`, which is documented as
//! safe there. Raising an exception in another thread needs the interpreter lock, so a small thread does that, woken
//! through a pipe.

use std::{
    io, mem, ptr,
    sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
};

use libc::{SIG_DFL, SIGINT, SIGPIPE, SIGXFSZ, c_int};
use pyo3::{
    ffi,
    prelude::*,
    types::{PyCFunction, PyDict, PyTuple},
};

use super::threads::{self, Slot};

/// The writing end of the pipe to the watcher thread, or -1: none was made, or this is a forked child, whose watcher
/// stayed behind with the parent.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// Other threads than Python's main one may use it, and no watcher is there yet.
static WATCHER_WANTED: AtomicBool = AtomicBool::new(false);

/// The `pthread_t` of Python's main thread where that is the process's main thread, else 0.
static PYTHON_MAIN: AtomicUsize = AtomicUsize::new(0);

/// The SIGINT on its way to Python's main thread was sent by this module.
static KICKED: AtomicBool = AtomicBool::new(false);

/// After how many milliseconds a call that could not be interrupted is tried again.
const POSTPONED_FOR: c_int = 2;

const INTERRUPT: u8 = b'i';
const DELETE: u8 = b'd';

/// The dispositions that a start of CPython may change and that belong to the program.
pub(super) struct Dispositions {
    interrupt: libc::sigaction,
    others: [(c_int, libc::sigaction); 2],
}

impl Dispositions {
    /// As they are now.
    pub(super) fn save() -> Self {
        Self {
            interrupt: disposition(SIGINT),
            others: [SIGPIPE, SIGXFSZ].map(|signal| (signal, disposition(signal))),
        }
    }

    /// Would Ctrl-C end the process?
    pub(super) fn interrupt_is_default(&self) -> bool {
        self.interrupt.sa_sigaction == SIG_DFL
    }

    /// Puts back what is Rust's: SIGPIPE and SIGXFSZ always, SIGINT unless it is to be ours.
    pub(super) fn restore(&self, interrupt_too: bool) {
        for (signal, action) in &self.others {
            set_disposition(*signal, action);
        }
        if interrupt_too {
            set_disposition(SIGINT, &self.interrupt);
        }
    }
}

fn disposition(signal: c_int) -> libc::sigaction {
    // SAFETY: `sigaction` is plain data for which all zeroes is a value; the call only writes to `action`.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        libc::sigaction(signal, ptr::null(), &raw mut action);
        action
    }
}

fn set_disposition(signal: c_int, action: &libc::sigaction) {
    // SAFETY: `action` is a whole `sigaction`: one that was in force, or ours.
    unsafe { libc::sigaction(signal, action, ptr::null_mut()) };
}

/// Installs our handler over CPython's, and makes it stay.
///
/// Call it on the thread that started the interpreter, with CPython's handlers installed.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    remember_main_thread();
    let put_back = PyCFunction::new_closure(
        py,
        Some(c"put_back"),
        None,
        |_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>| install_handler(),
    )?;
    super::start::bootstrap(py, "signals.py", include_str!("signals.py"), "wrap")?
        .call1((put_back,))?;
    install_handler();
    Ok(())
}

fn install_handler() {
    // SAFETY: all zeroes is a value of `sigaction`; `on_interrupt` has the signature that a handler without
    // SA_SIGINFO has, and does only what is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handler_address();
        libc::sigemptyset(&raw mut action.sa_mask);
        // No SA_RESTART: a blocking call of the Python main thread has to return. SA_ONSTACK, as Rust's and Go's
        // run-times ask of handlers in programs that they share.
        action.sa_flags = libc::SA_ONSTACK;
        set_disposition(SIGINT, &action);
    }
}

fn handler_address() -> libc::sighandler_t {
    on_interrupt as extern "C" fn(c_int) as libc::sighandler_t
}

extern "C" fn on_interrupt(_signal: c_int) {
    let errno = errno();
    if KICKED.swap(false, Ordering::Relaxed) {
        // Sent by `interrupt_main_thread`. Too late is no reason to end the process.
        if threads::slots().any(|slot| slot.in_flight() && slot.is_python_main()) {
            set_python_interrupt();
        }
    } else if !interrupt_calls() && is_installed() {
        // Nobody runs Python, and nobody put another handler before ours: end as a program without a handler does.
        // The signal is blocked until this returns; then it is delivered.
        // SAFETY: all zeroes with SIG_DFL is the default disposition; `raise` is async-signal-safe.
        unsafe {
            let mut default: libc::sigaction = mem::zeroed();
            default.sa_sigaction = SIG_DFL;
            set_disposition(SIGINT, &default);
            libc::raise(SIGINT);
        }
    }
    set_errno(errno);
}

/// Is our handler the one that the system calls?
fn is_installed() -> bool {
    disposition(SIGINT).sa_sigaction == handler_address()
}

/// Interrupts every call in flight and says whether there was one. Async-signal-safe.
pub(super) fn interrupt_calls() -> bool {
    let mut main_thread = false;
    let mut other_threads = false;
    for slot in threads::slots().filter(|slot| slot.in_flight()) {
        if slot.is_python_main() {
            main_thread = true;
        } else {
            other_threads = true;
        }
    }
    if main_thread {
        if threads::is_python_main() {
            set_python_interrupt();
        } else {
            interrupt_main_thread();
        }
    }
    if other_threads {
        wake(INTERRUPT);
    }
    main_thread || other_threads
}

/// Tells CPython that a SIGINT came: its main thread runs the Python handler at the next bytecode.
fn set_python_interrupt() {
    // SAFETY: documented as async-signal-safe and callable without the interpreter lock.
    unsafe { ffi::PyErr_SetInterruptEx(SIGINT) };
}

/// Interrupts the call in flight on Python's main thread from another thread.
fn interrupt_main_thread() {
    // A system call that blocks that thread must return too: EINTR is what makes Python look. A signal does that, if
    // it is certain to come to our handler alone.
    let thread = PYTHON_MAIN.load(Ordering::Relaxed);
    if thread != 0 && is_installed() {
        KICKED.store(true, Ordering::Relaxed);
        // SAFETY: the process's main thread, whose `pthread_t` is valid as long as the process.
        unsafe { libc::pthread_kill(thread as libc::pthread_t, SIGINT) };
    } else {
        set_python_interrupt();
    }
}

/// Asks the watcher, if there is one, to delete the states of threads that ended.
#[cfg(not(any(Py_GIL_DISABLED, py_sys_config = "Py_DEBUG")))]
pub(super) fn wake_to_delete() {
    wake(DELETE);
}

fn wake(what: u8) {
    let pipe = WAKE.load(Ordering::Relaxed);
    if pipe >= 0 {
        // SAFETY: writes one byte that lives; the pipe is never closed by the process that made it, and does not
        // block: when it is full, the watcher has been told often enough.
        unsafe { libc::write(pipe, (&raw const what).cast(), 1) };
    }
}

/// From now on the watcher is started with the second thread that uses Python: whoever has SIGINT, threads end.
pub(super) fn want_watcher() {
    WATCHER_WANTED.store(true, Ordering::Release);
}

/// Starts the watcher, if it is wanted and this is not Python's main thread. A program whose only thread is that one
/// has no use for it, and stays a program of one thread: which is what forking asks for.
pub(super) fn watch_for_this_thread() {
    if threads::is_python_main() || !WATCHER_WANTED.swap(false, Ordering::AcqRel) {
        return;
    }
    if start_watcher().is_err() {
        // Out of descriptors or threads: the next thread tries again.
        WATCHER_WANTED.store(true, Ordering::Release);
    }
}

fn start_watcher() -> io::Result<()> {
    let mut ends = [-1; 2];
    // SAFETY: `ends` has room for the two descriptors; `fcntl` takes descriptors and flags only.
    unsafe {
        if libc::pipe(ends.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        for end in ends {
            libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        libc::fcntl(ends[1], libc::F_SETFL, libc::O_NONBLOCK);
    }
    let [reader, writer] = ends;
    let watcher = std::thread::Builder::new()
        .name("ironbridge-signals".into())
        .spawn(move || watch(reader));
    if let Err(error) = watcher {
        // SAFETY: both were made above, and nobody else knows them.
        unsafe {
            libc::close(reader);
            libc::close(writer);
        }
        return Err(error);
    }
    WAKE.store(writer, Ordering::Relaxed);
    Ok(())
}

/// The watcher: waits for bytes, and does what a handler or an ending thread may not do itself.
fn watch(reader: c_int) {
    block_all_signals();
    let mut bytes = [0_u8; 64];
    // Calls that could not be interrupted yet.
    let mut postponed: Vec<&'static Slot> = Vec::new();
    loop {
        if !postponed.is_empty() && !comes_within(reader, POSTPONED_FOR) {
            if super::is_ending() {
                return;
            }
            Python::attach(|py| {
                postponed.retain(|slot| slot.wants_interrupt() && !slot.interrupt(py));
            });
            continue;
        }
        // SAFETY: reads at most as many bytes as there is room for.
        let count = unsafe { libc::read(reader, bytes.as_mut_ptr().cast(), bytes.len()) };
        let Ok(count) = usize::try_from(count) else {
            if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                continue;
            }
            return;
        };
        if count == 0 || super::is_ending() {
            return;
        }
        let bytes = &bytes[..count];
        if bytes.contains(&DELETE) {
            threads::delete_ended();
        }
        if bytes.contains(&INTERRUPT) {
            Python::attach(|py| {
                // Under the lock: a call that is over by now is not hit.
                postponed = threads::slots()
                    .filter(|slot| slot.in_flight() && !slot.is_python_main())
                    .filter(|slot| !slot.interrupt(py))
                    .collect();
            });
        }
    }
}

/// Whether there is something to read within so many milliseconds.
fn comes_within(reader: c_int, milliseconds: c_int) -> bool {
    let mut ready = libc::pollfd {
        fd: reader,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one descriptor of this thread's own; the count says so.
    unsafe { libc::poll(&raw mut ready, 1, milliseconds) != 0 }
}

/// Signals are for the threads that the program knows.
fn block_all_signals() {
    // SAFETY: `set` is initialised by `sigfillset` before it is read.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&raw mut set);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const set, ptr::null_mut());
    }
}

/// In a forked child: the watcher is gone, the pipe is the parent's, and the thread that forked is Python's main one.
pub(super) fn after_fork_in_child() {
    if WAKE.swap(-1, Ordering::Relaxed) >= 0 {
        WATCHER_WANTED.store(true, Ordering::Release);
    }
    remember_main_thread();
}

fn remember_main_thread() {
    let thread = if super::exit::on_main_thread() {
        // Python's number for a thread is its `pthread_t`.
        threads::ident()
    } else {
        0
    };
    PYTHON_MAIN.store(thread, Ordering::Relaxed);
}

fn errno() -> c_int {
    // SAFETY: this thread's `errno`, valid as long as the thread.
    unsafe { *errno_location() }
}

fn set_errno(value: c_int) {
    // SAFETY: this thread's `errno`, valid as long as the thread.
    unsafe { *errno_location() = value };
}

fn errno_location() -> *mut c_int {
    #[cfg(any(target_os = "linux", target_os = "emscripten"))]
    // SAFETY: always safe to call.
    return unsafe { libc::__errno_location() };
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    // SAFETY: always safe to call.
    return unsafe { libc::__errno() };
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    // SAFETY: always safe to call.
    return unsafe { libc::__error() };
}
