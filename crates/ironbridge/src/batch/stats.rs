//! What a batcher did.

use std::time::Duration;

/// What a batcher did since it was built, and what waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Items that wait for a batch.
    pub queued: usize,
    /// Batches under way.
    pub in_flight: usize,
    /// Items that came into a batch.
    pub items: u64,
    /// Batches that began.
    pub batches: u64,
    /// Calls of the batch function: more than batches where one was called again for parts of its items.
    pub calls: u64,
    /// Items that ended with an error.
    pub errors: u64,
    /// Items in the biggest batch.
    pub largest: usize,
    /// What the items have waited for their batches, together.
    pub waited: Duration,
}

impl Stats {
    /// Items a batch, on average; 0 where there was none.
    #[allow(clippy::cast_precision_loss, reason = "an average")]
    pub fn mean_size(&self) -> f64 {
        if self.batches == 0 {
            return 0.0;
        }
        self.items as f64 / self.batches as f64
    }
}
