//! Cards, read again and again.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_io::Timer;
use futures_core::Stream;

use super::Gpu;
use crate::{error::Result, memory::ticks};

/// All cards as a stream: read now, and then every `interval`.
///
/// An error is an item, and the stream goes on: a driver may come back. It never ends. Needs no runtime.
///
/// ```no_run
/// use std::time::Duration;
///
/// use futures::StreamExt;
/// use ironbridge::gpu;
///
/// # async fn watch() -> ironbridge::Result<()> {
/// let mut snapshots = gpu::watch(Duration::from_secs(1));
/// while let Some(cards) = snapshots.next().await {
///     for card in cards? {
///         println!("{card}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub fn watch(interval: Duration) -> Watch {
    Watch {
        ticks: ticks(interval),
    }
}

/// What [`watch`] gives.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct Watch {
    ticks: Timer,
}

impl Stream for Watch {
    type Item = Result<Vec<Gpu>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.ticks)
            .poll_next(context)
            .map(|_| Some(super::devices()))
    }
}
