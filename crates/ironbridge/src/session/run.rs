//! Running code in a session: what `python!` expands to, and the same without the macro.

use std::panic::Location;

use pyo3::BoundObject;
use pyo3::call::PyCallArgs;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::call_site::{compile_text, evaluate};
use super::function::call_object;
use super::{CallSite, Session};
use crate::aio::{PythonFuture, RunsOn, await_from};
use crate::error::{Error, Origin, Result};
use crate::handles::Returns;
use crate::interpreter::attach_started;

/// Runs a block for its effects.
#[inline]
pub fn run<F, const N: usize>(
    site: &'static CallSite,
    session: &Session,
    arguments: F,
) -> Result<()>
where
    F: for<'py> FnOnce(Python<'py>) -> Result<[Bound<'py, PyAny>; N]>,
{
    attach_started(|py| {
        let arguments = arguments(py)?;
        site.call(py, session, &arguments)?;
        Ok(())
    })
}

/// Runs a block for its value.
#[inline]
pub fn run_for<T, F, const N: usize>(
    site: &'static CallSite,
    session: &Session,
    arguments: F,
) -> Result<T>
where
    T: for<'py> FromPyObjectOwned<'py>,
    F: for<'py> FnOnce(Python<'py>) -> Result<[Bound<'py, PyAny>; N]>,
{
    attach_started(|py| {
        let arguments = arguments(py)?;
        let value = site.call(py, session, &arguments)?;
        value.extract::<T>().map_err(|error| {
            Error::result::<T>(&value, error.into(), "the block", site.source().origin())
        })
    })
}

/// The future of an `async` block. It runs in the shared session where it is given none.
///
/// The captures are converted on the side of Python, when the block runs.
pub fn run_async<T, Kind, F, const N: usize>(
    site: &'static CallSite,
    session: Option<Session>,
    arguments: F,
) -> PythonFuture<T>
where
    T: Returns<Kind> + Send + 'static,
    F: for<'py> FnOnce(Python<'py>) -> Result<[Bound<'py, PyAny>; N]> + Send + 'static,
    Kind: 'static,
{
    let origin = site.source().origin();
    await_from::<T, _, Kind>(RunsOn::Loop, "the block".into(), origin, move |py| {
        let arguments = arguments(py)?;
        match &session {
            Some(session) => site.call(py, session, &arguments),
            None => site.call(py, Session::shared()?, &arguments),
        }
    })
}

impl Session {
    /// Runs statements.
    ///
    /// # Errors
    ///
    /// What the code raised, a `SyntaxError` included.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// session.run("total = sum(range(10))")?;
    /// assert_eq!(session.get::<u32>("total")?, 45);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn run(&self, code: &str) -> Result<()> {
        let origin = Origin::caller(Location::caller());
        attach_started(|py| {
            let file = origin.code_name();
            compile_text(py, code, &file, c"exec")
                .and_then(|code| evaluate(&code, self.namespace(py)))
                .map_err(|error| Error::from_python(py, error, Some(origin)))?;
            self.name_file(py, &file);
            Ok(())
        })
    }

    /// The value of an expression.
    ///
    /// # Errors
    ///
    /// What the expression raised, or that its value is no `T`.
    #[track_caller]
    pub fn eval<T>(&self, expression: &str) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
    {
        let origin = Origin::caller(Location::caller());
        attach_started(|py| {
            let value = compile_text(py, expression.trim(), &origin.code_name(), c"eval")
                .and_then(|code| evaluate(&code, self.namespace(py)))
                .map_err(|error| Error::from_python(py, error, Some(origin)))?;
            value
                .extract::<T>()
                .map_err(|error| Error::result::<T>(&value, error.into(), "the expression", origin))
        })
    }

    /// The value of a name.
    ///
    /// # Errors
    ///
    /// The session has no such name (a `NameError`), or its value is no `T`.
    #[track_caller]
    pub fn get<T>(&self, name: &str) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
    {
        let origin = Origin::caller(Location::caller());
        attach_started(|py| {
            let value = self.lookup(py, name, origin)?;
            value
                .extract::<T>()
                .map_err(|error| Error::result::<T>(&value, error.into(), name, origin))
        })
    }

    /// Gives a name a value.
    ///
    /// # Errors
    ///
    /// The value cannot be converted.
    #[track_caller]
    pub fn set<T>(&self, name: &str, value: T) -> Result<()>
    where
        T: for<'py> IntoPyObject<'py>,
    {
        let origin = Origin::caller(Location::caller());
        attach_started(|py| {
            let set = match value.into_pyobject(py) {
                Ok(value) => self
                    .namespace(py)
                    .set_item(name, value.into_bound().into_any()),
                Err(error) => {
                    let rust_type = std::any::type_name::<T>();
                    return Err(Error::capture(py, name, rust_type, error.into(), origin));
                }
            };
            set.map_err(|error| Error::from_python(py, error, Some(origin)))
        })
    }

    /// Calls a function of the session, or of Python's own, by its name, with a tuple of arguments.
    ///
    /// # Errors
    ///
    /// What the function raised, that there is none of that name, or that its result is no `T`.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// session.run("def area(width, height): return width * height")?;
    /// assert_eq!(session.call::<f64, _>("area", (2.0, 3.5))?, 7.0);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn call<T, A>(&self, name: &str, arguments: A) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        A: for<'py> PyCallArgs<'py>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let callable = self.lookup(py, name, Origin::caller(location))?;
            call_object(&callable, name, arguments, location)
        })
    }

    /// Imports a module and binds it as Python's `import` does: `"os.path"` binds `os`, and `"numpy as np"` binds `np`.
    ///
    /// # Errors
    ///
    /// The module is not there, or raised while it was imported.
    #[track_caller]
    pub fn import(&self, module: &str) -> Result<()> {
        let origin = Origin::caller(Location::caller());
        let (module, name) = match module.split_once(" as ") {
            Some((module, name)) => (module.trim(), Some(name.trim())),
            None => (module.trim(), None),
        };
        attach_started(|py| {
            let import = || {
                let imported = py.import(module)?;
                let first = module.split('.').next().unwrap_or(module);
                match name {
                    Some(name) => self.namespace(py).set_item(name, imported),
                    None => self.namespace(py).set_item(first, py.import(first)?),
                }
            };
            import().map_err(|error| Error::from_python(py, error, Some(origin)))
        })
    }

    /// The names that are set, without those that every module has, in the order in which they were set.
    pub fn names(&self) -> Vec<String> {
        attach_started(|py| {
            let keys = self.namespace(py).keys();
            let names = keys.iter().filter_map(|key| key.extract::<String>().ok());
            names.filter(|name| !is_module_attribute(name)).collect()
        })
    }

    /// Removes a name; whether it was there.
    pub fn remove(&self, name: &str) -> bool {
        attach_started(|py| self.namespace(py).del_item(name).is_ok())
    }

    /// Removes all names that [`names`](Self::names) lists.
    pub fn clear(&self) {
        for name in self.names() {
            self.remove(&name);
        }
    }

    pub(super) fn lookup<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        origin: Origin,
    ) -> Result<Bound<'py, PyAny>> {
        let key = PyString::new(py, name);
        if let Some(value) = self.namespace(py).get_item(&key).ok().flatten() {
            return Ok(value);
        }
        let builtin = py
            .import("builtins")
            .and_then(|builtins| builtins.getattr(&key));
        builtin.map_err(|_| {
            let message = format!("name '{name}' is not defined in the session");
            let error = pyo3::exceptions::PyNameError::new_err(message);
            Error::from_python(py, error, Some(origin))
        })
    }
}

/// Whether every module has a name of this kind (`__name__`, `__builtins__`, …).
fn is_module_attribute(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}
