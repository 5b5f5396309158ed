//! For extensions of Python: `async` functions of Rust that Python awaits.
//!
//! ```
//! use std::time::Duration;
//!
//! use pyo3::prelude::*;
//!
//! /// Waits, and says so.
//! #[ironbridge::awaitable]
//! #[pyfunction]
//! async fn wait(seconds: f64) -> ironbridge::Result<String> {
//!     tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
//!     Ok(format!("waited for {seconds} s"))
//! }
//!
//! # fn main() -> ironbridge::Result<()> {
//! # ironbridge::attach(|py| -> PyResult<()> {
//! # let names = pyo3::types::PyDict::new(py);
//! # names.set_item("wait", wrap_pyfunction!(wait, py)?)?;
//! # py.run(cr#"
//! import asyncio
//!
//! async def main():
//!     assert await wait(0.01) == "waited for 0.01 s"
//!     async with asyncio.timeout(10):
//!         await asyncio.gather(wait(0.01), wait(0.02))
//!
//! asyncio.run(main())
//! # "#, Some(&names), None)
//! # })??;
//! # Ok(())
//! # }
//! ```
//!
//! (The first part is Rust, the second one Python.)
//!
//! - [`#[awaitable]`](macro@crate::awaitable) makes Python functions and methods of `async fn`s.
//! - [`awaitable()`] makes an object that Python awaits of any future.
//! - [`runtime()`] is the tokio runtime of the extension, [`configure()`] says what it is like.
//!
//! # What Python sees
//!
//! A coroutine: it starts when it is awaited, or made a task; `asyncio.gather`, `create_task`, `wait_for`, `timeout` and
//! `TaskGroup` take it; uvloop, too. One that is dropped and was never awaited is a `RuntimeWarning`. It is no instance of
//! `types.CoroutineType`, and its function is none for `inspect.iscoroutinefunction`: where a framework asks for that, wrap it
//! in an `async def`.
//!
//! # What Rust sees
//!
//! The future runs on the runtime's threads, detached. Nothing attaches when it completes: a byte through a socket wakes the
//! event loop, once for all that completed meanwhile, and the result is converted there.
//!
//! - *Cancelled* (`task.cancel()`, a timeout): the future is dropped, on the runtime, at its current `await`.
//! - *Errors* are exceptions by `Into<PyErr>`. An [`Error`](crate::Error) that began as an exception is that exception again.
//! - *A panic* is an [`RustPanic`], a `RuntimeError`, that says where it was. It ends that call alone.
//! - *Context variables*: [`attach`](crate::attach) in the future sees those of the task that awaits it.
//! - *A loop that is closed* while a future is under way drops it with its task.
//! - *Python's end* drops what is pending, and waits at most a second for what does not stop. Code that calls Python later than
//!   that ends with the process.
//! - *A forked child* makes a runtime of its own.

mod awaitable;
mod call;
pub(crate) mod context;
mod mailbox;
mod panic;
mod runtime;

use std::any::type_name;

use pyo3::prelude::*;

pub use awaitable::Awaitable;
pub use panic::RustPanic;
pub use runtime::{configure, runtime};

/// An object that Python awaits to run a future; for what [`#[awaitable]`](macro@crate::awaitable) cannot express.
///
/// It starts when it is awaited. In messages it has the name of the function that this was called in.
///
/// # Errors
///
/// Python has no memory for the object.
///
/// # Example
///
/// ```
/// use ironbridge::extension::{Awaitable, awaitable};
/// use pyo3::prelude::*;
///
/// /// Does the half that needs Python at once, and the other one when it is awaited.
/// #[pyfunction]
/// fn count<'py>(py: Python<'py>, words: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Awaitable>> {
///     let words = words.extract::<Vec<String>>()?;
///     awaitable(py, async move { PyResult::Ok(words.len()) })
/// }
/// ```
pub fn awaitable<F, T, E>(py: Python<'_>, future: F) -> PyResult<Bound<'_, Awaitable>>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: for<'py> IntoPyObject<'py> + Send + 'static,
    E: Into<PyErr> + Send + 'static,
{
    // `path::to::function::{{closure}}`
    let path = type_name::<F>();
    let path = path.split('<').next().unwrap_or(path);
    let name = path
        .rsplit("::")
        .find(|part| !part.starts_with('{'))
        .unwrap_or(path);
    Bound::new(py, Awaitable::new(name, name, future))
}

/// What `#[awaitable]` calls.
pub(crate) mod private {
    use pyo3::prelude::*;

    use super::Awaitable;

    /// As [`awaitable`](super::awaitable), with the names that Python shows.
    pub fn named<'py, F, T, E>(
        py: Python<'py>,
        name: &'static str,
        qualified_name: &'static str,
        future: F,
    ) -> PyResult<Bound<'py, Awaitable>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: for<'a> IntoPyObject<'a> + Send + 'static,
        E: Into<PyErr> + Send + 'static,
    {
        Bound::new(py, Awaitable::new(name, qualified_name, future))
    }

    /// What an `async fn` gave: a `Result` is one, everything else is fine.
    #[derive(Debug)]
    pub struct Given<T>(pub T);

    impl<T, E> Given<Result<T, E>> {
        /// The result. Before the trait's function of the same name, as inherent ones come first.
        pub fn outcome(self) -> Result<T, E> {
            self.0
        }
    }

    /// For what is no `Result`.
    pub trait Plain<T> {
        /// The value as a result.
        fn outcome(self) -> PyResult<T>;
    }

    impl<T> Plain<T> for Given<T> {
        fn outcome(self) -> PyResult<T> {
            Ok(self.0)
        }
    }
}
