//! Async calls: what comes of them, how they are left, on a pool of four threads.

#[path = "async_calls/leaving.rs"]
mod leaving;
#[path = "async_calls/outcomes.rs"]
mod outcomes;
#[path = "async_calls/support.rs"]
mod support;
#[path = "async_calls/surroundings.rs"]
mod surroundings;
