//! Settings of a batcher.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::Batcher;
use super::core::{Core, Function, Settings};
use super::driver::{Driver, Work};
use super::items::{Gather, Items};
use super::outcomes::Scatter;
use crate::error::Result;

/// Settings for a [`Batcher`], made by [`Batcher::builder`].
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<I, O, K> {
    settings: Settings,
    function: Function<I, O>,
    key: Box<dyn Fn(&I) -> K + Send + Sync>,
    driver: Driver,
}

impl<I, O, K> Builder<I, O, K>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    pub(super) fn new<G, F, R, S>(function: F) -> Self
    where
        G: Gather<Item = I, Key = K>,
        F: Fn(G) -> R + Send + Sync + 'static,
        R: Future<Output = Result<S>> + Send + 'static,
        S: Scatter<Item = O>,
    {
        let function = Arc::new(function);
        Self {
            settings: Settings {
                name: "a batcher".into(),
                max: 64,
                wait: Duration::ZERO,
                wait_for_answered: Duration::ZERO,
                queue: 1024,
                concurrency: 1,
                timeout: None,
                bisect: true,
                halve: false,
            },
            function: Box::new(move |items: Items<I>| {
                let function = Arc::clone(&function);
                Box::pin(async move {
                    let gathered = G::gather(items)?;
                    let result = function(gathered).await?;
                    Ok(result.scatter())
                })
            }),
            key: Box::new(G::key),
            driver: Driver::own(),
        }
    }

    /// What errors, metrics and spans call the batcher.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into().into();
        self
    }

    /// The most items in a batch, 64 unless said otherwise; at least 1.
    pub fn max(mut self, items: usize) -> Self {
        self.settings.max = items.max(1);
        self
    }

    /// How long an item waits for others to come. Zero unless said otherwise: then a batch begins as soon as the one
    /// before is done, with all that has come meanwhile, and none waits for company.
    ///
    /// A longer wait makes fuller batches where items come slowly, and each of them late. A batch that is full goes at
    /// once in any case.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.settings.wait = wait;
        self
    }

    /// How long the next batch waits for those who were just answered. Not at all unless said otherwise.
    ///
    /// Clients that ask again as soon as they have their answer come within a moment of each other. Without this the first
    /// of them begins a batch alone, which may take nearly as long as one of all. With it a batch begins as soon as as many
    /// items wait as would if all of the batch before had come again, and at the latest so long after that batch. So
    /// a caller that is alone, or comes later, never waits, unlike with [`wait`](Self::wait). A millisecond or two is right where
    /// a call takes tens of them.
    pub fn wait_for_answered(mut self, wait: Duration) -> Self {
        self.settings.wait_for_answered = wait;
        self
    }

    /// The most items that wait for a batch, 1024 unless said otherwise; at least 1. Further ones wait for room, or are
    /// given back by [`Batcher::try_submit`].
    pub fn queue(mut self, items: usize) -> Self {
        self.settings.queue = items.max(1);
        self
    }

    /// The most batches under way together, 1 unless said otherwise; at least 1.
    pub fn concurrency(mut self, batches: usize) -> Self {
        self.settings.concurrency = batches.max(1);
        self
    }

    /// The longest that a call of the batch function may take. Then its future is dropped, and all its items end with
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). What they waited before does not count.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.settings.timeout = Some(after);
        self
    }

    /// Whether the items that make a batch fail are looked for, as is done unless said otherwise: a batch whose function
    /// fails is called again for each half, and so on, until each item that fails fails alone, with its own error. The
    /// others get their results.
    ///
    /// One such item among `n` costs at most 2 · log2 `n` more calls, rounded up, in all of which other items are
    /// computed again; where every item fails it is two calls an item. Nothing is called again for a timeout, a
    /// cancellation, memory that ran out, a full queue, or the interpreter's end; nor because results are missing.
    pub fn bisect(mut self, bisect: bool) -> Self {
        self.settings.bisect = bisect;
        self
    }

    /// Whether a batch for which memory ran out (`MemoryError`, `torch.cuda.OutOfMemoryError`) is done in halves, one
    /// after the other, and these again in halves where they are too big. It is not, unless said so: then all its items
    /// end with that error.
    ///
    /// The next batches are as big as ever; where this happens often, [`max`](Self::max) is too high.
    pub fn halve_on_out_of_memory(mut self, halve: bool) -> Self {
        self.settings.halve = halve;
        self
    }

    /// Puts only items with the same key into a batch: `|text: &String| text.len() / 64`. Arrays are told apart by their
    /// shapes in any case.
    ///
    /// The keys take turns: none waits behind another that has more items.
    pub fn key<L, F>(self, key: F) -> Builder<I, O, (K, L)>
    where
        L: Hash + Eq + Clone + Send + 'static,
        F: Fn(&I) -> L + Send + Sync + 'static,
    {
        let before = self.key;
        Builder {
            settings: self.settings,
            function: self.function,
            key: Box::new(move |item| (before(item), key(item))),
            driver: self.driver,
        }
    }

    /// Runs the batches on an executor, for batch functions that need one: `|batch| { tokio::spawn(batch); }`.
    ///
    /// Otherwise a batch is polled by the thread that began it, and by one of the batcher's own, `ironbridge-batch`. A
    /// batch that the executor drops fails its items.
    pub fn spawn_on<F>(mut self, spawn: F) -> Self
    where
        F: Fn(Work) + Send + Sync + 'static,
    {
        self.driver = Driver::Given(Box::new(spawn));
        self
    }

    /// The batcher.
    pub fn build(self) -> Batcher<I, O> {
        let core = Core::new(self.settings, self.function, self.key, self.driver);
        Batcher::of(Arc::new(core))
    }
}

impl<I, O, K> fmt::Debug for Builder<I, O, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Builder").field(&self.settings).finish()
    }
}
