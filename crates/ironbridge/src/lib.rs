//! The bridge between Rust and Python for machine-learning work.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod environment;
pub mod error;
pub mod interpreter;
pub mod session;

pub use environment::Environment;
pub use error::{Error, ErrorKind, Result};
pub use interpreter::{Interpreter, attach, detach};
#[cfg(feature = "macros")]
pub use ironbridge_macros::python;
pub use pyo3;
pub use session::Session;
