//! The bridge between Rust and Python for machine-learning work.
pub mod environment;
pub mod error;

pub use error::{Error, ErrorKind, Result};
pub use pyo3;
