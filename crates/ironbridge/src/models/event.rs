//! What happens to models, as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_broadcast::Receiver;
use bytesize::ByteSize;
use futures_core::Stream;

use super::loading::Progress;
use super::report::{Reason, Unloaded};
use crate::error::Error;
use crate::memory::Device;

/// Something happened to a model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelEvent {
    /// Counts the events of one `Models`, from 1. A gap tells that this listener was too slow for those in between.
    pub number: u64,
    /// The model's name.
    pub model: Arc<str>,
    /// What happened.
    pub change: Change,
}

/// What happened to a model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Change {
    /// Somebody wants it, and it waits for room.
    Queued,
    /// Its loader was started.
    Loading,
    /// Its loader told how far it is.
    Progress(Progress),
    /// It is there.
    #[non_exhaustive]
    Loaded {
        /// How long the loader took.
        took: Duration,
        /// What it is counted with, on each device.
        bytes: Vec<(Device, ByteSize)>,
    },
    /// It could not be loaded.
    #[non_exhaustive]
    Failed {
        /// Why.
        error: Arc<Error>,
        /// Until the next attempt is allowed.
        retry_after: Duration,
    },
    /// Nobody wanted it any more before it was there, or no more loads are made.
    Cancelled,
    /// It is about to go.
    #[non_exhaustive]
    Unloading {
        /// Why.
        reason: Reason,
    },
    /// It is gone.
    Unloaded(Arc<Unloaded>),
    /// With it, more of a device is taken than the budget has: it took more than was thought.
    #[non_exhaustive]
    OverBudget {
        /// The device.
        device: Device,
        /// What models take of it.
        used: ByteSize,
        /// What they may take.
        budget: ByteSize,
    },
}

impl fmt::Display for ModelEvent {
    /// `embedder: loaded in 2.1 s, gpu 0 1.2 GiB`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.model, self.change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued => f.write_str("waits for room"),
            Self::Loading => f.write_str("loading"),
            Self::Progress(progress) => write!(f, "{progress}"),
            Self::Loaded { took, bytes } => {
                write!(f, "loaded in {took:.1?}")?;
                bytes
                    .iter()
                    .try_for_each(|(device, size)| write!(f, ", {device} {size}"))
            }
            Self::Failed { error, retry_after } => {
                write!(f, "failed: {error}; next attempt in {retry_after:.1?}")
            }
            Self::Cancelled => f.write_str("load cancelled"),
            Self::Unloading { reason } => write!(f, "unloading: {reason}"),
            Self::Unloaded(unloaded) => write!(f, "{unloaded}"),
            Self::OverBudget {
                device,
                used,
                budget,
            } => write!(f, "{device} is over its budget: {used} of {budget}"),
        }
    }
}

/// What happens to models from now on, as a stream that does not end before its `Models` is gone. A listener that is too
/// slow misses the oldest events, never the newest; see [`ModelEvent::number`].
#[derive(Debug)]
pub struct ModelEvents(pub(super) Receiver<ModelEvent>);

impl ModelEvents {
    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<ModelEvent> {
        use async_broadcast::TryRecvError;

        loop {
            match self.0.try_recv() {
                Ok(event) => return Some(event),
                Err(TryRecvError::Overflowed(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}

impl Stream for ModelEvents {
    type Item = ModelEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ModelEvent>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}
