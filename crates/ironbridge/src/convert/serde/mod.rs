//! Types of `serde` between Rust and Python.
