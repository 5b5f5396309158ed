//! A Python function that is looked up once and called often.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use pyo3::call::PyCallArgs;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{Borrowed, IntoPyObjectExt, ffi, intern};

use super::Session;
use crate::aio::RunsOn;
use crate::error::{Error, Origin, Result};
use crate::interpreter::attach_started;

/// A Python callable, held: a call finds no name and is one vectorcall.
///
/// It comes from a [`Session`] by its name, or out of Python as the value of anything that can be called: a function, a
/// method, a class, an object with `__call__`. It stays the same where the name is given another value later. Clones
/// share it.
///
/// ```
/// # let session = ironbridge::Session::new()?;
/// session.run("def area(width, height, *, unit='m'): return f'{width * height} {unit}²'")?;
/// let area = session.function("area")?;
/// assert_eq!(area.call::<String, _>((2, 3))?, "6 m²");
/// assert_eq!(area.call_with::<String, _, _>((2, 3), [("unit", "cm")])?, "6 cm²");
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Clone)]
pub struct Function(Arc<Inner>);

struct Inner {
    /// The name that a person wrote; otherwise Python's own is asked for when an error needs it.
    name: Option<String>,
    callable: Py<PyAny>,
    /// Whether it is known that a call gives a coroutine.
    gives_coroutine: bool,
}

impl Inner {
    fn new(name: Option<String>, callable: &Bound<'_, PyAny>) -> Self {
        Self {
            name,
            gives_coroutine: is_coroutine_function(callable),
            callable: callable.clone().unbind(),
        }
    }
}

/// Whether it is an `async def`. Of other callables nobody knows before they are called.
fn is_coroutine_function(callable: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object.
    let has_code = unsafe { ffi::PyFunction_Check(callable.as_ptr()) != 0 };
    let flags = |callable: &Bound<'_, PyAny>| {
        let py = callable.py();
        let code = callable.getattr(intern!(py, "__code__"))?;
        code.getattr(intern!(py, "co_flags"))?.extract::<i32>()
    };
    has_code && flags(callable).is_ok_and(|flags| flags & ffi::CO_COROUTINE != 0)
}

impl Session {
    /// A function of the session, or of Python's own, by its name.
    ///
    /// # Errors
    ///
    /// There is no such name, or its value cannot be called.
    #[track_caller]
    pub fn function(&self, name: &str) -> Result<Function> {
        let origin = Origin::caller(Location::caller());
        attach_started(|py| {
            let callable = self.lookup(py, name, origin)?;
            if !callable.is_callable() {
                let message = format!(
                    "'{name}' in the session cannot be called: {}",
                    callable.get_type()
                );
                let error = PyTypeError::new_err(message);
                return Err(Error::from_python(py, error, Some(origin)));
            }
            Ok(Function(Arc::new(Inner::new(
                Some(name.to_owned()),
                &callable,
            ))))
        })
    }
}

impl Function {
    /// Calls it with a tuple of arguments.
    ///
    /// # Errors
    ///
    /// What the function raised, or that its result is no `T`.
    #[track_caller]
    #[inline]
    pub fn call<T, A>(&self, arguments: A) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        A: for<'py> PyCallArgs<'py>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let callable = self.0.callable.bind(py);
            let value = callable
                .call1(arguments)
                .map_err(|error| Error::from_python(py, error, Some(Origin::caller(location))))?;
            self.result(&value, location)
        })
    }

    /// Calls it with a tuple of arguments and with keyword arguments: an array or vector of pairs, a map, or, where the
    /// values differ in type, a tuple of pairs (see [`Keywords`]).
    ///
    /// # Errors
    ///
    /// What the function raised, a keyword's value that cannot be converted, or that the result is no `T`.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// let int = session.function("int")?;
    /// assert_eq!(int.call_with::<u32, _, _>(("ff",), [("base", 16)])?, 255);
    /// let dict = session.function("dict")?;
    /// let made = dict.call_with::<pyo3::Py<pyo3::PyAny>, _, _>((), (("name", "Ferris"), ("legs", 10)))?;
    /// # use ironbridge::pyo3;
    /// assert_eq!(made.to_string(), "{'name': 'Ferris', 'legs': 10}");
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn call_with<T, A, K>(&self, arguments: A, keywords: K) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        A: for<'py> PyCallArgs<'py>,
        K: Keywords,
    {
        let location = Location::caller();
        attach_started(|py| {
            let call = || {
                let named = PyDict::new(py);
                keywords.fill(&named)?;
                self.0.callable.bind(py).call(arguments, Some(&named))
            };
            let value = call()
                .map_err(|error| Error::from_python(py, error, Some(Origin::caller(location))))?;
            self.result(&value, location)
        })
    }

    fn result<'py, T: FromPyObjectOwned<'py>>(
        &self,
        value: &Bound<'py, PyAny>,
        location: &'static Location<'static>,
    ) -> Result<T> {
        value.extract::<T>().map_err(|error| {
            not_the_result::<T>(value, error.into(), &self.name(value.py()), location)
        })
    }

    /// Where its calls run whose callers do not wait.
    pub(super) fn runs_on(&self) -> RunsOn {
        if self.0.gives_coroutine {
            RunsOn::Loop
        } else {
            RunsOn::Pool
        }
    }

    /// What errors call its result, said without asking Python.
    pub(super) fn what(&self) -> String {
        let name = self.0.name.as_deref();
        name.map_or_else(|| "the function".to_owned(), |name| format!("{name}()"))
    }

    pub(super) fn bind<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyAny> {
        self.0.callable.bind(py)
    }

    /// What errors and `Debug` call it.
    fn name(&self, py: Python<'_>) -> Cow<'_, str> {
        match &self.0.name {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(name_of(self.0.callable.bind(py))),
        }
    }
}

/// A callable's own name, or else its type's.
fn name_of(callable: &Bound<'_, PyAny>) -> String {
    let own = callable.getattr("__qualname__");
    let own = own.and_then(|name| name.extract::<String>());
    own.or_else(|_| {
        let name = callable.get_type().name()?;
        name.extract::<String>()
    })
    .unwrap_or_else(|_| "the function".to_owned())
}

/// Calls `callable` with a tuple of arguments; errors name it and the place of the call.
#[inline]
pub(super) fn call_object<'py, T, A>(
    callable: &Bound<'py, PyAny>,
    name: &str,
    arguments: A,
    location: &'static Location<'static>,
) -> Result<T>
where
    T: FromPyObjectOwned<'py>,
    A: PyCallArgs<'py>,
{
    let value = callable.call1(arguments).map_err(|error| {
        Error::from_python(callable.py(), error, Some(Origin::caller(location)))
    })?;
    value
        .extract::<T>()
        .map_err(|error| not_the_result::<T>(&value, error.into(), name, location))
}

#[cold]
fn not_the_result<T>(
    value: &Bound<'_, PyAny>,
    error: PyErr,
    name: &str,
    location: &'static Location<'static>,
) -> Error {
    let what = format!("{name}()");
    Error::result::<T>(value, error, &what, Origin::caller(location))
}

impl FromPyObject<'_, '_> for Function {
    type Error = PyErr;

    /// Takes anything that can be called.
    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if !object.is_callable() {
            let kind = object.get_type();
            let kind = kind.name()?;
            return Err(PyTypeError::new_err(format!(
                "'{kind}' object is not callable"
            )));
        }
        Ok(Self(Arc::new(Inner::new(None, &object))))
    }
}

impl<'py> IntoPyObject<'py> for Function {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0.callable.bind(py).clone())
    }
}

impl<'a, 'py> IntoPyObject<'py> for &'a Function {
    type Target = PyAny;
    type Output = Borrowed<'a, 'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0.callable.bind_borrowed(py))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

/// Keyword arguments of a call: pairs of a name and a value.
///
/// Arrays, vectors and maps hold values of one type; a tuple of up to eight pairs holds values of different ones:
/// `(("limit", 3), ("mode", "fast"))`. One pair alone is an array, `[("limit", 3)]`.
pub trait Keywords {
    /// Sets each name of `keywords` to its value.
    fn fill(self, keywords: &Bound<'_, PyDict>) -> PyResult<()>;
}

impl Keywords for () {
    fn fill(self, _keywords: &Bound<'_, PyDict>) -> PyResult<()> {
        Ok(())
    }
}

/// Sets the pairs that an iterator gives.
fn fill_from<N, V>(
    pairs: impl IntoIterator<Item = (N, V)>,
    keywords: &Bound<'_, PyDict>,
) -> PyResult<()>
where
    N: AsRef<str>,
    V: for<'py> IntoPyObject<'py>,
{
    let py = keywords.py();
    pairs.into_iter().try_for_each(|(name, value)| {
        keywords.set_item(name.as_ref(), value.into_bound_py_any(py)?)
    })
}

macro_rules! keywords_of_one_type {
    ($([$($generics:tt)*] $collection:ty;)+) => {$(
        impl<$($generics)*> Keywords for $collection
        where
            N: AsRef<str>,
            V: for<'py> IntoPyObject<'py>,
        {
            fn fill(self, keywords: &Bound<'_, PyDict>) -> PyResult<()> {
                fill_from(self, keywords)
            }
        }
    )+};
}

keywords_of_one_type! {
    [N, V, const COUNT: usize] [(N, V); COUNT];
    [N, V] Vec<(N, V)>;
    [N, V, H] std::collections::HashMap<N, V, H>;
    [N, V] std::collections::BTreeMap<N, V>;
}

impl<N, V> Keywords for &[(N, V)]
where
    N: AsRef<str>,
    V: for<'py> IntoPyObject<'py> + Clone,
{
    fn fill(self, keywords: &Bound<'_, PyDict>) -> PyResult<()> {
        fill_from(
            self.iter().map(|(name, value)| (name, value.clone())),
            keywords,
        )
    }
}

macro_rules! keywords_of_several_types {
    ($($value:ident)+) => {
        impl<$($value),+> Keywords for ($((&str, $value),)+)
        where
            $($value: for<'py> IntoPyObject<'py>,)+
        {
            #[allow(non_snake_case, reason = "the values are named after their types")]
            fn fill(self, keywords: &Bound<'_, PyDict>) -> PyResult<()> {
                let py = keywords.py();
                let ($($value,)+) = self;
                $(keywords.set_item($value.0, $value.1.into_bound_py_any(py)?)?;)+
                Ok(())
            }
        }
    };
}

keywords_of_several_types!(A);
keywords_of_several_types!(A B);
keywords_of_several_types!(A B C);
keywords_of_several_types!(A B C D);
keywords_of_several_types!(A B C D E);
keywords_of_several_types!(A B C D E F);
keywords_of_several_types!(A B C D E F G);
keywords_of_several_types!(A B C D E F G H);
