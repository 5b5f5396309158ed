//! The handles: iterators, generators, context managers, callbacks, functions.

#[path = "handles/callbacks.rs"]
mod callbacks;
#[path = "handles/contexts.rs"]
mod contexts;
#[path = "handles/functions.rs"]
mod functions;
#[path = "handles/generators.rs"]
mod generators;
#[path = "handles/iterators.rs"]
mod iterators;
