//! Starting the interpreter, once; or adopting the one that a host process runs.

use std::{
    ffi::{CString, OsString},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use pyo3::{
    ffi,
    prelude::*,
    types::{PyCFunction, PyCode, PyCodeMethods, PyDict, PyList, PyTuple, code::PyCodeInput},
};

use super::{
    Interpreter, RUNNING,
    attach::is_attached,
    builder::Settings,
    config::{self, Config},
    exit, landmark, threads,
};
use crate::{
    Result,
    environment::Environment,
    error::{Error, Report},
};

/// Held by the thread that starts; holds why an earlier start failed for good.
static STARTING: Mutex<Option<String>> = Mutex::new(None);

/// Starts the interpreter with `settings`, or gives the one that runs where they do not contradict it.
pub(super) fn start(settings: Settings) -> Result<&'static Interpreter> {
    if let Some(running) = RUNNING.get() {
        return running.if_it_fits(&settings);
    }
    if is_attached() {
        // Another thread may be starting, or adopting, and need the interpreter for it.
        return Python::attach(|py| py.detach(|| start_alone(settings)));
    }
    start_alone(settings)
}

fn start_alone(settings: Settings) -> Result<&'static Interpreter> {
    let mut failed = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = RUNNING.get() {
        return running.if_it_fits(&settings);
    }
    if let Some(story) = &*failed {
        return Err(Error::start(
            Report::new("the interpreter could not be started before, and cannot be tried again")
                .detail("the first failure", story.clone())
                .help("restart the program: CPython does not recover from a failed start"),
        ));
    }
    // SAFETY: always safe to call.
    if unsafe { ffi::Py_IsInitialized() } != 0 {
        let adopted = RUNNING.get_or_init(adopt);
        return adopted.if_it_fits(&settings);
    }
    let environment = match &settings.environment {
        Some(environment) => environment.clone(),
        None => Environment::discover()?,
    };
    environment.check_linked_version()?;
    landmark::check(&environment)?;
    initialize(settings, environment, &mut failed)
}

/// The part from which there is no way back.
fn initialize(
    settings: Settings,
    environment: Environment,
    failed: &mut MutexGuard<'_, Option<String>>,
) -> Result<&'static Interpreter> {
    #[cfg(unix)]
    let dispositions = super::signals::Dispositions::save();
    #[cfg(unix)]
    let owns_interrupt = settings.signals && dispositions.interrupt_is_default();
    #[cfg(not(unix))]
    let owns_interrupt = settings.signals;

    let argv = settings.argv.clone().unwrap_or_else(default_argv);
    let config = Config {
        executable: environment.executable(),
        argv: &argv,
        signal_handlers: owns_interrupt,
        settings: &settings,
    };
    if let Err(refusal) = config::initialize(&config) {
        #[cfg(unix)]
        dispositions.restore(true);
        let mut report = Report::new(format!(
            "CPython refused to start as {}: {}",
            environment.executable().display(),
            refusal.message
        ));
        if let Some(function) = refusal.function {
            report = report.detail("in", function);
        }
        let error = Error::start(report.detail("environment", environment.explain().to_string()).help(
            "run that `python` by hand; if it starts, look for PYTHONHOME and PYTHONPATH in this program's environment",
        ));
        **failed = Some(format!("{error:#}"));
        return Err(error);
    }

    threads::set_python_main();
    let set_up = Python::attach(|py| {
        let result = set_up(py, &settings, owns_interrupt);
        #[cfg(unix)]
        dispositions.restore(!owns_interrupt || result.is_err());
        result
    });
    let result = match set_up {
        Ok(()) => {
            let running =
                RUNNING.get_or_init(|| Interpreter::owned(environment, settings, owns_interrupt));
            exit::install();
            Ok(running)
        }
        Err(error) => {
            let error = Error::start(
                Report::new(format!("the interpreter started, but its set-up failed: {error}"))
                    .detail("environment", environment.explain().to_string())
                    .help("run that `python` by hand and see whether `import threading, signal, os` works"),
            );
            **failed = Some(format!("{error:#}"));
            Err(error)
        }
    };
    // SAFETY: this thread has been attached since CPython was initialised. The state stays, as this thread's own.
    unsafe { ffi::PyEval_SaveThread() };
    result
}

/// `sys.argv` by default: this program's name, as `python` has its script's.
fn default_argv() -> Vec<OsString> {
    vec![std::env::args_os().next().unwrap_or_default()]
}

fn set_up(py: Python<'_>, settings: &Settings, owns_interrupt: bool) -> PyResult<()> {
    // Python takes the thread that imports it first for the main thread.
    py.import("threading")?;
    for (index, directory) in settings.python_path.iter().enumerate() {
        py.import("sys")?
            .getattr("path")?
            .cast_into::<PyList>()?
            .insert(index, directory.as_os_str())?;
    }
    // Its first import takes SIGINT over where nobody has it: now, when that can be undone, and not later.
    py.import("_signal")?;
    follow_forks(py)?;
    #[cfg(unix)]
    {
        super::signals::want_watcher();
        if owns_interrupt {
            super::signals::install(py)?;
        }
    }
    #[cfg(not(unix))]
    let _ = owns_interrupt;
    #[cfg(feature = "tracing")]
    if settings.route_output {
        super::streams::route(py)?;
    }
    Ok(())
}

/// Keeps our records true in children that Python forks.
fn follow_forks(py: Python<'_>) -> PyResult<()> {
    let os = py.import("os")?;
    if !os.hasattr("register_at_fork")? {
        return Ok(());
    }
    let after_in_child = PyCFunction::new_closure(
        py,
        Some(c"after_in_child"),
        None,
        |_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>| {
            threads::forget_other_threads();
            threads::set_python_main();
            #[cfg(unix)]
            super::signals::after_fork_in_child();
            exit::after_fork_in_child();
        },
    )?;
    let keywords = PyDict::new(py);
    keywords.set_item("after_in_child", after_in_child)?;
    os.getattr("register_at_fork")?.call((), Some(&keywords))?;
    Ok(())
}

/// The interpreter of a host process: a Python that loaded this as an extension, or a program that initialised it
/// itself. Its signals and its end are the host's.
fn adopt() -> Interpreter {
    let executable = Python::attach(|py| {
        // Without it, a child that the host forks may wait for threads that it does not have; no reason not to work.
        let _ = follow_forks(py);
        py.import("sys")
            .and_then(|sys| sys.getattr("executable"))
            .and_then(|executable| executable.extract::<PathBuf>())
    });
    let environment = executable
        .ok()
        .and_then(|executable| Environment::at(executable).ok());
    Interpreter::adopted(environment)
}

/// Runs a piece of Python that this crate carries, and gives what it names `item`.
pub(crate) fn bootstrap<'py>(
    py: Python<'py>,
    file: &str,
    source: &str,
    item: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let file = format!("<ironbridge {file}>");
    let code = PyCode::compile(
        py,
        &CString::new(source)?,
        &CString::new(file.as_str())?,
        PyCodeInput::File,
    )?;
    let names = PyDict::new(py);
    names.set_item("__name__", file)?;
    code.run(Some(&names), None)?;
    names
        .get_item(item)?
        .ok_or_else(|| pyo3::exceptions::PyNameError::new_err(item.to_owned()))
}
