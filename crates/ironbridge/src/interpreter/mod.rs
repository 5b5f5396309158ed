//! The one interpreter of the process: it starts on first use or by [`Interpreter::builder`], is attached to for
//! calls, answers Ctrl-C, and ends with the program.

mod attach;
mod builder;
mod config;
mod exit;
mod landmark;
mod library;
#[cfg(unix)]
mod signals;
#[cfg(feature = "tracing")]
pub(crate) mod spans;
pub(crate) mod start;
#[cfg(feature = "tracing")]
mod streams;
mod threads;

use std::{
    fmt::{self, Write as _},
    num::NonZeroUsize,
    sync::OnceLock,
    thread,
    time::Duration,
};

use pyo3::{Python, ffi};

#[cfg(feature = "models")]
pub(crate) use attach::attach_if_running;
pub use attach::{attach, detach};
#[allow(unused_imports, reason = "the layers above take it from here")]
pub(crate) use attach::{attach_started, is_attached};
pub use builder::InterpreterBuilder;
#[cfg(feature = "models")]
pub(crate) use threads::is_interruptible;
pub(crate) use threads::{ident as thread_ident, is_importing, send_async_exception};

use self::builder::Settings;
use crate::{
    Result,
    environment::Environment,
    error::{Error, Report},
};

static RUNNING: OnceLock<Interpreter> = OnceLock::new();

/// The interpreter of this process.
///
/// There is one. It starts on first use of anything that needs it, or with settings by [`Interpreter::builder`];
/// whichever thread is first starts it, all others wait for that and get the same. Between calls no thread holds it.
/// It runs until the process ends.
///
/// Where the process runs Python already (this crate is part of an extension module, or something else initialised
/// Python), that interpreter is *adopted*: its signals and its end stay with whoever started it.
///
/// A start that fails before CPython is involved (no environment, wrong version, no standard library) can be tried
/// again. One that CPython refuses cannot: CPython does not recover, and every later start gives that first failure.
///
/// # Threads and stacks
///
/// The thread that starts the interpreter is Python's *main thread* as long as the process lives: the only one in
/// which Python runs signal handlers, in which `signal.signal` may be called, and in which some libraries (torch,
/// GUI toolkits) want to be imported. Start on the program's main thread, early in `main`.
///
/// Threads of Rust have stacks of 2 MiB, Python expects 8. Imports of big libraries and deep recursion in C code can
/// overflow a small stack, which ends the process. Give threads that run such Python room:
///
/// ```
/// let worker = std::thread::Builder::new()
///     .name("model".into())
///     .stack_size(16 << 20)
///     .spawn(|| ironbridge::attach(|py| py.version_info().major))
///     .expect("a thread");
/// assert_eq!(worker.join().expect("no panic")?, 3);
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// # Ctrl-C
///
/// If SIGINT had its default disposition when the interpreter started, and [`InterpreterBuilder::signals`] was left
/// on, then on Unix:
///
/// | a call by [`attach`] is in flight | Ctrl-C |
/// |---|---|
/// | nowhere | ends the process, as it does with any Rust program |
/// | on Python's main thread | raises `KeyboardInterrupt` there; a blocking system call returns at once |
/// | on other threads | raises it there, at the next bytecode; a blocking call in C ends first |
/// | on several | raises it in each |
/// | `asyncio.run`, or other code that installed a Python handler | that handler is called, as in Python |
/// | inside a handler of a Rust library that came later and calls ours (tokio, ctrlc) | as above, but never ends the process |
///
/// `KeyboardInterrupt` comes out of the call as its error. A call that ends before it sees the interrupt does not
/// pass it on to the next one, except on Python's main thread. Rust work inside a call is not interrupted; it may ask
/// with `py.check_signals()`. Calls by PyO3's own `Python::attach` are not known to be in flight.
///
/// A program that has its own handler for SIGINT before the start keeps it, and can call [`Interpreter::interrupt`].
/// SIGPIPE and SIGXFSZ stay as they were.
///
/// # Leaving `main`
///
/// When the main thread ends, by returning, by a panic or by [`std::process::exit`], Python's executors and threads
/// that are not daemons get [`exit_grace`](InterpreterBuilder::exit_grace) to finish, functions registered with
/// `atexit` run, and `sys.stdout` and `sys.stderr` are flushed. Threads that do not finish are named on stderr and
/// left. So is a lock that another thread holds for longer than that. Objects are not destroyed one by one. Signals
/// that kill, [`std::process::abort`] and `os._exit` skip all this, as they do in Python.
pub struct Interpreter {
    origin: Origin,
}

enum Origin {
    Owned {
        environment: Environment,
        settings: Box<Settings>,
        owns_interrupt: bool,
    },
    Adopted {
        environment: Option<Environment>,
    },
}

impl Interpreter {
    /// The interpreter, which is started with the default settings if it does not run yet.
    ///
    /// # Errors
    ///
    /// The environment was not found or does not fit; CPython refused to start.
    ///
    /// # Example
    ///
    /// ```
    /// let interpreter = ironbridge::Interpreter::get()?;
    /// assert!(interpreter.version().starts_with("3."));
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn get() -> Result<&'static Self> {
        match RUNNING.get() {
            Some(running) => Ok(running),
            None => start::start(Settings::default()),
        }
    }

    /// Settings to start with.
    pub fn builder() -> InterpreterBuilder {
        InterpreterBuilder::default()
    }

    /// The environment it runs as. `None` where it was adopted and the host is no Python (`sys.executable` names
    /// none).
    pub fn environment(&self) -> Option<&Environment> {
        match &self.origin {
            Origin::Owned { environment, .. } => Some(environment),
            Origin::Adopted { environment } => environment.as_ref(),
        }
    }

    /// The version of the running interpreter, such as `3.11.7`.
    pub fn version(&self) -> &'static str {
        Python::version_str()
            .split_whitespace()
            .next()
            .unwrap_or_default()
    }

    /// Was it started by someone else: a Python that loaded this code, or another library?
    pub fn is_adopted(&self) -> bool {
        matches!(self.origin, Origin::Adopted { .. })
    }

    /// What runs and why, in a few lines for a person.
    pub fn explain(&self) -> impl fmt::Display + use<> {
        let mut text = format!("Python {}\n{}", self.version(), library::explain());
        // Writing to a string does not fail.
        let _ = match &self.origin {
            Origin::Owned {
                environment,
                settings,
                owns_interrupt,
            } => write!(
                text,
                "\n{}\nCtrl-C: {}\nleaving waits up to {} s",
                environment.explain(),
                if *owns_interrupt {
                    "interrupts Python calls"
                } else {
                    "left to the program"
                },
                settings.exit_grace.as_secs_f64(),
            ),
            Origin::Adopted { environment } => {
                let _ = text.write_str(
                    "\nstarted by the host process, which keeps its signals and its end",
                );
                match environment {
                    Some(environment) => write!(text, "\n{}", environment.explain()),
                    None => Ok(()),
                }
            }
        };
        text
    }

    /// Interrupts the calls that are in flight, as Ctrl-C does; for programs that handle SIGINT themselves. Gives
    /// whether there was one. Never ends the process. Safe to call in a signal handler.
    ///
    /// On Windows it interrupts nothing yet.
    pub fn interrupt(&self) -> bool {
        #[cfg(unix)]
        return signals::interrupt_calls();
        #[cfg(not(unix))]
        return false;
    }

    /// Plays the end that leaving `main` would play, now: to see its errors, or to choose the moment.
    ///
    /// `async` calls that are under way are let finish, for as long as `exit_grace`, and cancelled then. The interpreter
    /// can be used afterwards, but executors take no more work, nor are `async` calls made. An adopted interpreter is left alone.
    ///
    /// # Errors
    ///
    /// Python threads did not finish within [`exit_grace`](InterpreterBuilder::exit_grace), or `async` calls did not end
    /// when they were cancelled; they are named.
    pub fn shutdown(&self) -> Result<()> {
        if self.is_adopted() {
            return Ok(());
        }
        exit::shutdown(self.exit_grace())
    }

    /// Replaces `sys.stdout` and `sys.stderr` by writers that make each line an event of `tracing`, and has the root
    /// logger of `logging` do the same with its records.
    ///
    /// Targets are `python.stdout` (INFO), `python.stderr` (WARN) and `python.logging`, whose events have the
    /// record's level, its text as message, and the fields `logger`, `file`, `line` and `exception`. What C code
    /// writes to the descriptors does not pass here.
    #[cfg(feature = "tracing")]
    pub fn route_output_to_tracing(&self) -> Result<()> {
        attach(streams::route)?.map_err(|error| streams::failed("route", &error))
    }

    /// Puts the original streams back and takes the handler away.
    #[cfg(feature = "tracing")]
    pub fn restore_output(&self) -> Result<()> {
        attach(streams::restore)?.map_err(|error| streams::failed("restore", &error))
    }

    fn owned(environment: Environment, settings: Settings, owns_interrupt: bool) -> Self {
        Self {
            origin: Origin::Owned {
                environment,
                settings: Box::new(settings),
                owns_interrupt,
            },
        }
    }

    fn adopted(environment: Option<Environment>) -> Self {
        Self {
            origin: Origin::Adopted { environment },
        }
    }

    fn exit_grace(&self) -> Duration {
        match &self.origin {
            Origin::Owned { settings, .. } => settings.exit_grace,
            Origin::Adopted { .. } => Duration::ZERO,
        }
    }

    /// This interpreter, unless `wanted` asks for something else than it runs with.
    fn if_it_fits(&'static self, wanted: &Settings) -> Result<&'static Self> {
        if *wanted == Settings::default() {
            return Ok(self);
        }
        if let Origin::Owned {
            environment,
            settings,
            ..
        } = &self.origin
        {
            let mut wanted = wanted.clone();
            if wanted.environment.as_ref() == Some(environment) {
                wanted.environment.clone_from(&settings.environment);
            }
            if wanted == **settings {
                return Ok(self);
            }
        }
        Err(Error::start(
            Report::new("the interpreter runs already, with other settings")
                .detail("running", self.explain().to_string())
                .help("call `Interpreter::builder()…start()` before anything else uses Python"),
        ))
    }
}

impl fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interpreter")
            .field("version", &self.version())
            .field(
                "executable",
                &self.environment().map(Environment::executable),
            )
            .field("adopted", &self.is_adopted())
            .finish()
    }
}

/// How many threads run plain functions for `async` calls.
pub(crate) fn pool_threads() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    let chosen = settings().and_then(|settings| settings.pool_threads);
    chosen.map_or_else(
        || {
            *DEFAULT.get_or_init(|| {
                if cfg!(Py_GIL_DISABLED) {
                    thread::available_parallelism().map_or(1, NonZeroUsize::get)
                } else {
                    1
                }
            })
        },
        NonZeroUsize::get,
    )
}

/// How many `async` calls may wait.
#[inline]
pub(crate) fn queue_capacity() -> usize {
    settings().map_or(builder::QUEUE_CAPACITY, |settings| settings.queue_capacity)
}

/// What the interpreter was started with, where we started it.
fn settings() -> Option<&'static Settings> {
    match &RUNNING.get()?.origin {
        Origin::Owned { settings, .. } => Some(settings),
        Origin::Adopted { .. } => None,
    }
}

/// Is Python coming to its end, by ours or by the host's doing, or gone?
fn is_ending() -> bool {
    #[cfg(not(Py_3_13))]
    unsafe extern "C" {
        #[link_name = "_Py_IsFinalizing"]
        fn py_is_finalizing() -> std::ffi::c_int;
    }
    #[cfg(Py_3_13)]
    use ffi::Py_IsFinalizing as py_is_finalizing;
    // SAFETY: both read a flag and may be called at any time.
    exit::is_leaving() || unsafe { ffi::Py_IsInitialized() == 0 || py_is_finalizing() != 0 }
}
