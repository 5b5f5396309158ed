//! Python values that go on living on both sides: iterators, generators, context managers, callbacks.
//!
//! Typed modules take and give them; with [`pyo3`] directly they are values like any other, by its two traits
//! `FromPyObject` and `IntoPyObject`. Each is an owned handle that any thread may use, and none holds the interpreter
//! between two calls.
//!
//! | in Python | here |
//! | --- | --- |
//! | an iterable, an iterator | [`Iter`], a Rust iterator |
//! | an asynchronous iterator | [`AsyncIter`](crate::AsyncIter), a stream |
//! | a generator that is sent values, or returns one | [`Generator`] |
//! | a context manager | [`Context`], entered as a [`Guard`] |
//! | a callable that Rust provides | [`Callback`] |
//! | a callable that Python provides | [`Function`](crate::session::Function) |

mod ahead;
pub(crate) mod callback;
mod context;
mod generator;
mod iter;
mod place;
mod quick;

pub use callback::{Callback, IntoCallback, IntoCallbackMut, IntoCallbackOnce};
pub use context::{Context, Guard};
pub use generator::{Generator, GeneratorState, Returns};
#[doc(hidden)]
pub use generator::{Nothing, Something};
pub use iter::Iter;
pub(crate) use iter::item_of;
