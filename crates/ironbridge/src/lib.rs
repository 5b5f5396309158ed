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
//! - [`Iter`], [`Generator`], [`Context`] and [`Callback`] are values that go on living on both sides; see [`handles`].
//! - [`Environment`] finds or makes what Python runs in; [`Interpreter`] starts it with settings, where the defaults do
//!   not fit.
//! - [`Error`] tells the whole story; the module [`error`] shows how.
//! - [`attach`] and [`detach`] for use with [`pyo3`] directly.
//!
//! # Cargo features
//!
//! - `macros` (default): [`python!`].
//! - `serde`: errors and their stories serialise.
//! - `tracing`: Python's output and log records go to `tracing`.
//!
//! # Finding libpython
//!
//! A program that starts outside of Cargo must know where libpython is. Its build script says so in one line,
//! `ironbridge_build::link_libpython()`, from the crate `ironbridge-build`. Without it the program ends before `main`
//! with the loader's `error while loading shared libraries: libpython3.…`: add the line, or install libpython where the
//! loader looks (`LD_LIBRARY_PATH`, `ldconfig`).

#[doc(hidden)]
pub mod __private;
mod aio;
pub mod environment;
pub mod error;
pub mod handles;
pub mod interpreter;
pub mod session;

pub use environment::Environment;
pub use error::{Error, ErrorKind, Result};
pub use handles::{Callback, Context, Generator, GeneratorState, Guard, Iter};
pub use interpreter::{Interpreter, attach, detach};
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
/// promises. When Rust compiles: syntax errors in the parser's words, captures that are unknown or assigned to, `await`
/// and `yield` at the top, `return` with a value where the header gives no type; each at its own place.
#[cfg(feature = "macros")]
pub use ironbridge_macros::python;
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
    #[doc = include_str!("../../../docs/src/handles.md")]
    struct Handles;
    #[doc = include_str!("../../../docs/src/errors.md")]
    struct Errors;
    #[doc = include_str!("../../../docs/src/shipping.md")]
    struct Shipping;
}
