//! An object of a declared class, as its handle holds it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::Site;
use super::call::{Arguments, Call};
use super::contract::Contract;
use crate::aio::{AsyncIter, PythonFuture, RunsOn, await_python};
use crate::error::conversion::{describe, repr};
use crate::error::{Origin, Result};
use crate::handles::Returns;
use crate::interpreter::attach_started;
use crate::vectorcall;

/// What the handle of an object holds. Clones share it; Python keeps the state.
#[derive(Clone)]
pub struct Object {
    contract: &'static Contract,
    object: Arc<Py<PyAny>>,
}

impl Object {
    /// A handle to `object`, which must be of the declared class, or of one under it; a protocol is not asked for.
    pub fn of(object: Borrowed<'_, '_, PyAny>, contract: &'static Contract) -> PyResult<Self> {
        if !contract.is_protocol && !is_of_class(&object, contract.python_name) {
            let found = describe(&object);
            let message = format!("expected {}, found {found}", contract.python_name);
            return Err(PyTypeError::new_err(message));
        }
        Ok(Self {
            contract,
            object: Arc::new(object.to_owned().unbind()),
        })
    }

    /// The object.
    pub fn object(&self) -> &Py<PyAny> {
        &self.object
    }

    /// Calls a method whose arguments are all passed.
    #[track_caller]
    #[inline]
    pub fn call<T, F, const N: usize>(&self, site: &'static Site, arguments: F) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        F: for<'py> FnOnce(Call<'py>) -> Result<[Bound<'py, PyAny>; N]>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let call = Call::new(py, site, location);
            let arguments = arguments(call)?;
            let names = site.names(py).map_err(|error| call.raised(error))?;
            let object = self.object.bind(py);
            let method = site.interned(py);
            call.finish(vectorcall::call_method(object, method, &arguments, names))
        })
    }

    /// Calls a method with the arguments that `arguments` adds.
    #[track_caller]
    pub fn call_with<T, F>(&self, site: &'static Site, arguments: F) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let call = Call::new(py, site, location);
            let passed = Arguments::of(call, arguments)?;
            let object = self.object.bind(py);
            let method = site.interned(py);
            let value = passed
                .call(|values, names| vectorcall::call_method(object, method, values, names))?;
            call.convert(&value, "()")
        })
    }

    /// Calls a method on a thread of Python's, and awaits on the event loop what can be awaited; not before the future
    /// is polled.
    #[track_caller]
    pub fn call_async<T, Kind, F>(
        &self,
        site: &'static Site,
        what: &'static str,
        arguments: F,
    ) -> PythonFuture<T>
    where
        T: Returns<Kind> + Send + 'static,
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()> + Send + 'static,
        Kind: 'static,
    {
        let make = self.make(site, Location::caller(), arguments);
        await_python::<T, _, Kind>(RunsOn::Pool, what, make)
    }

    /// Calls a method on a thread of Python's, and iterates on the event loop over what it gives; not before the first
    /// item is asked for.
    #[track_caller]
    pub fn stream<T, F>(
        &self,
        site: &'static Site,
        what: &'static str,
        arguments: F,
    ) -> AsyncIter<T>
    where
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()> + Send + 'static,
    {
        let location = Location::caller();
        let make = self.make(site, location, arguments);
        let origin = Origin::caller(location);
        AsyncIter::of(RunsOn::Pool, what.into(), Some(origin), make)
    }

    /// What makes a call on a thread of Python's.
    fn make<F>(
        &self,
        site: &'static Site,
        location: &'static Location<'static>,
        arguments: F,
    ) -> impl for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static + use<F>
    where
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()> + Send + 'static,
    {
        let object = self.object.clone();
        move |py: Python<'_>| {
            let call = Call::new(py, site, location);
            let passed = Arguments::of(call, arguments)?;
            let method = site.interned(py);
            passed.call(|values, names| {
                vectorcall::call_method(object.bind(py), method, values, names)
            })
        }
    }

    /// Reads an attribute.
    #[track_caller]
    #[inline]
    pub fn get<T>(&self, site: &'static Site) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
    {
        let location = Location::caller();
        attach_started(|py| Call::new(py, site, location).read(self.object.bind(py)))
    }

    /// Writes an attribute.
    #[track_caller]
    #[inline]
    pub fn set<T>(&self, site: &'static Site, value: T) -> Result<()>
    where
        T: for<'py> IntoPyObject<'py>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let call = Call::new(py, site, location);
            let value = call.argument(0, value)?;
            call.write(self.object.bind(py), value)
        })
    }
}

/// Whether the object's class, or one above it, has that name. Handles know a class by its name alone: the same class
/// can be there twice, before and after its module was read again.
fn is_of_class(object: &Bound<'_, PyAny>, name: &str) -> bool {
    object.get_type().mro().iter().any(|class| {
        class
            .cast::<pyo3::types::PyType>()
            .is_ok_and(|class| class.name().is_ok_and(|found| found == name))
    })
}

impl fmt::Debug for Object {
    /// `Counter(<counter 3>)`, with the object's `repr()`, cut short.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = Python::try_attach(|py| repr(self.object.bind(py))).flatten();
        let repr = repr.as_deref().unwrap_or("…");
        write!(f, "{}({repr})", self.contract.trait_name)
    }
}
