//! Batching, from outside: when batches begin, what an item can meet, and how it ends.

#[cfg(feature = "arrays")]
#[path = "batching/arrays.rs"]
mod arrays;
#[path = "batching/attribute.rs"]
mod attribute;
#[path = "batching/failures.rs"]
mod failures;
#[path = "batching/gathering.rs"]
mod gathering;
#[path = "batching/inline.rs"]
mod inline;
#[path = "batching/leaving.rs"]
mod leaving;
#[cfg(feature = "metrics")]
#[path = "batching/metrics.rs"]
mod metrics;
#[path = "batching/python.rs"]
mod python;
#[path = "batching/support.rs"]
mod support;
