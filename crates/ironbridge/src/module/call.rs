//! One call of a method: arguments become Python objects, the result becomes a Rust value, errors name both.

use std::fmt;
use std::panic::Location;

use pyo3::BoundObject;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::Site;
use crate::convert::Options;
use crate::error::{Error, Origin, Result};

/// A call in the making.
#[derive(Clone, Copy)]
pub struct Call<'py> {
    pub(super) py: Python<'py>,
    pub(super) site: &'static Site,
    pub(super) location: &'static Location<'static>,
}

impl<'py> Call<'py> {
    #[inline]
    pub(super) fn new(
        py: Python<'py>,
        site: &'static Site,
        location: &'static Location<'static>,
    ) -> Self {
        Self { py, site, location }
    }

    /// Converts the argument of the given parameter.
    #[inline]
    pub fn argument<T: IntoPyObject<'py>>(
        &self,
        parameter: usize,
        value: T,
    ) -> Result<Bound<'py, PyAny>> {
        match value.into_pyobject(self.py) {
            Ok(object) => Ok(object.into_bound().into_any()),
            Err(error) => Err(self.argument_error::<T>(parameter, error.into())),
        }
    }

    #[cold]
    fn argument_error<T>(&self, parameter: usize, error: PyErr) -> Error {
        let parameter = self.site.parameters.get(parameter).copied().unwrap_or("?");
        let what = format!("{}({parameter})", self.site.name);
        let rust_type = std::any::type_name::<T>();
        Error::capture(self.py, &what, rust_type, error, self.origin())
    }

    /// Makes the call's result of what Python gave, or the error of what it raised.
    #[inline]
    pub(super) fn finish<T>(&self, result: Option<Bound<'py, PyAny>>) -> Result<T>
    where
        T: FromPyObjectOwned<'py>,
    {
        let value = result.ok_or_else(|| Error::take_raised(self.py, self.origin()))?;
        self.convert(&value, "()")
    }

    /// The value as a `T`; `suffix` is what an error puts behind the member's name.
    #[inline]
    pub(super) fn convert<T>(&self, value: &Bound<'py, PyAny>, suffix: &str) -> Result<T>
    where
        T: FromPyObjectOwned<'py>,
    {
        value.extract::<T>().map_err(|error| {
            let what = format!("{}{suffix}", self.site.name);
            Error::result::<T>(value, error.into(), &what, self.origin())
        })
    }

    /// Reads an attribute of `owner`.
    #[inline]
    pub(super) fn read<T>(&self, owner: &Bound<'py, PyAny>) -> Result<T>
    where
        T: FromPyObjectOwned<'py>,
    {
        let value = owner.getattr(self.site.interned(self.py));
        self.convert(&value.map_err(|error| self.raised(error))?, "")
    }

    /// Writes an attribute of `owner`.
    #[inline]
    pub(super) fn write(&self, owner: &Bound<'py, PyAny>, value: Bound<'py, PyAny>) -> Result<()> {
        let set = owner.setattr(self.site.interned(self.py), value);
        set.map_err(|error| self.raised(error))
    }

    #[cold]
    pub(super) fn raised(&self, error: PyErr) -> Error {
        Error::from_python(self.py, error, Some(self.origin()))
    }

    #[inline]
    pub(super) fn origin(&self) -> Origin {
        Origin::caller(self.location)
    }
}

/// The arguments of a call whose number is known only when it is made: those with places first, then those with names.
pub struct Arguments<'py> {
    call: Call<'py>,
    values: Vec<Bound<'py, PyAny>>,
    /// Which of the site's names are passed: a bit each.
    given: u64,
    /// The names that came with the values, after the site's.
    more_names: Vec<Bound<'py, PyAny>>,
}

impl<'py> Arguments<'py> {
    /// The arguments that `fill` adds.
    #[inline]
    pub(super) fn of(call: Call<'py>, fill: impl FnOnce(&mut Self) -> Result<()>) -> Result<Self> {
        let mut arguments = Self {
            call,
            values: Vec::with_capacity(call.site.parameters.len()),
            given: 0,
            more_names: Vec::new(),
        };
        fill(&mut arguments)?;
        Ok(arguments)
    }

    /// Passes an argument by its place.
    #[inline]
    pub fn positional<T: IntoPyObject<'py>>(&mut self, parameter: usize, value: T) -> Result<()> {
        let value = self.call.argument(parameter, value)?;
        self.values.push(value);
        Ok(())
    }

    /// Passes an argument by its name, the site's `keyword`th.
    #[inline]
    pub fn keyword<T: IntoPyObject<'py>>(
        &mut self,
        parameter: usize,
        keyword: usize,
        value: T,
    ) -> Result<()> {
        let value = self.call.argument(parameter, value)?;
        self.values.push(value);
        self.given |= 1 << keyword;
        Ok(())
    }

    /// Passes an argument by its name, where there is one.
    #[inline]
    pub fn default<T: IntoPyObject<'py>>(
        &mut self,
        parameter: usize,
        keyword: usize,
        value: Option<T>,
    ) -> Result<()> {
        value.map_or(Ok(()), |value| self.keyword(parameter, keyword, value))
    }

    /// Passes each item by its place.
    pub fn args<T: IntoPyObject<'py>>(&mut self, parameter: usize, value: T) -> Result<()> {
        let items = self.call.argument(parameter, value)?;
        let items = items.try_iter().and_then(|items| {
            for item in items {
                self.values.push(item?);
            }
            Ok(())
        });
        items.map_err(|error| self.call.raised(error))
    }

    /// Passes each item by its name.
    pub fn kwargs<T: IntoPyObject<'py>>(&mut self, parameter: usize, value: T) -> Result<()> {
        let items = self.call.argument(parameter, value)?;
        let Ok(items) = items.cast::<PyDict>() else {
            let found = items.get_type();
            let message =
                format!("keyword arguments come from what becomes a dict; this became a {found}");
            return Err(self
                .call
                .argument_error::<T>(parameter, PyTypeError::new_err(message)));
        };
        self.extend(items);
        Ok(())
    }

    /// Passes the fields that are set, each by its name.
    pub fn options<T: Options>(&mut self, parameter: usize, value: T) -> Result<()> {
        let items = PyDict::new(self.call.py);
        value
            .fill(&items)
            .map_err(|error| self.call.argument_error::<T>(parameter, error))?;
        self.extend(&items);
        Ok(())
    }

    fn extend(&mut self, items: &Bound<'py, PyDict>) {
        for (name, value) in items {
            self.more_names.push(name);
            self.values.push(value);
        }
    }

    /// Makes the call: `f` gets the values, and the names of the last of them.
    #[inline]
    pub(super) fn call(
        self,
        f: impl FnOnce(&[Bound<'py, PyAny>], Option<&Bound<'py, PyTuple>>) -> Option<Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>> {
        let Self {
            call,
            values,
            given,
            more_names,
        } = self;
        let result = if given == 0 && more_names.is_empty() {
            f(&values, None)
        } else if more_names.is_empty()
            && let Some(names) = call.site.kept_names(call.py, given)
        {
            f(&values, Some(names.map_err(|error| call.raised(error))?))
        } else {
            let names = call.site.given(given);
            let names = names.map(|name| PyString::intern(call.py, name).into_any());
            let names = PyTuple::new(call.py, names.chain(more_names).collect::<Vec<_>>());
            f(&values, Some(&names.map_err(|error| call.raised(error))?))
        };
        result.ok_or_else(|| Error::take_raised(call.py, call.origin()))
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.site.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// A result that nobody asked for.
#[derive(Debug)]
pub struct Discard;

impl FromPyObject<'_, '_> for Discard {
    type Error = PyErr;

    #[inline]
    fn extract(_: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(Self)
    }
}

/// A handle of one's own to a Python object.
pub fn share<T>(object: &Py<T>) -> Py<T> {
    crate::interpreter::attach_started(|py| object.clone_ref(py))
}
