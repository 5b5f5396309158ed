//! Memory, read again and again.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use async_io::Timer;
use futures_core::Stream;

use super::{Device, Memory};
use crate::error::Result;

/// The memory of a device as a stream: read now, and then every `interval`.
///
/// An error is an item, and the stream goes on: a device may come back. It never ends. Needs no runtime.
///
/// ```
/// use std::time::Duration;
///
/// use futures::StreamExt;
/// use ironbridge::memory::{self, Device};
///
/// # pollster::block_on(async {
/// let mut readings = memory::watch(Device::Host, Duration::from_millis(5)).take(2);
/// while let Some(memory) = readings.next().await {
///     println!("{}", memory?);
/// }
/// # Ok::<(), ironbridge::Error>(())
/// # })?;
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub fn watch(device: Device, interval: Duration) -> Watch {
    Watch {
        device,
        ticks: ticks(interval),
    }
}

/// What [`watch`] gives.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct Watch {
    device: Device,
    ticks: Timer,
}

impl Stream for Watch {
    type Item = Result<Memory>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let device = self.device;
        Pin::new(&mut self.ticks)
            .poll_next(context)
            .map(|_| Some(super::read(device)))
    }
}

/// A timer that fires now, and then every `interval`.
pub(crate) fn ticks(interval: Duration) -> Timer {
    // An interval of nothing would never let go of its thread.
    Timer::interval_at(Instant::now(), interval.max(Duration::from_millis(1)))
}
