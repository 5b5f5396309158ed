//! What a batcher tells `metrics` (feature `metrics`); without the feature nothing.

use std::sync::Arc;
use std::time::Duration;

/// The instruments of one batcher.
#[cfg(feature = "metrics")]
pub(super) struct Meters {
    queue_depth: metrics::Gauge,
    size: metrics::Histogram,
    wait: metrics::Histogram,
    call: metrics::Histogram,
    errors: metrics::Counter,
}

#[cfg(feature = "metrics")]
#[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
impl Meters {
    pub(super) fn new(name: &Arc<str>) -> Self {
        use metrics::{
            Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
        };

        describe_gauge!(
            "ironbridge_batch_queue_depth",
            Unit::Count,
            "Items that wait for a batch"
        );
        describe_histogram!("ironbridge_batch_size", Unit::Count, "Items in a batch");
        describe_histogram!(
            "ironbridge_batch_wait_seconds",
            Unit::Seconds,
            "What an item waited for its batch"
        );
        describe_histogram!(
            "ironbridge_batch_call_seconds",
            Unit::Seconds,
            "What a call of the batch function took"
        );
        describe_counter!(
            "ironbridge_batch_errors_total",
            Unit::Count,
            "Items that ended with an error"
        );
        let name = name.to_string();
        Self {
            queue_depth: gauge!("ironbridge_batch_queue_depth", "batcher" => name.clone()),
            size: histogram!("ironbridge_batch_size", "batcher" => name.clone()),
            wait: histogram!("ironbridge_batch_wait_seconds", "batcher" => name.clone()),
            call: histogram!("ironbridge_batch_call_seconds", "batcher" => name.clone()),
            errors: counter!("ironbridge_batch_errors_total", "batcher" => name),
        }
    }

    pub(super) fn queued(&self, items: usize) {
        self.queue_depth.set(items as f64);
    }

    pub(super) fn batch(&self, items: usize) {
        self.size.record(items as f64);
    }

    pub(super) fn waited(&self, wait: Duration) {
        self.wait.record(wait);
    }

    pub(super) fn called(&self, took: Duration) {
        self.call.record(took);
    }

    pub(super) fn errors(&self, items: u64) {
        self.errors.increment(items);
    }
}

#[cfg(not(feature = "metrics"))]
pub(super) struct Meters;

#[cfg(not(feature = "metrics"))]
#[allow(clippy::unused_self, reason = "nothing is told")]
impl Meters {
    pub(super) fn new(_name: &Arc<str>) -> Self {
        Self
    }

    pub(super) fn queued(&self, _items: usize) {}

    pub(super) fn batch(&self, _items: usize) {}

    pub(super) fn waited(&self, _wait: Duration) {}

    pub(super) fn called(&self, _took: Duration) {}

    pub(super) fn errors(&self, _items: u64) {}
}
