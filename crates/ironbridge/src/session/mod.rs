//! Sessions: Python namespaces that persist between calls.
//!
//! A [`Session`] is a real Python module, so that dataclasses, pickling and `inspect.getsource` work in it. Clones
//! share it, any thread may use it, and it lives until the last clone is dropped; what still runs in it then runs on
//! to its end. [`Session::shared`] is the process's own, which `python!` uses where its header names no other.
//!
//! Two limits come from Python. A function defined in a session is pickled by its name, so another process
//! (`multiprocessing` with *spawn*) cannot find it there: give such work functions of an importable module. And
//! `inspect.getsource` of a *class* looks into one file per module: the file whose block ran first in the session.

mod asynchronous;
mod call_site;
mod capture;
mod function;
mod keep;
mod run;
mod slots;

use std::ffi::CString;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule};

pub use call_site::{BlockSource, CallSite};
pub use capture::{CaptureByTrait, Captured};
pub use function::{Function, Keywords};
pub use keep::{Keep, KeepByClone, KeepPy, Keepable};
pub use run::{run, run_async, run_for};

use crate::error::{Error, Result};
use crate::interpreter::attach;
use slots::Slots;

/// A Python namespace that persists between calls.
///
/// ```
/// use ironbridge::Session;
///
/// let session = Session::new()?;
/// session.run("import math\ndef area(r): return math.pi * r * r")?;
/// session.set("r", 2.0)?;
/// let area: f64 = session.eval("area(r)")?;
/// assert!((area - 12.566).abs() < 1e-3);
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    name: String,
    module: Py<PyModule>,
    namespace: Py<PyDict>,
    /// For each call site that ran here, its function: the site's code with this namespace.
    functions: Slots<Py<PyAny>>,
}

impl Session {
    /// A new, empty session.
    ///
    /// # Errors
    ///
    /// The interpreter could not be started.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::named(format!("ironbridge_session_{number}"))
    }

    /// The session that every part of the process shares, made on first use.
    ///
    /// # Errors
    ///
    /// The interpreter could not be started.
    #[inline]
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Session> = OnceLock::new();
        static COMERS: AtomicUsize = AtomicUsize::new(0);
        if let Some(session) = SHARED.get() {
            return Ok(session);
        }
        // Of threads that come here together one's session stays, and the others' were never seen. Each has a name
        // of its own: a session that is dropped takes its name out of `sys.modules`.
        let name = match COMERS.fetch_add(1, Ordering::Relaxed) {
            0 => "ironbridge_session".to_owned(),
            comer => format!("ironbridge_session_shared_{comer}"),
        };
        let session = Self::named(name)?;
        Ok(SHARED.get_or_init(|| session))
    }

    fn named(name: String) -> Result<Self> {
        attach(|py| {
            let c_name = CString::new(name.as_str()).unwrap_or_default();
            // SAFETY: the name ends in NUL, the thread is attached. `PyImport_AddModule` gives a borrowed reference
            // to the module of that name in `sys.modules`, made if need be, or null with an exception set.
            let module = unsafe {
                let module = ffi::PyImport_AddModule(c_name.as_ptr());
                Bound::from_borrowed_ptr_or_err(py, module)
            };
            let module = module.and_then(|module| Ok(module.cast_into::<PyModule>()?));
            let filled = module.and_then(|module| {
                let namespace = module.dict();
                namespace.set_item("__builtins__", py.import("builtins")?)?;
                Ok((module.unbind(), namespace.unbind()))
            });
            let (module, namespace) =
                filled.map_err(|error| Error::from_python(py, error, None))?;
            Ok(Self(Arc::new(Inner {
                name,
                module,
                namespace,
                functions: Slots::new(),
            })))
        })?
    }

    /// The name of the session's module in `sys.modules`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The session's module.
    pub fn module<'py>(&self, py: Python<'py>) -> Bound<'py, PyModule> {
        self.0.module.bind(py).clone()
    }

    #[inline]
    pub(crate) fn namespace<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyDict> {
        self.0.namespace.bind(py)
    }

    #[inline]
    fn functions(&self) -> &Slots<Py<PyAny>> {
        &self.0.functions
    }

    /// A function of this session from a site's code.
    fn function_of(
        &self,
        py: Python<'_>,
        code: &Py<PyAny>,
        defaults: Option<&Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        // SAFETY: `code` is a code object made by `compile_block`, the namespace is a dict, the thread is attached;
        // the result is a new reference or null with an exception set.
        let function = unsafe {
            let function = ffi::PyFunction_New(code.as_ptr(), self.0.namespace.as_ptr());
            Bound::from_owned_ptr_or_err(py, function)?
        };
        if let Some(defaults) = defaults {
            function.setattr("__defaults__", defaults)?;
        }
        Ok(function.unbind())
    }

    /// Tells `inspect` in which file the session's classes stand: the first one that ran here.
    fn name_file(&self, py: Python<'_>, file: &str) {
        let namespace = self.namespace(py);
        if let Ok(false) = namespace.contains("__file__") {
            // Only a convenience of `inspect`; a session works without.
            let _ = namespace.set_item("__file__", file);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // What still runs in the session holds its dictionary; only the name goes.
        let forget = |py: Python<'_>| {
            let modules = py.import("sys")?.getattr("modules")?;
            if modules.get_item(&self.name)?.is(&self.module) {
                modules.del_item(&self.name)?;
            }
            PyResult::Ok(())
        };
        let _ = Python::try_attach(forget);
    }
}
