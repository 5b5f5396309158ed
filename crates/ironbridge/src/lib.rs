//! The bridge between Rust and Python for machine-learning work.
pub mod environment;
pub mod error;
pub mod interpreter;

pub use error::{Error, ErrorKind, Result};
pub use interpreter::{Interpreter, attach, detach};
pub use pyo3;
