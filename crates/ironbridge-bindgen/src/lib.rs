//! Writes the Rust trait of a Python module from its type hints, without running Python.
//!
//! From a build script:
//!
//! ```no_run
//! ironbridge_bindgen::Bindings::of("python/embedders.py")
//!     .only(["transcribe", "analyze"])
//!     .generate()?
//!     .write_to_out_dir("embedders.rs")?;
//! # Ok::<(), ironbridge_bindgen::Error>(())
//! ```
//!
//! and in the program:
//!
//! ```ignore
//! mod embedders {
//!     include!(concat!(env!("OUT_DIR"), "/embedders.rs"));
//! }
//! ```
//!
//! The command `cargo ironbridge bindgen` does the same for a file that is kept with the program's own source.

mod abilities;
mod agree;
mod bindings;
mod docs;
mod error;
mod layout;
mod names;
mod plan;
mod rust;
mod summary;

pub use agree::agree;
pub use bindings::{Bindings, Builder};
pub use error::Error;
pub use summary::{Remark, Summary};
