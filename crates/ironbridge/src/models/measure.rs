//! What this process has of the memory of devices, before and after.

use bytesize::ByteSize;

use crate::error::Result;
use crate::memory::{self, Device};

/// A reading of one device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    device: Device,
    process: u64,
    /// What is taken of the device by whomever, where it is a GPU.
    all: Option<u64>,
}

impl Reading {
    pub(super) fn of(device: Device) -> Result<Self> {
        let process = memory::used_by_process(device)?.as_u64();
        let all = match device {
            Device::Host => None,
            _ => memory::read(device).ok().map(|memory| memory.used.as_u64()),
        };
        Ok(Self {
            device,
            process,
            all,
        })
    }

    /// By how much it has grown until `later`.
    ///
    /// In a container the driver may not know this process by its number, and list nothing for it: then the device's
    /// own figure stands in.
    pub(super) fn growth_until(&self, later: &Self) -> u64 {
        match (self.all, later.all) {
            (Some(before), Some(after)) if self.process == 0 && later.process == 0 => {
                after.saturating_sub(before)
            }
            _ => later.process.saturating_sub(self.process),
        }
    }
}

/// Readings of several devices; those that cannot be read are left out.
pub(super) fn read(devices: &[Device]) -> Vec<Reading> {
    let readings = devices.iter().map(|device| Reading::of(*device));
    readings.filter_map(Result::ok).collect()
}

/// What each device got back between two readings.
pub(super) fn returned(before: &[Reading], after: &[Reading]) -> Vec<(Device, ByteSize)> {
    let pairs = before.iter().filter_map(|before| {
        let after = after.iter().find(|after| after.device == before.device)?;
        Some((before.device, ByteSize::b(after.growth_until(before))))
    });
    pairs.collect()
}
