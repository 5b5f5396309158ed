//! Typed modules, from outside: what can be declared, loaded and called, and what is refused.

#[path = "modules/calls.rs"]
mod calls;
#[path = "modules/classes.rs"]
mod classes;
#[path = "modules/contract.rs"]
mod contract;
#[path = "modules/loading.rs"]
mod loading;
#[cfg(feature = "watch")]
#[path = "modules/reload.rs"]
mod reload;
#[path = "modules/streams.rs"]
mod streams;
#[path = "modules/values.rs"]
mod values;

/// The directory with the tests' Python modules.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/modules/python");
