//! What is counted of calls: for operators, and for the bench.

use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);
static ATTACHES: AtomicU64 = AtomicU64::new(0);

/// What has been counted since the program began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls that were handed over to Python's side.
    pub calls: u64,
    /// How often a thread attached to the interpreter, or the event loop was woken, to take calls. Under load one serves
    /// many.
    pub attaches: u64,
}

/// What has been counted since the program began.
///
/// ```
/// let stats = ironbridge::aio::stats();
/// assert!(stats.attaches <= stats.calls);
/// ```
pub fn stats() -> Stats {
    Stats {
        calls: CALLS.load(Ordering::Relaxed),
        attaches: ATTACHES.load(Ordering::Relaxed),
    }
}

/// So many calls came with one attachment.
pub(super) fn count_attach() {
    ATTACHES.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn count_calls(calls: u64) {
    CALLS.fetch_add(calls, Ordering::Relaxed);
}
