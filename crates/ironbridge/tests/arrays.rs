//! Arrays against real NumPy: what crosses without a copy, what is refused, what lives how long.

#![allow(
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "values that cross are the same ones; a test may panic"
)]

#[path = "arrays/support.rs"]
mod support;

#[path = "arrays/batched.rs"]
mod batched;
#[path = "arrays/buffers.rs"]
mod buffers;
#[path = "arrays/crossing.rs"]
mod crossing;
#[path = "arrays/refused.rs"]
mod refused;
#[path = "arrays/round_trip.rs"]
mod round_trip;
#[path = "arrays/tensors.rs"]
mod tensors;
#[path = "arrays/threads.rs"]
mod threads;
