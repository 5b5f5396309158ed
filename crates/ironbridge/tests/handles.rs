//! The handles: iterators, generators, context managers, callbacks, functions; and coroutines as futures.

#[path = "handles/callbacks.rs"]
mod callbacks;
#[path = "handles/contexts.rs"]
mod contexts;
#[path = "handles/functions.rs"]
mod functions;
#[path = "handles/futures.rs"]
mod futures;
#[path = "handles/generators.rs"]
mod generators;
#[path = "handles/iterators.rs"]
mod iterators;
