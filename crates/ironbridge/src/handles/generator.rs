//! A Python generator that is sent values and returns one.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::panic::Location;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use pyo3::types::iterator::PySendResult;
use pyo3::{Borrowed, IntoPyObjectExt, Py, intern};

use super::place::{name_of, origin};
use crate::error::{Error, Result};
use crate::interpreter::attach_started;

/// What a generator gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GeneratorState<Y, R = ()> {
    /// It stands at a `yield`, which gave this value.
    Yielded(Y),
    /// It has returned this value.
    Returned(R),
}

/// A Python generator: `Generator[Y, S, R]` yields values of `Y`, is sent values of `S`, and returns an `R`.
///
/// As an iterator it gives the yielded values, and [`returned`](Self::returned) the value at the end. With
/// [`resume`](Self::resume), [`send`](Self::send) and [`throw`](Self::throw) it is a conversation. `()` stands for
/// `None`.
///
/// ```
/// use ironbridge::{Generator, GeneratorState, Session};
///
/// let session = Session::new()?;
/// session.run("
/// def average():
///     numbers = []
///     while (number := (yield sum(numbers) / len(numbers) if numbers else 0.0)) is not None:
///         numbers.append(number)
///     return len(numbers)
/// ")?;
/// let mut average = session.call::<Generator<f64, Option<f64>, usize>, _>("average", ())?;
/// assert_eq!(average.resume()?, GeneratorState::Yielded(0.0));
/// assert_eq!(average.send(Some(2.0))?, GeneratorState::Yielded(2.0));
/// assert_eq!(average.send(Some(4.0))?, GeneratorState::Yielded(3.0));
/// assert_eq!(average.send(None)?, GeneratorState::Returned(2));
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// Each step is one attachment; [`Iter`](super::Iter) can read ahead, where all that matters is what is yielded.
///
/// # The end
///
/// An exception that comes out, and a value that is no `Y`, end it: the iterator gives `None` from then on, and the
/// other methods say that it has finished. Dropped, it lets go of the Python generator, which Python then closes
/// (`finally` blocks run) unless someone else holds it. A drop does not wait for the interpreter: on a thread that is
/// not attached, that happens at the next attachment of any thread. [`close`](Self::close) does it now, and says what
/// it raised.
pub struct Generator<Y, S = (), R = ()> {
    /// Gone when it has finished.
    running: Option<Py<PyIterator>>,
    returned: Option<Py<PyAny>>,
    index: usize,
    name: Option<Cow<'static, str>>,
    types: PhantomData<fn(S) -> (Y, R)>,
}

/// How the return value `R` of a generator is read. `()` stands for whatever was returned.
pub trait Returns<Kind>: Sized {
    #[doc(hidden)]
    fn read(value: &Bound<'_, PyAny>) -> PyResult<Self>;
}

#[doc(hidden)]
#[derive(Debug)]
pub struct Nothing;
#[doc(hidden)]
#[derive(Debug)]
pub struct Something;

impl Returns<Nothing> for () {
    fn read(_value: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(())
    }
}

impl<T> Returns<Something> for T
where
    T: for<'py> FromPyObjectOwned<'py>,
{
    fn read(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract::<T>().map_err(Into::into)
    }
}

/// A step's outcome, before its value is converted.
enum Step<'py> {
    Yielded(Bound<'py, PyAny>),
    Returned(Bound<'py, PyAny>),
}

impl<Y, S, R> Generator<Y, S, R> {
    /// Says what errors call it: `chat()` makes the item with index 3 `chat()[3]`. Otherwise it is called as its
    /// function.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it has returned, failed, or been closed.
    pub fn is_finished(&self) -> bool {
        self.running.is_none()
    }

    /// What it returned, once, after the iteration or a step has come to its end; `None` before that, where it failed,
    /// or where [`GeneratorState::Returned`] gave the value already.
    ///
    /// # Errors
    ///
    /// The value is no `R`.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// # use ironbridge::Generator;
    /// session.run("
    /// def lines():
    ///     yield from ['one', 'two']
    ///     return 2
    /// ")?;
    /// let mut lines = session.call::<Generator<String, (), u32>, _>("lines", ())?;
    /// for line in &mut lines {
    ///     line?;
    /// }
    /// assert_eq!(lines.returned()?, Some(2));
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn returned<Kind>(&mut self) -> Result<Option<R>>
    where
        R: Returns<Kind>,
    {
        let location = Location::caller();
        let Some(value) = self.returned.take() else {
            return Ok(None);
        };
        attach_started(|py| self.read_returned(value.bind(py), location)).map(Some)
    }

    /// Closes it: `GeneratorExit` is raised at the `yield` where it stands, so that its `finally` blocks run.
    ///
    /// # Errors
    ///
    /// What these raised, or that it went on yielding.
    #[track_caller]
    pub fn close(mut self) -> Result<()> {
        let location = Location::caller();
        let Some(generator) = self.running.take() else {
            return Ok(());
        };
        attach_started(|py| {
            let closed = generator.bind(py).call_method0(intern!(py, "close"));
            drop(generator);
            match closed {
                Ok(_) => Ok(()),
                Err(error) => Err(Error::from_python(py, error, origin(location))),
            }
        })
    }

    /// Makes a step, and remembers its end.
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        location: &'static Location<'static>,
        step: impl FnOnce(&Bound<'py, PyIterator>) -> PyResult<PySendResult<'py>>,
    ) -> Result<Step<'py>> {
        let Some(generator) = &self.running else {
            let error = PyRuntimeError::new_err("the generator has finished already");
            return Err(Error::from_python(py, error, origin(location)));
        };
        match step(generator.bind(py)) {
            Ok(PySendResult::Next(value)) => Ok(Step::Yielded(value)),
            Ok(PySendResult::Return(value)) => {
                self.running = None;
                Ok(Step::Returned(value))
            }
            Err(error) => {
                self.running = None;
                Err(Error::from_python(py, error, origin(location)))
            }
        }
    }

    fn read_returned<Kind>(
        &self,
        value: &Bound<'_, PyAny>,
        location: &'static Location<'static>,
    ) -> Result<R>
    where
        R: Returns<Kind>,
    {
        R::read(value).map_err(|error| {
            let name = self.name.as_deref().unwrap_or("generator");
            let what = format!("{name}'s return value");
            Error::result::<R>(value, error, &what, origin(location))
        })
    }
}

impl<Y, S, R> Generator<Y, S, R>
where
    Y: for<'py> FromPyObjectOwned<'py>,
{
    /// Runs it to its next `yield`, or to its end; sends `None`.
    ///
    /// # Errors
    ///
    /// What it raised; a value that is no `Y` or `R`; or it has finished already.
    #[track_caller]
    pub fn resume<Kind>(&mut self) -> Result<GeneratorState<Y, R>>
    where
        R: Returns<Kind>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let step = self.step(py, location, |generator| {
                generator.send(&py.None().into_bound(py))
            })?;
            self.state(step, location)
        })
    }

    /// Makes `value` the value of the `yield` at which it stands, and runs it on. Python takes only `None` by a
    /// generator that stands at its beginning: [`resume`](Self::resume) first.
    ///
    /// # Errors
    ///
    /// What it raised; a value that cannot be converted, or is no `Y` or `R`; or it has finished already.
    #[track_caller]
    pub fn send<Kind>(&mut self, value: S) -> Result<GeneratorState<Y, R>>
    where
        S: for<'py> IntoPyObject<'py> + 'static,
        R: Returns<Kind>,
    {
        let location = Location::caller();
        attach_started(|py| {
            let value = if TypeId::of::<S>() == TypeId::of::<()>() {
                py.None().into_bound(py)
            } else {
                let converted = value.into_bound_py_any(py);
                converted.map_err(|error| Error::from_python(py, error, origin(location)))?
            };
            let step = self.step(py, location, |generator| generator.send(&value))?;
            self.state(step, location)
        })
    }

    /// Raises `error` at the `yield` where it stands, and runs it on, where it catches that.
    ///
    /// # Errors
    ///
    /// `error`, where it is not caught; what was raised instead; a value that is no `Y` or `R`; or it has finished
    /// already.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// # use ironbridge::{Generator, GeneratorState::Yielded, pyo3::exceptions::PyValueError};
    /// session.run("
    /// def patient():
    ///     while True:
    ///         try:
    ///             yield 'waiting'
    ///         except ValueError as error:
    ///             yield f'never mind: {error}'
    /// ")?;
    /// let mut patient = session.call::<Generator<String>, _>("patient", ())?;
    /// assert_eq!(patient.resume()?, Yielded("waiting".to_owned()));
    /// let answer = patient.throw(PyValueError::new_err("too late"))?;
    /// assert_eq!(answer, Yielded("never mind: too late".to_owned()));
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn throw<Kind>(&mut self, error: impl Into<PyErr>) -> Result<GeneratorState<Y, R>>
    where
        R: Returns<Kind>,
    {
        let location = Location::caller();
        let error = error.into();
        attach_started(|py| {
            let step = self.step(py, location, |generator| {
                let thrown = error.into_value(py);
                match generator.call_method1(intern!(py, "throw"), (thrown,)) {
                    Ok(value) => Ok(PySendResult::Next(value)),
                    // What a generator returns is the value of the `StopIteration` that it raises.
                    Err(error) if error.is_instance_of::<pyo3::exceptions::PyStopIteration>(py) => {
                        let value = error.value(py).getattr(intern!(py, "value"))?;
                        Ok(PySendResult::Return(value))
                    }
                    Err(error) => Err(error),
                }
            })?;
            self.state(step, location)
        })
    }

    fn state<Kind>(
        &mut self,
        step: Step<'_>,
        location: &'static Location<'static>,
    ) -> Result<GeneratorState<Y, R>>
    where
        R: Returns<Kind>,
    {
        match step {
            Step::Yielded(value) => self.item(&value, location).map(GeneratorState::Yielded),
            Step::Returned(value) => self
                .read_returned(&value, location)
                .map(GeneratorState::Returned),
        }
    }

    /// Converts what was yielded. Where that fails, the generator goes.
    fn item(
        &mut self,
        value: &Bound<'_, PyAny>,
        location: &'static Location<'static>,
    ) -> Result<Y> {
        let index = self.index;
        self.index += 1;
        value.extract::<Y>().map_err(|error| {
            let generator = self.running.take();
            let name = generator
                .as_ref()
                .map_or(Cow::Borrowed("generator"), |generator| {
                    name_of(self.name.as_ref(), generator.bind(value.py()))
                });
            let what = format!("{name}[{index}]");
            Error::result::<Y>(value, error.into(), &what, origin(location))
        })
    }
}

impl<Y, S, R> Iterator for Generator<Y, S, R>
where
    Y: for<'py> FromPyObjectOwned<'py>,
{
    type Item = Result<Y>;

    #[track_caller]
    fn next(&mut self) -> Option<Result<Y>> {
        let location = Location::caller();
        self.running.as_ref()?;
        attach_started(|py| {
            let step = self.step(py, location, |generator| {
                generator.send(&py.None().into_bound(py))
            });
            match step {
                Ok(Step::Yielded(value)) => Some(self.item(&value, location)),
                Ok(Step::Returned(value)) => {
                    self.returned = Some(value.unbind());
                    None
                }
                Err(error) => Some(Err(error)),
            }
        })
    }
}

impl<Y, S, R> FusedIterator for Generator<Y, S, R> where Y: for<'py> FromPyObjectOwned<'py> {}

impl<Y, S, R> FromPyObject<'_, '_> for Generator<Y, S, R> {
    type Error = PyErr;

    /// Takes a generator, or what has its methods: `send`, `throw`, `close` and those of an iterator.
    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let is_generator = object.cast::<PyIterator>().is_ok()
            && object.hasattr(intern!(py, "send"))?
            && object.hasattr(intern!(py, "throw"))?
            && object.hasattr(intern!(py, "close"))?;
        if !is_generator {
            let kind = object.get_type();
            let kind = kind.name()?;
            return Err(PyTypeError::new_err(format!(
                "'{kind}' object is not a generator (it has no `__next__`, `send`, `throw` and `close`)"
            )));
        }
        Ok(Self {
            running: Some(object.to_owned().cast_into::<PyIterator>()?.unbind()),
            returned: None,
            index: 0,
            name: None,
            types: PhantomData,
        })
    }
}

impl<'py, Y, S, R> IntoPyObject<'py> for Generator<Y, S, R> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    /// The Python generator; where it has finished, an iterator over nothing.
    fn into_pyobject(mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.running.take() {
            Some(generator) => Ok(generator.into_bound(py).into_any()),
            None => Ok(pyo3::types::PyTuple::empty(py).try_iter()?.into_any()),
        }
    }
}

impl<Y, S, R> fmt::Debug for Generator<Y, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("name", &self.name)
            .field("yielded", &self.index)
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
