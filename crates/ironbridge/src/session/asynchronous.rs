//! The methods of a session that give futures.

use std::panic::Location;

use pyo3::call::PyCallArgs;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;

use super::Session;
use super::call_site::{evaluate, helper};
use super::function::Function;
use crate::aio::{PythonFuture, RunsOn, await_from};
use crate::error::{Error, Origin};
use crate::handles::{Nothing, Something};

/// What is asynchronous. Each future can be awaited on any executor, timed and cancelled; see [`aio`](crate::aio).
///
/// Nothing is compiled, looked up or called before the future is polled, and then not on the thread that polls it: on a
/// thread of the pool, and what is to be awaited on the event loop. A coroutine function that is called often is quicker
/// as a [`Function`], which goes to the event loop directly.
impl Session {
    /// Runs statements, among which `await`, `async for` and `async with` may stand at the top.
    ///
    /// # Errors
    ///
    /// The future's: what the code raised, a `SyntaxError` included.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// let naps = session.run_async("
    /// import asyncio
    /// await asyncio.sleep(0.001)
    /// rested = True
    /// ");
    /// pollster::block_on(naps)?;
    /// assert!(session.get::<bool>("rested")?);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn run_async(&self, code: impl Into<String>) -> PythonFuture<()> {
        let (session, code) = (self.clone(), code.into());
        let origin = Origin::caller(Location::caller());
        await_from::<_, _, Nothing>(RunsOn::Pool, "the code".into(), origin, move |py| {
            let file = origin.code_name();
            let value = session
                .start_async(py, &code, &file, "exec")
                .map_err(|error| Error::from_python(py, error, Some(origin)))?;
            session.name_file(py, &file);
            Ok(value)
        })
    }

    /// The value of an expression, in which `await` may stand. An awaitable that is the value is awaited.
    ///
    /// # Errors
    ///
    /// The future's: what the expression raised, or that its value is no `T`.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// session.run("async def double(n): return 2 * n")?;
    /// let sum = session.eval_async::<u32>("await double(1) + await double(2)");
    /// assert_eq!(pollster::block_on(sum)?, 6);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn eval_async<T>(&self, expression: impl Into<String>) -> PythonFuture<T>
    where
        T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
    {
        let (session, expression) = (self.clone(), expression.into());
        let origin = Origin::caller(Location::caller());
        let what = "the expression".into();
        await_from::<_, _, Something>(RunsOn::Pool, what, origin, move |py| {
            session
                .start_async(py, expression.trim(), &origin.code_name(), "eval")
                .map_err(|error| Error::from_python(py, error, Some(origin)))
        })
    }

    /// Calls a function of the session, or of Python's own, by its name, with a tuple of arguments: a coroutine function
    /// runs on the event loop, a plain one on a thread of the pool.
    ///
    /// # Errors
    ///
    /// The future's: what the function raised, that there is none of that name, or that its result is no `T`.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// session.run("
    /// async def greet(name): return f'Hello, {name}'
    /// def shout(text): return text.upper()
    /// ")?;
    /// # pollster::block_on(async {
    /// let greeting: String = session.call_async("greet", ("Ferris",)).await?;
    /// let loud: String = session.call_async("shout", (greeting,)).await?;
    /// assert_eq!(loud, "HELLO, FERRIS");
    /// # Ok::<(), ironbridge::Error>(())
    /// # })?;
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn call_async<T, A>(&self, name: &str, arguments: A) -> PythonFuture<T>
    where
        T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
        A: for<'py> PyCallArgs<'py> + Send + 'static,
    {
        let (session, name) = (self.clone(), name.to_owned());
        let origin = Origin::caller(Location::caller());
        let what = format!("{name}()").into();
        await_from::<_, _, Something>(RunsOn::Pool, what, origin, move |py| {
            let callable = session.lookup(py, &name, origin)?;
            callable
                .call1(arguments)
                .map_err(|error| Error::from_python(py, error, Some(origin)))
        })
    }

    /// Runs code; where it awaits at its top, gives what is to be awaited.
    fn start_async<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        file: &str,
        mode: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let code = helper(py, "compile_async")?.call1((text, file, mode))?;
        evaluate(&code, self.namespace(py))
    }
}

impl Function {
    /// Calls it with a tuple of arguments: a coroutine function on the event loop, any other callable on a thread of the
    /// pool. Nothing is called before the future is polled; see [`aio`](crate::aio).
    ///
    /// # Errors
    ///
    /// The future's: what the function raised, or that its result is no `T`.
    ///
    /// ```
    /// # let session = ironbridge::Session::new()?;
    /// session.run("async def double(n): return 2 * n")?;
    /// let double = session.function("double")?;
    /// assert_eq!(pollster::block_on(double.call_async::<u32, _>((21,)))?, 42);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn call_async<T, A>(&self, arguments: A) -> PythonFuture<T>
    where
        T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
        A: for<'py> PyCallArgs<'py> + Send + 'static,
    {
        let function = self.clone();
        let origin = Origin::caller(Location::caller());
        let what = self.what().into();
        await_from::<_, _, Something>(self.runs_on(), what, origin, move |py| {
            function
                .bind(py)
                .call1(arguments)
                .map_err(|error| Error::from_python(py, error, Some(origin)))
        })
    }
}
