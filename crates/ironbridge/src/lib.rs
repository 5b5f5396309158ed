//! The bridge between Rust and Python for machine-learning work.
//!
//! ```
//! use ironbridge::{Session, python};
//!
//! # fn main() -> ironbridge::Result<()> {
//! python! {
//!     import statistics
//!     weights = [0.5, 1.5, 4.0]
//! }?;
//! let scale = 3.0;
//! let total = python! { -> f64 => statistics.fmean(weights) * 'scale }?;
//! assert_eq!(total, 6.0);
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//!
//! - [`python!`] runs Python that is checked when Rust compiles.
//! - [`Session`] is a namespace that persists between calls; the same without the macro.
//! - [`#[derive(Python)]`](macro@Python) converts your types; the module [`convert`] lists what converts by itself.
//! - [`#[module]`](macro@module) declares a Python module as a Rust trait, [`#[class]`](macro@class) a class; the module
//!   [`module`](mod@module) lists what can be declared.
//! - [`Iter`], [`Generator`], [`Context`] and [`Callback`] are values that go on living on both sides; see [`handles`].
//! - [`aio`] has futures of Python's calls, and [`AsyncIter`], a stream of what an asynchronous iterator gives.
//! - [`batch`] gathers single calls into one call of many.
//! - [`Environment`] finds or makes what Python runs in; [`Interpreter`] starts it with settings, where the defaults do
//!   not fit.
//! - [`Error`] tells the whole story; the module [`error`] shows how.
//! - [`attach`] and [`detach`] for use with [`pyo3`] directly; [`sync`] has locks that let the interpreter go.
//! - `gpu` and `memory` (feature `gpu`) tell what cards and the host have left.
//! - `models` (feature `models`) loads models on demand and unloads them within a memory budget.
//! - `arrays` (feature `arrays`) reads and writes NumPy's memory in place, and what else holds numbers.
//!
//! # Cargo features
//!
//! - `macros` (default): [`python!`], [`#[module]`](macro@module), [`#[class]`](macro@class) and
//!   [`#[derive(Python)]`](macro@Python).
//! - `arrays`: NumPy arrays as `ndarray` views, buffers, DLPack tensors; `arrow`: Arrow tables too.
//! - `watch`: typed modules can read their files again when they are edited.
//! - `gpu`: memory and load of GPUs and of the host; `models`: models within a memory budget.
//! - `tokio`: `async fn` of extensions, awaited by Python.
//! - `metrics`: what batching and models count.
//! - `serde`: errors and their stories serialise; [`convert::Serde`].
//! - `tracing`: Python's output and log records go to `tracing`.
//! - `jiff`, `chrono`, `rust_decimal`, `uuid`, `num-bigint`, `num-complex`: the types of these crates convert.
//!
//! # Finding libpython
//!
//! A program that starts outside of Cargo must know where libpython is. Its build script says so in one line,
//! `ironbridge_build::link_libpython()`, from the crate `ironbridge-build`. Without it the program ends before `main`
//! with the loader's `error while loading shared libraries: libpython3.…`: add the line, or install libpython where the
//! loader looks (`LD_LIBRARY_PATH`, `ldconfig`).

#[doc(hidden)]
pub mod __private;
pub mod aio;
#[cfg(feature = "arrays")]
pub mod arrays;
pub mod batch;
pub mod convert;
pub mod environment;
pub mod error;
#[cfg(feature = "tokio")]
pub mod extension;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod handles;
pub mod interpreter;
mod limit;
#[cfg(feature = "gpu")]
pub mod memory;
#[cfg(feature = "models")]
pub mod models;
pub mod module;
pub mod session;
pub mod sync;
mod turns;
mod vectorcall;

pub use aio::AsyncIter;
pub use environment::Environment;
pub use error::{Error, ErrorKind, Result};
pub use handles::{Callback, Context, Generator, GeneratorState, Guard, Iter};
pub use interpreter::{Interpreter, attach, detach};
/// Converts a type from Python and to Python: implements `PyO3`'s [`FromPyObject`](pyo3::FromPyObject), and
/// [`IntoPyObject`](pyo3::IntoPyObject) for the type and its reference.
///
/// ```
/// use ironbridge::{Python, Session};
///
/// #[derive(Debug, PartialEq, Python)]
/// struct VideoAnalysis {
///     title: String,
///     #[python(default)]
///     description: String,
///     #[python(name = "type")]
///     kind: String,
///     keywords: Vec<String>,
/// }
///
/// let session = Session::new()?;
/// session.run("def analyze(): return {'title': 'Cat', 'type': 'clip', 'keywords': ['fur', 7]}")?;
/// let error = session.call::<VideoAnalysis, _>("analyze", ()).unwrap_err();
/// assert!(error.to_string().ends_with(".keywords[1]: expected str, found int 7"));
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// # Structs
///
/// A struct is read from a `dict` or another mapping by keys, from anything else by attributes: dataclasses, named
/// tuples, pydantic models, your own classes. It becomes a `dict`, or an instance of its `class`. Of a property that
/// raises the exception comes through as it is.
///
/// On a struct:
///
/// - `class = "module.Class"`: to Python this class is called with the fields as keywords. It is imported on first use.
/// - `dict`: only mappings are read. `attributes`: only attributes, of mappings too.
/// - `rename_all = "camelCase"`: also `lowercase`, `UPPERCASE`, `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`,
///   `kebab-case`, `SCREAMING-KEBAB-CASE`.
/// - `deny_unknown`: a key of a mapping that no field has is an error.
/// - `skip_none`: to Python, fields that are `None` are left out.
/// - `options`: the keywords of a call; see [`convert::Options`].
/// - `from_only`, `into_only`: one direction alone. A type that borrows is converted to Python only.
///
/// On a field:
///
/// - `name = "type"`: its name in Python. A private name is given as Python mangles it, `_Class__name`.
/// - `default`, `default = expression`: its value where it is missing. Without, that is an error, for an `Option` too:
///   `None` and missing are two things. What is there and of the wrong type is always an error.
/// - `flatten`: its fields lie beside the others. In a `HashMap<String, T>` all that no other field has.
/// - `skip`: not in Python; from there it is the default.
///
/// A struct with one unnamed field, `struct UserId(i64)`, is what it holds; one with several is a tuple. `Box`, `Arc` and
/// `Rc` are looked through, so that types may hold themselves. A value nested too deep, or in itself, is a
/// `RecursionError`.
///
/// # Enums
///
/// Without fields, the variants are the values of a `Literal`: their names, by `rename_all`, or what `value` says. With
/// `class = "module.Color"` they are the members of that `Enum`, by name.
///
/// ```
/// use ironbridge::{Python, Session};
///
/// #[derive(Debug, PartialEq, Python)]
/// #[python(rename_all = "lowercase")]
/// enum Mode {
///     Fast,
///     #[python(value = "very good")]
///     Good,
///     #[python(value = 3)]
///     Three,
/// }
///
/// assert_eq!(Session::new()?.eval::<Vec<Mode>>("['fast', 3]")?, [Mode::Fast, Mode::Three]);
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// With fields they are a union: the first variant that fits is taken, one of the very type before one that Python would
/// convert (`True` is a `bool` before it is an `i64`). With `tag = "kind"` that field tells the variant, by its name or
/// what `name` or `value` says; a variant may have a `class` of its own, and `rename_all_fields` names its fields.
///
/// ```
/// use ironbridge::{Python, Session};
///
/// #[derive(Debug, PartialEq, Python)]
/// #[python(tag = "kind", rename_all = "lowercase")]
/// enum Shape {
///     Circle { radius: f64 },
///     Empty,
/// }
///
/// #[derive(Debug, PartialEq, Python)]
/// enum Size {
///     #[python(value = "auto")]
///     Auto,
///     Pixels(i64),
///     Both(i64, i64),
/// }
///
/// let session = Session::new()?;
/// let shape = session.eval::<Shape>("{'kind': 'circle', 'radius': 2}")?;
/// assert_eq!(shape, Shape::Circle { radius: 2.0 });
/// assert_eq!(session.eval::<Vec<Size>>("['auto', (1, 2)]")?, [Size::Auto, Size::Both(1, 2)]);
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[cfg(feature = "macros")]
pub use ironbridge_macros::Python;
/// Makes functions that Python awaits of `async fn`s of an extension; see the module [`extension`].
///
/// It stands above `#[pyfunction]`, whose attributes and conversions are as ever:
///
/// ```
/// use pyo3::prelude::*;
///
/// #[ironbridge::awaitable]
/// #[pyfunction]
/// #[pyo3(signature = (text, times = 2))]
/// async fn repeat(text: String, times: usize) -> String {
///     text.repeat(times)
/// }
/// ```
///
/// or above the `impl` of `#[pymethods]`, whose `async` methods it takes. The class is `frozen`, since others may use the
/// object while a method waits; what changes goes into a [`Mutex`](crate::sync::Mutex), which is not held over an `await`, or
/// into one of tokio's, which may be.
///
/// ```
/// use std::time::Duration;
///
/// use ironbridge::sync::Mutex;
/// use pyo3::prelude::*;
///
/// #[pyclass(frozen)]
/// struct Client {
///     calls: Mutex<u64>,
/// }
///
/// #[ironbridge::awaitable]
/// #[pymethods]
/// impl Client {
///     #[new]
///     fn new() -> Self {
///         Self { calls: Mutex::new(0) }
///     }
///
///     async fn fetch(&self, url: String) -> ironbridge::Result<Vec<u8>> {
///         *self.calls.lock() += 1;
///         tokio::time::sleep(Duration::from_millis(1)).await;
///         Ok(url.into_bytes())
///     }
///
///     fn calls(&self) -> u64 {
///         *self.calls.lock()
///     }
/// }
/// ```
///
/// Arguments are owned: the future runs when the call has returned. It gives a value that converts to Python, or a `Result`
/// whose error is `Into<PyErr>`. In a type stub the function is `async def`.
#[cfg(all(feature = "macros", feature = "tokio"))]
pub use ironbridge_macros::awaitable;
/// Declares a Python class as a trait, which becomes a handle to an object of it.
///
/// ```
/// use ironbridge::Result;
///
/// #[ironbridge::module("collections")]
/// pub trait Collections {
///     #[python(class)]
///     fn counter(&self, words: &[&str]) -> Result<Counter>;
/// }
///
/// #[ironbridge::class]
/// pub trait Counter {
///     fn most_common(&self, n: usize) -> Result<Vec<(String, u64)>>;
///     #[python(name = "__getitem__")]
///     fn count(&self, word: &str) -> Result<u64>;
///     #[python(name = "__len__")]
///     fn len(&self) -> Result<usize>;
/// }
///
/// # fn main() -> Result<()> {
/// let counter = Collections::load()?.counter(&["b", "a", "b"])?;
/// assert_eq!(counter.count("b")?, 2);
/// assert_eq!(counter.len()?, 2);
/// assert_eq!(counter.most_common(1)?, [("b".to_owned(), 2)]);
/// # Ok(())
/// # }
/// ```
///
/// `#[class("Name")]` where the class's name is not the trait's; `#[class(protocol)]` takes any object, as a `Protocol`
/// does. The handle is `Clone`, `Send` and `Sync`; it converts from an object of the class, and back to the same object.
#[cfg(feature = "macros")]
pub use ironbridge_macros::class;
/// Declares a Python module as a trait, which becomes a handle to it.
///
/// ```
/// use std::path::{Path, PathBuf};
///
/// use ironbridge::Result;
///
/// #[ironbridge::module("shutil")]
/// pub trait Shutil {
///     /// Where a program is, on the `PATH` or on another one.
///     fn which(&self, cmd: &str, #[python(default)] path: Option<&str>) -> Result<Option<PathBuf>>;
///     fn disk_usage(&self, path: &Path) -> Result<(u64, u64, u64)>;
/// }
///
/// # fn main() -> Result<()> {
/// let shutil = Shutil::load()?; // imported, and checked against the declaration
/// assert_eq!(shutil.which("no such program", None)?, None);
/// let (total, used, _free) = shutil.disk_usage(Path::new("."))?;
/// assert!(used <= total);
/// # Ok(())
/// # }
/// ```
///
/// `#[module("name", source = "python/name.py")]` carries the module's text in the program; the path is relative to the
/// package. The module [`module`](mod@crate::module) lists what can be declared, and
/// [`Loader`](crate::module::Loader) the other ways of loading.
///
/// The handle is `Clone`, `Send` and `Sync`; clones share what was loaded.
#[cfg(feature = "macros")]
pub use ironbridge_macros::module;
/// Runs Python, checked when Rust compiles.
///
/// ```
/// use ironbridge::{Session, python};
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// let names = vec!["b", "a"];
/// python! { session =>
///     ordered = sorted('names)
/// }?;
/// let first = python! { session -> String => ordered[0] }?;
/// assert_eq!(first, "a");
/// # Ok(())
/// # }
/// ```
///
/// # The header
///
/// What stands before `=>` may name a session (any expression that is or borrows a [`Session`]) and a result type:
/// `session -> f64 =>`. Without a session the block runs in [`Session::shared`]. Without a type the macro gives
/// `Result<()>`; with a type `T` it gives `Result<T>`, the value of the block's last expression or of a `return`.
///
/// # Asynchronous blocks
///
/// With `async` first in the header (`async session -> f64 =>`) the block is the body of an `async def`: `await`,
/// `async for`, `async with` and asynchronous comprehensions may stand at its top. The macro then gives a
/// [`PythonFuture`](aio::PythonFuture), which runs on Python's event loop when it is polled by any executor; see [`aio`].
///
/// ```
/// use std::time::Duration;
///
/// use ironbridge::python;
///
/// # fn main() -> ironbridge::Result<()> {
/// python! {
///     import asyncio
///     async def fetch(url):
///         await asyncio.sleep(0.001)
///         return "page of " + url
/// }?;
/// # pollster::block_on(async {
/// let url = String::from("http://here");
/// let fetched = python! { async -> String => await fetch('url) };
/// assert_eq!(fetched.timeout(Duration::from_secs(30)).await?, "page of http://here");
/// # Ok(())
/// # })
/// # }
/// ```
///
/// The future may outlive the variables, so it owns what the block captures: of `&str`, a slice, a `Path` or a `Cow` what
/// `to_owned` gives, also in an `Option` or `Vec`; of everything else a clone, made when the macro runs. It is `'static`
/// and `Send`, so that it can be spawned as a task.
///
/// # Three forms
///
/// - **A block**, in braces: `python! { … }`. `'name` captures the Rust variable `name`, by reference.
/// - **A literal**, in parentheses: `python!(-> String => r#"f'{who} {n // 2}'"#, who, n = xs.len())`. Captures follow
///   and are plain names in the code. For what Rust's lexer cannot read: `'single quotes'`, `f"…"`, `//`.
/// - **A file**, in parentheses: `python!(file = "scripts/setup.py", data)`, relative to the package.
///
/// Captures are whatever converts to Python by reference (`&T: IntoPyObject`), and results whatever converts back
/// (`FromPyObject`). The names that the code binds at its top belong to the session; captures do not, and cannot be
/// assigned to.
///
/// # Errors
///
/// At run time: what the code raised, a capture that cannot be converted, a value that is not the type that the header
/// promises. When Rust compiles: syntax errors in the parser's words, captures that are unknown or assigned to, `yield` at
/// the top, and without `async` in the header `await`, `return` with a value where the header gives no type; each at its own place.
#[cfg(feature = "macros")]
pub use ironbridge_macros::python;
pub use module::TypedModule;
pub use pyo3;
pub use session::Session;

/// The examples of the README and of the book run with the doctests.
#[cfg(all(doctest, feature = "macros"))]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/src/introduction.md")]
    struct Introduction;
    #[doc = include_str!("../../../docs/src/environments.md")]
    struct Environments;
    #[doc = include_str!("../../../docs/src/interpreter.md")]
    struct Interpreter;
    #[doc = include_str!("../../../docs/src/sessions-and-python.md")]
    struct SessionsAndPython;
    #[doc = include_str!("../../../docs/src/typed-modules.md")]
    struct TypedModules;
    #[cfg(feature = "arrow")]
    #[doc = include_str!("../../../docs/src/arrays.md")]
    struct Arrays;
    #[doc = include_str!("../../../docs/src/handles.md")]
    struct Handles;
    #[doc = include_str!("../../../docs/src/async.md")]
    struct Async;
    #[cfg(feature = "tokio")]
    #[doc = include_str!("../../../docs/src/awaiting-rust.md")]
    struct AwaitingRust;
    #[doc = include_str!("../../../docs/src/sync.md")]
    struct Sync;
    #[cfg(feature = "gpu")]
    #[doc = include_str!("../../../docs/src/memory.md")]
    struct Memory;
    #[cfg(feature = "models")]
    #[doc = include_str!("../../../docs/src/models.md")]
    struct Models;
    #[doc = include_str!("../../../docs/src/batching.md")]
    struct Batching;
    #[doc = include_str!("../../../docs/src/errors.md")]
    struct Errors;
    #[cfg(feature = "serde")]
    #[doc = include_str!("../../../docs/src/conversions.md")]
    struct Conversions;
    #[doc = include_str!("../../../docs/src/shipping.md")]
    struct Shipping;
}
