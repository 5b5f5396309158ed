//! Python's coroutines, and its plain functions, as Rust futures.
//!
//! An `async fn` of a typed module gives a [`PythonFuture`]; so do a `python!` block with `async`, and
//! [`Session::eval_async`](crate::Session::eval_async) and its kin. It needs no runtime: it is polled by whichever executor,
//! and wakes it. Polling neither attaches to the interpreter nor waits for it.
//!
//! ```
//! use std::time::Duration;
//!
//! use ironbridge::Result;
//!
//! #[ironbridge::module("asyncio")]
//! trait Asyncio {
//!     async fn sleep(&self, delay: f64) -> Result<()>;
//! }
//!
//! # fn main() -> Result<()> {
//! let asyncio = Asyncio::load()?;
//! # pollster::block_on(async {
//! asyncio.sleep(0.001).await?;
//! let error = asyncio.sleep(60.0).timeout(Duration::from_millis(10)).await.unwrap_err();
//! assert_eq!(error.kind(), ironbridge::ErrorKind::Timeout);
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Where calls run
//!
//! - A *coroutine* (`async def`) on the one thread of Python's that runs an event loop, `ironbridge-asyncio`: uvloop's
//!   where it is installed, else asyncio's.
//! - A *plain* function (`def`) on a thread of the pool, `ironbridge-pool-1` and so on: one on a build of CPython with the
//!   global lock, as many as there are cores on one without;
//!   [`pool_threads`](crate::interpreter::InterpreterBuilder::pool_threads) says otherwise. Functions that wait for
//!   something (files, the network, `time.sleep`) want more threads. An awaitable that a plain function returns is awaited
//!   on the event loop, and the items of an asynchronous iterator are asked for there.
//!
//! Calls are gathered: those that come while Python is busy are made in one attachment; [`stats()`] counts.
//!
//! Of a future that is made while its thread is attached (inside a callback, or in [`attach`](crate::attach)) the Python
//! side sees the context variables of that thread. With the feature `tracing` it runs in the span in which its future
//! was made, and so do its log records.
//!
//! # Leaving a call
//!
//! | | still waits for its turn | a coroutine under way | a plain function under way |
//! | --- | --- | --- | --- |
//! | the future is dropped | taken out | cancelled: it sees `CancelledError`, its `finally` blocks run | runs to its end |
//! | [`timeout`](PythonFuture::timeout) | taken out | cancelled | interrupted at its next bytecode by `ironbridge.CallTimeout`, a `BaseException` |
//!
//! The caller gets its [`ErrorKind::Timeout`] on time in any case. A coroutine that swallows the cancellation, and a
//! function that stays in C code, go on with nobody to hear of them.
//!
//! # Streams
//!
//! An asynchronous iterator, an `async def` that yields among them, is an [`AsyncIter`]: a stream, which is polled as a
//! future is. Python runs ahead of the program only as far as it is told to. A typed module declares it without `async`:
//! `fn tokens(&self) -> Result<AsyncIter<String>>`.
//!
//! # Too many calls
//!
//! As many calls may wait for the event loop, and as many for the pool, as
//! [`queue_capacity`](crate::interpreter::InterpreterBuilder::queue_capacity) says; those under way do not count. Further
//! ones wait for room, in the order in which they came. Who would rather be refused asks first, by
//! [`try_start`](PythonFuture::try_start), which gives [`ErrorKind::QueueFull`] at once.
//!
//! # The end
//!
//! [`Interpreter::shutdown`](crate::Interpreter::shutdown) takes no more calls, lets those that there are finish,
//! within [`exit_grace`](crate::interpreter::InterpreterBuilder::exit_grace), then cancels, and its error names those
//! that were left. Leaving `main` cancels at once, and waits a second.

mod asyncio;
mod call;
mod end;
mod future;
mod interrupt;
mod kind;
mod pool;
mod room;
mod stats;
mod stream;
mod surroundings;
mod task;

pub(crate) use end::end;
pub use future::PythonFuture;
pub(crate) use future::await_from;
#[doc(hidden)]
pub use future::{RunsOn, await_python};
pub(crate) use kind::{is_asynchronous, is_awaitable};
pub use stats::{Stats, stats};
pub use stream::AsyncIter;
#[allow(unused_imports, reason = "batching and models run on it")]
pub(crate) use task::spawn;

#[cfg(doc)]
use crate::error::ErrorKind;
