//! Typed modules: a Python module, declared as a Rust trait.
//!
//! [`#[module]`](macro@crate::module) turns the trait into a handle. Loading it imports the module and compares it with
//! the declaration, so that what does not fit is found when the program starts, not when the call is made. A call is
//! then one vectorcall of a function that was looked up once: a name that Python code gives another value later keeps
//! its old one here.
//!
//! [`#[class]`](macro@crate::class) does the same for a class: a handle to an object whose state Python keeps.
//!
//! | in the trait | in Python |
//! | --- | --- |
//! | `fn f(&self, a: i64) -> Result<T>` | `f(a)` |
//! | `#[python(keyword)] a: i64` | `f(a=a)` |
//! | `#[python(default)] a: Option<i64>` | `f(a=a)`, or `f()` for `None` |
//! | `#[python(args)] values: &[i64]` | `f(*values)` |
//! | `#[python(kwargs)] values: &HashMap<String, i64>` | `f(**values)` |
//! | `#[python(options)] options: Options` | the fields that are set, by name |
//! | `#[python(name = "type")] fn type_` | `type` |
//! | `#[python(name = "Encoder.load")] fn load_encoder` | `Encoder.load`: static and class methods |
//! | `#[python(get)] fn version(&self) -> Result<String>` | a constant, a property |
//! | `#[python(set = "level")] fn set_level(&self, value: u8) -> Result<()>` | `level = value` |
//! | `#[python(class)] fn encoder(&self) -> Result<Encoder>` | `Encoder()` |
//! | `async fn` | `async def`; a plain function runs on a thread of its own pool |
//! | `fn f(&self) -> Result<AsyncIter<T>>` | an `async def` that yields; nothing is called before the first item is asked for |
//! | `#[batched(call = f)] async fn one(&self, item: T) -> Result<O>` | nothing: `f` is called, for many items at once |
//!
//! # Batched methods
//!
//! `#[batched(call = embed)]` stands on a method of one item, which is Rust's alone. Its items are gathered, and `embed`,
//! another method of the trait, is called for a list of them, or for arrays that were stacked into one. It gives a
//! [`Submission`](crate::batch::Submission), and `…_batcher()` shows the [`Batcher`](crate::batch::Batcher) behind it,
//! which clones of the handle share. It is made at its first use.
//!
//! ```
//! use std::time::Duration;
//!
//! use ironbridge::Result;
//!
//! #[ironbridge::module("embedding")]
//! trait Embedding {
//!     async fn embed(&self, texts: &[String]) -> Result<Vec<f64>>;
//!     /// The embedding of one text.
//!     #[batched(call = embed, max = 32, queue = 256, timeout = Duration::from_secs(5))]
//!     async fn embed_one(&self, text: &str) -> Result<f64>;
//! }
//!
//! # fn main() -> Result<()> {
//! let embedding = Embedding::loader()
//!     .source("def embed(texts: list[str]) -> list[float]: return [float(len(text)) for text in texts]")
//!     .load()?;
//! # pollster::block_on(async {
//! let (one, two) = futures::join!(embedding.embed_one("a"), embedding.embed_one("ab"));
//! assert_eq!((one?, two?), (1.0, 2.0));
//! assert_eq!(embedding.embed_one_batcher().stats().items, 2);
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! The other settings are those of [`batch::Builder`](crate::batch::Builder), by their names: `max`, `wait`,
//! `wait_for_answered`, `queue`, `concurrency`, `timeout`, `bisect`, `halve_on_out_of_memory`, `key`.
//!
//! # Methods of Rust's own
//!
//! Methods with a body are Rust's own, and come along.

mod call;
mod check;
mod contract;
mod handle;
mod loader;
mod object;
mod site;
mod source;
#[cfg(feature = "watch")]
mod watch;

use std::marker::PhantomData;

use pyo3::prelude::*;
use pyo3::types::PyModule;

pub use call::{Arguments, Call, Discard, share};
pub use contract::{Contract, Member, MemberKind, Parameter, ParameterKind};
pub use handle::Handle;
pub use loader::Loader;
pub use object::Object;
pub use site::Site;

use crate::error::Result;

/// A declared module. [`#[module]`](macro@crate::module) implements it.
///
/// The handle has `load` and `loader` of its own too, unless the Python module has functions of these names.
pub trait TypedModule: Sized {
    /// What was declared.
    const CONTRACT: &'static Contract;
    /// The text that the program carries, where the declaration names a file.
    const SOURCE: Option<&'static str>;

    #[doc(hidden)]
    fn from_handle(handle: Handle) -> Self;

    #[doc(hidden)]
    fn handle(&self) -> &Handle;

    /// Imports the module and checks it against the declaration.
    ///
    /// # Errors
    ///
    /// The module is not there, raised while it was imported, or does not fit.
    #[track_caller]
    fn load() -> Result<Self> {
        Self::loader().load()
    }

    /// Settings for loading.
    fn loader() -> Loader<Self> {
        Loader::new()
    }

    /// The Python module.
    fn module<'py>(&self, py: Python<'py>) -> Bound<'py, PyModule> {
        self.handle().module(py)
    }
}

/// A declared class. [`#[class]`](macro@crate::class) implements it.
pub trait TypedClass {
    /// What was declared.
    const CONTRACT: &'static Contract;

    /// The Python object.
    fn object(&self) -> &Py<PyAny>;
}

/// The contract of a result that is a declared class: the constant of this type where there is one, else that of
/// [`NoClass`].
#[derive(Debug)]
pub struct ClassOf<T>(PhantomData<T>);

impl<T: TypedClass> ClassOf<T> {
    /// Gives the class's contract.
    pub const CONTRACT: Option<fn() -> &'static Contract> = Some(|| T::CONTRACT);
}

/// Stands for every type that is no declared class.
pub trait NoClass {
    /// There is none.
    const CONTRACT: Option<fn() -> &'static Contract> = None;
}

impl<T> NoClass for ClassOf<T> {}
