//! Single calls gathered into one call of many.
//!
//! Models are fastest with many inputs at once, and requests come one by one. A [`Batcher`] stands in between: each caller
//! submits an item and awaits its result; the batch function is called for all that have come.
//!
//! ```
//! use ironbridge::Result;
//! use ironbridge::batch::{Batcher, Items};
//!
//! #[ironbridge::module("embedders")]
//! trait Embedders {
//!     async fn lengths(&self, texts: &[String]) -> Result<Vec<usize>>;
//! }
//!
//! # fn main() -> Result<()> {
//! let embedders = Embedders::loader()
//!     .source("def lengths(texts: list[str]) -> list[int]: return [len(text) for text in texts]")
//!     .load()?;
//! let batcher = Batcher::builder(move |texts: Items<String>| embedders.lengths(&texts))
//!     .max(64)
//!     .build();
//! # pollster::block_on(async {
//! let (one, three) = futures::join!(
//!     batcher.submit("a".to_owned()),
//!     batcher.submit("abc".to_owned()),
//! );
//! assert_eq!((one?, three?), (1, 3));
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! In a typed module [`#[batched]`](mod@crate::module#batched-methods) writes this for a method.
//!
//! # When a batch begins
//!
//! Unless asked to, no item waits for company: a batch begins when an item comes and none is under way, and again as soon
//! as one is done, with all that has come meanwhile. So a single caller is never slower for it, and under load batches
//! grow by themselves. [`Builder::wait`] asks for a window; [`Builder::concurrency`] lets several batches be under way.
//!
//! # What an item can meet
//!
//! | | the item | the others |
//! | --- | --- | --- |
//! | its future is dropped, and it waits | is taken out | |
//! | the same, under way | is computed, for nobody | go on; when all are gone the batch is cancelled |
//! | the function gives an exception or an error for it, in [`Outcomes`] | fails with that | go on |
//! | the function fails because of it | fails with its own error | are called again, [without it](Builder::bisect) |
//! | the function takes [too long](Builder::timeout) | | all fail with that error |
//! | the number of results is not that of the items | | all fail with that error |
//! | the queue is full | waits for room, or [is given back](Batcher::try_submit) | |
//!
//! # The end
//!
//! [`Batcher::close`] takes no more items and waits for those that there are. A batcher of which every clone and every
//! future is gone ends by itself. After [`Interpreter::shutdown`](crate::Interpreter::shutdown) items that need Python
//! fail, and nothing waits.

mod builder;
mod core;
mod driver;
mod items;
mod measure;
mod outcomes;
mod queue;
mod run;
mod slot;
#[cfg(feature = "arrays")]
mod stack;
mod stats;
mod submission;

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

pub use builder::Builder;
pub use driver::Work;
pub use items::{Gather, Items};
#[doc(hidden)]
pub use outcomes::ScatterPython;
pub use outcomes::{Outcomes, Scatter};
#[cfg(feature = "arrays")]
#[doc(hidden)]
pub use stack::Rows;
pub use stats::Stats;
pub use submission::Submission;

use self::core::{Batching, Settings};
use crate::error::{Error, Result};
use crate::interpreter::detach;
use crate::turns::{Turn, Turns};

/// Gathers items into batches. See the [module](self).
///
/// Clones are the same batcher; any thread may use it, with any executor or none.
pub struct Batcher<I, O> {
    core: Arc<dyn Batching<I, O>>,
}

impl<I, O> Batcher<I, O>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
{
    /// Settings for a batcher over a function.
    ///
    /// The function's argument says how items are put together, and its result how that is taken apart: see [`Gather`]
    /// and [`Scatter`]. Its futures may need no executor, unless [`spawn_on`](Builder::spawn_on) gives one, and their
    /// polls should be short.
    ///
    /// ```
    /// use ironbridge::batch::Batcher;
    ///
    /// let doubler = Batcher::builder(|numbers: Vec<i64>| async move {
    ///     Ok(numbers.into_iter().map(|number| 2 * number).collect::<Vec<_>>())
    /// })
    /// .build();
    /// assert_eq!(doubler.submit_blocking(21)?, 42);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn builder<G, F, R, S>(function: F) -> Builder<I, O, G::Key>
    where
        G: Gather<Item = I>,
        F: Fn(G) -> R + Send + Sync + 'static,
        R: Future<Output = Result<S>> + Send + 'static,
        S: Scatter<Item = O>,
    {
        Builder::new(function)
    }
}

impl<I, O> Batcher<I, O> {
    fn of(core: Arc<dyn Batching<I, O>>) -> Self {
        Self { core }
    }

    fn core(&self) -> Arc<dyn Batching<I, O>> {
        Arc::clone(&self.core)
    }

    fn settings(&self) -> &Settings {
        self.core.settings()
    }

    /// Submits an item, and gives a future of its result. Nothing happens before that is polled. It waits for room, where
    /// the queue is full.
    ///
    /// # Errors
    ///
    /// The future gives what the item met (see the [module](self)), and
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) after [`close`](Self::close).
    pub fn submit(&self, item: I) -> Submission<I, O> {
        Submission::new(self.clone(), item)
    }

    /// Submits an item at once, if there is room for it.
    ///
    /// # Errors
    ///
    /// The item is given back: the queue is full ([`ErrorKind::QueueFull`](crate::ErrorKind::QueueFull)), or the batcher
    /// was closed ([`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled)).
    pub fn try_submit(&self, item: I) -> Result<Submission<I, O>, Refused<I>> {
        match self.core().enter(item) {
            Ok(slot) => Ok(Submission::submitted(self.clone(), slot)),
            Err((refusal, item)) => {
                let error = self.settings().refuse(refusal);
                Err(Refused { item, error })
            }
        }
    }

    /// Submits an item, and waits for its result on this thread; detached, if it is attached to the interpreter.
    ///
    /// # Errors
    ///
    /// As those of [`submit`](Self::submit).
    pub fn submit_blocking(&self, item: I) -> Result<O>
    where
        I: Send,
        O: Send,
    {
        let submission = self.submit(item);
        detach(|| async_io::block_on(submission))
    }

    /// Takes no more items, and waits until those that were submitted have their outcomes. Items that wait for room are
    /// refused.
    pub async fn close(&self) {
        self.core().close();
        let mut turn = None;
        poll_fn(|context| self.poll_idle(&mut turn, context)).await;
    }

    fn poll_idle(
        &self,
        turn: &mut Option<Turn<Arc<Turns>>>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if let Some(turn) = turn
            && turn.waits(context.waker())
        {
            return Poll::Pending;
        }
        *turn = Some(Turn::new(self.core.idle(), context.waker()));
        // Looks when it has queued, so that no end is missed.
        if self.core.is_idle() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// What it did so far.
    pub fn stats(&self) -> Stats {
        self.core.stats()
    }

    /// What errors, metrics and spans call it.
    pub fn name(&self) -> &str {
        &self.settings().name
    }
}

impl<I, O> Clone for Batcher<I, O> {
    fn clone(&self) -> Self {
        Self::of(self.core())
    }
}

impl<I, O> fmt::Debug for Batcher<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher")
            .field("settings", self.settings())
            .field("stats", &self.stats())
            .finish()
    }
}

/// An item that was not taken, and why.
pub struct Refused<I> {
    item: I,
    error: Error,
}

impl<I> Refused<I> {
    /// The item.
    pub fn into_item(self) -> I {
        self.item
    }

    /// Why it was not taken.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl<I> From<Refused<I>> for Error {
    fn from(refused: Refused<I>) -> Self {
        refused.error
    }
}

impl<I> fmt::Debug for Refused<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<I> fmt::Display for Refused<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<I> StdError for Refused<I> {}
