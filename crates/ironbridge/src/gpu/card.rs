//! A card, as it was when it was read.

use std::{collections::BTreeMap, fmt};

use bytesize::ByteSize;
use nvml_wrapper::{
    Device, enum_wrappers::device::TemperatureSensor, enums::device::UsedGpuMemory,
    error::NvmlError,
};

use crate::memory::Memory;

/// The longest name of a process that is asked for, in bytes.
const LONGEST_NAME: usize = 1024;

/// A card and what it did when it was read. What a card does not report is `None`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Gpu {
    /// Its number, as `nvidia-smi` counts.
    pub index: u32,
    /// `NVIDIA H100 80GB HBM3`
    pub name: String,
    /// `GPU-` and a UUID; stays the same when cards are added.
    pub uuid: String,
    /// Its memory. Cards that share the host's report none.
    pub memory: Option<Memory>,
    /// How busy it was over the last sampling period of the driver, at most a second.
    pub utilisation: Option<Utilisation>,
    /// In degrees Celsius.
    pub temperature: Option<u32>,
    /// What it draws.
    pub power: Option<Power>,
    /// The processes on it, by id; empty where they may not be seen.
    pub processes: Vec<Process>,
}

/// How busy a card is, in percent of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Utilisation {
    /// Kernels were running.
    pub compute: u32,
    /// Its memory was read or written.
    pub memory: u32,
}

/// What a card draws, in watts.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Power {
    /// Now.
    pub draw: f64,
    /// What it may draw at most.
    pub limit: Option<f64>,
}

/// A process on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Its id, as the host counts: in a container it may not be the one that is seen there.
    pub pid: u32,
    /// What it has of the card's memory, where the driver tells.
    pub used: Option<ByteSize>,
    /// Its command, where it is known.
    pub name: Option<String>,
}

impl Gpu {
    pub(super) fn read(device: &Device<'_>) -> Result<Self, NvmlError> {
        Ok(Self {
            index: device.index()?,
            name: device.name()?,
            uuid: device.uuid()?,
            memory: reported(memory(device))?,
            utilisation: reported(device.utilization_rates())?.map(|rates| Utilisation {
                compute: rates.gpu,
                memory: rates.memory,
            }),
            temperature: reported(device.temperature(TemperatureSensor::Gpu))?,
            power: power(device)?,
            processes: processes(device)?,
        })
    }
}

/// What a card or a driver does not have, or does not tell this user, is no failure of the card.
fn reported<T>(value: Result<T, NvmlError>) -> Result<Option<T>, NvmlError> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(
            NvmlError::NotSupported
            | NvmlError::NoPermission
            | NvmlError::NotFound
            | NvmlError::NoData
            | NvmlError::FunctionNotFound
            | NvmlError::FailedToLoadSymbol(_),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn memory(device: &Device<'_>) -> Result<Memory, NvmlError> {
    device.memory_info().map(|memory| Memory {
        total: ByteSize(memory.total),
        used: ByteSize(memory.used),
        free: ByteSize(memory.free),
    })
}

fn power(device: &Device<'_>) -> Result<Option<Power>, NvmlError> {
    let watts = |milliwatts: u32| f64::from(milliwatts) / 1000.0;
    let Some(draw) = reported(device.power_usage())? else {
        return Ok(None);
    };
    Ok(Some(Power {
        draw: watts(draw),
        limit: reported(device.enforced_power_limit())?.map(watts),
    }))
}

/// What computes and what draws; a process that does both is in both lists.
pub(super) fn used(device: &Device<'_>) -> Result<BTreeMap<u32, Option<ByteSize>>, NvmlError> {
    let mut all = BTreeMap::new();
    let lists = [
        device.running_compute_processes(),
        device.running_graphics_processes(),
    ];
    for process in lists.into_iter().map(reported) {
        for process in process?.unwrap_or_default() {
            let used = match process.used_gpu_memory {
                UsedGpuMemory::Used(bytes) => Some(ByteSize(bytes)),
                UsedGpuMemory::Unavailable => None,
            };
            let known: &mut Option<ByteSize> = all.entry(process.pid).or_default();
            *known = (*known).max(used);
        }
    }
    Ok(all)
}

fn processes(device: &Device<'_>) -> Result<Vec<Process>, NvmlError> {
    let named = |(pid, used)| Process {
        pid,
        used,
        // The process may have ended meanwhile.
        name: device
            .nvml()
            .sys_process_name(pid, LONGEST_NAME)
            .ok()
            .filter(|name| !name.is_empty()),
    };
    Ok(used(device)?.into_iter().map(named).collect())
}

impl fmt::Display for Gpu {
    /// `gpu 0, NVIDIA H100 80GB HBM3: 12.3 GiB used of 79.6 GiB, 67.1 GiB free; 45 % busy; 56 °C; 310 W of 700 W`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gpu {}, {}:", self.index, self.name)?;
        match &self.memory {
            Some(memory) => write!(f, " {memory}")?,
            None => f.write_str(" memory unknown")?,
        }
        if let Some(utilisation) = self.utilisation {
            write!(f, "; {} % busy", utilisation.compute)?;
        }
        if let Some(temperature) = self.temperature {
            write!(f, "; {temperature} °C")?;
        }
        if let Some(power) = self.power {
            write!(f, "; {:.0} W", power.draw)?;
            if let Some(limit) = power.limit {
                write!(f, " of {limit:.0} W")?;
            }
        }
        Ok(())
    }
}
