//! Settings of all models.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;

use super::Models;
use super::inner::Inner;
use super::model::{Backoff, Defaults};
use crate::memory::Device;

/// Budgets, and what models do that do not say otherwise.
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until `build`"]
pub struct ModelsBuilder {
    budgets: BTreeMap<Device, u64>,
    defaults: Defaults,
    events: usize,
}

impl Default for ModelsBuilder {
    fn default() -> Self {
        Self {
            budgets: BTreeMap::new(),
            defaults: Defaults {
                keep_alive: None,
                load_timeout: Some(Duration::from_mins(10)),
                unload_timeout: Duration::from_mins(1),
                backoff: Backoff {
                    first: Duration::from_secs(1),
                    most: Duration::from_mins(5),
                },
            },
            events: 1024,
        }
    }
}

impl ModelsBuilder {
    /// What models together may take of a device. Without, there is no bound.
    pub fn budget(mut self, device: Device, size: ByteSize) -> Self {
        self.budgets.insert(device, size.as_u64());
        self
    }

    /// How long models stay loaded without a lease. Without, as long as there is room.
    pub fn keep_alive(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.defaults.keep_alive = idle.into();
        self
    }

    /// How long loads may take: 10 minutes where nothing is said; `None` for ever.
    pub fn load_timeout(mut self, most: impl Into<Option<Duration>>) -> Self {
        self.defaults.load_timeout = most.into();
        self
    }

    /// How long unloading may take before its hook is interrupted: a minute where nothing is said.
    pub fn unload_timeout(mut self, most: Duration) -> Self {
        self.defaults.unload_timeout = most;
        self
    }

    /// After a failed load the next attempt has to wait for `first`, then for twice as long, up to `most`: from a second to
    /// 5 minutes where nothing is said.
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.defaults.backoff = Backoff { first, most };
        self
    }

    /// How many events are kept for a listener that is slow: 1024 where nothing is said.
    pub fn events_capacity(mut self, events: usize) -> Self {
        self.events = events;
        self
    }

    /// The models; there are none yet.
    pub fn build(self) -> Models {
        Models(Inner::new(self.defaults, self.budgets, self.events))
    }
}
