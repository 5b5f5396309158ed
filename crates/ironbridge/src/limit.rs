//! The time that a future is given, from its first poll on.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_io::Timer;

/// So long a future may take.
#[derive(Debug)]
pub(crate) struct Limit {
    given: Duration,
    /// Since the first poll.
    timer: Option<(Instant, Timer)>,
}

impl Limit {
    pub(crate) fn new(given: Duration) -> Self {
        Self { given, timer: None }
    }

    pub(crate) fn given(&self) -> Duration {
        self.given
    }

    /// Ready when the time is over, with what has passed.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        let given = self.given;
        let (begun, timer) = self
            .timer
            .get_or_insert_with(|| (Instant::now(), Timer::after(given)));
        Pin::new(timer).poll(context).map(|_| begun.elapsed())
    }

    /// Begins again at the next poll.
    pub(crate) fn restart(&mut self) {
        self.timer = None;
    }
}
