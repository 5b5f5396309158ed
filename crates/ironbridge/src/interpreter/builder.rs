//! The settings of a start.

use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

use super::{Interpreter, start};
use crate::{Result, environment::Environment};

/// What the interpreter is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) environment: Option<Environment>,
    pub(super) argv: Option<Vec<OsString>>,
    pub(super) signals: bool,
    pub(super) exit_grace: Duration,
    pub(super) route_output: bool,
    pub(super) python_path: Vec<PathBuf>,
    pub(super) warnings: Vec<String>,
    pub(super) optimization: Option<u8>,
    pub(super) utf8: Option<bool>,
    pub(super) dev_mode: bool,
    pub(super) pool_threads: Option<NonZeroUsize>,
    pub(super) queue_capacity: usize,
}

/// So many calls may wait where nothing else was said.
pub(super) const QUEUE_CAPACITY: usize = 65_536;

impl Default for Settings {
    fn default() -> Self {
        Self {
            environment: None,
            argv: None,
            signals: true,
            exit_grace: Duration::from_secs(10),
            route_output: false,
            python_path: Vec::new(),
            warnings: Vec::new(),
            optimization: None,
            utf8: None,
            dev_mode: false,
            pool_threads: None,
            queue_capacity: QUEUE_CAPACITY,
        }
    }
}

/// Settings for the one interpreter of the process. Made by [`Interpreter::builder`]; what is not set is as with
/// [`Interpreter::get`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing happens before `start`"]
pub struct InterpreterBuilder {
    settings: Settings,
}

impl InterpreterBuilder {
    /// The environment to run as. Default: [`Environment::discover`].
    pub fn environment(mut self, environment: Environment) -> Self {
        self.settings.environment = Some(environment);
        self
    }

    /// `sys.argv`. Default: the path by which this program was called, and no arguments.
    pub fn argv<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.settings.argv = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Whether Ctrl-C interrupts Python calls. Default: yes, unless the program has a handler for SIGINT of its own,
    /// which is left alone in any case. See the table at [`Interpreter`].
    pub fn signals(mut self, yes: bool) -> Self {
        self.settings.signals = yes;
        self
    }

    /// How long leaving `main` waits for Python threads that are not daemons and for the work of executors, and also
    /// how long for an interpreter lock that another thread does not give up. Default: 10 seconds.
    pub fn exit_grace(mut self, grace: Duration) -> Self {
        self.settings.exit_grace = grace;
        self
    }

    /// Routes `sys.stdout`, `sys.stderr` and `logging` to `tracing` from the start on. See
    /// [`Interpreter::route_output_to_tracing`].
    #[cfg(feature = "tracing")]
    pub fn route_output_to_tracing(mut self, yes: bool) -> Self {
        self.settings.route_output = yes;
        self
    }

    /// Directories to import from before all others. The working directory is not among them by itself.
    pub fn python_path<P: Into<PathBuf>>(
        mut self,
        directories: impl IntoIterator<Item = P>,
    ) -> Self {
        self.settings.python_path = directories.into_iter().map(Into::into).collect();
        self
    }

    /// Warning filters, as after `python -W`: `"error"`, `"ignore::DeprecationWarning"`.
    pub fn warnings<W: Into<String>>(mut self, filters: impl IntoIterator<Item = W>) -> Self {
        self.settings.warnings = filters.into_iter().map(Into::into).collect();
        self
    }

    /// 0; 1 removes `assert`, as `python -O`; 2 removes docstrings too. Default: what `PYTHONOPTIMIZE` says.
    pub fn optimization(mut self, level: u8) -> Self {
        self.settings.optimization = Some(level);
        self
    }

    /// Python's UTF-8 mode. Default: what `PYTHONUTF8` says, else on in the C locale only.
    pub fn utf8(mut self, yes: bool) -> Self {
        self.settings.utf8 = Some(yes);
        self
    }

    /// Python's development mode, with more warnings and checks, as `python -X dev`.
    pub fn dev_mode(mut self, yes: bool) -> Self {
        self.settings.dev_mode = yes;
        self
    }

    /// How many threads run plain functions for `async` calls. Default: one on a build of CPython with the global lock, as
    /// many as there are cores on one without. Functions that wait for something want more. See [`aio`](crate::aio).
    pub fn pool_threads(mut self, threads: NonZeroUsize) -> Self {
        self.settings.pool_threads = Some(threads);
        self
    }

    /// How many `async` calls may wait for a thread of the pool, and how many for the event loop; at least one. Further
    /// ones wait for room, or are refused, as their caller chooses. Default: 65,536. See [`aio`](crate::aio).
    pub fn queue_capacity(mut self, calls: usize) -> Self {
        self.settings.queue_capacity = calls.max(1);
        self
    }

    /// Starts the interpreter on this thread, which Python takes for its main thread.
    ///
    /// Where it runs already with the same settings, gives that one.
    ///
    /// # Errors
    ///
    /// The interpreter runs with other settings; the environment was not found or does not fit; CPython refused.
    ///
    /// # Example
    ///
    /// ```
    /// # use ironbridge::Interpreter;
    /// let interpreter = Interpreter::builder()
    ///     .argv(["predict", "--fast"])
    ///     .exit_grace(std::time::Duration::from_secs(2))
    ///     .start()?;
    /// println!("{}", interpreter.explain());
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn start(self) -> Result<&'static Interpreter> {
        start::start(self.settings)
    }
}
