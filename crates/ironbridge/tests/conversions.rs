//! Conversions between Rust and Python: the derive, its errors, standard types, serde.

#![allow(
    clippy::unwrap_used,
    clippy::items_after_statements,
    clippy::float_cmp,
    reason = "a test may panic, and stands together"
)]

#[path = "conversions/classes.rs"]
mod classes;
#[path = "conversions/enums.rs"]
mod enums;
#[path = "conversions/errors.rs"]
mod errors;
#[path = "conversions/help.rs"]
mod help;
#[path = "conversions/nesting.rs"]
mod nesting;
#[path = "conversions/structs.rs"]
mod structs;
#[path = "conversions/types.rs"]
mod types;
#[cfg(feature = "serde")]
#[path = "conversions/with_serde.rs"]
mod with_serde;
