//! Memory of devices and of the host, in the same terms.
//!
//! ```
//! use ironbridge::memory::{self, Device};
//!
//! let host = memory::read(Device::Host)?;
//! println!("{host}"); // 3.1 GiB used of 23.5 GiB, 20.4 GiB free
//! assert!(host.used + host.free <= host.total);
//! assert!(memory::used_by_process(Device::Host)? <= host.total);
//! # Ok::<(), ironbridge::Error>(())
//! ```
//!
//! Nothing here uses Python, and nothing waits: a reading takes from microseconds to a few milliseconds.

#[cfg(target_os = "linux")]
mod cgroup;
mod host;
mod watch;

use std::fmt;

pub use bytesize::ByteSize;
pub(crate) use watch::ticks;
pub use watch::{Watch, watch};

use crate::{error::Result, gpu::Nvml};

/// Where a model lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Device {
    /// The host's memory.
    Host,
    /// A GPU, by NVML's index.
    Gpu(u32),
}

impl fmt::Display for Device {
    /// `host`, `gpu 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Gpu(index) => write!(f, "gpu {index}"),
        }
    }
}

/// How much memory a device has, and how much of it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// All of it. Of the host: what the process may have, by its cgroup or by the machine, whichever is less.
    pub total: ByteSize,
    /// What is taken, by whomever.
    pub used: ByteSize,
    /// What can still be taken. A driver keeps some of a GPU's memory for itself, which is neither used nor free.
    pub free: ByteSize,
}

impl fmt::Display for Memory {
    /// `3.1 GiB used of 23.5 GiB, 20.4 GiB free`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, used, free } = self;
        write!(f, "{used} used of {total}, {free} free")
    }
}

/// The memory of a device now.
///
/// Of the host, files that the system keeps in memory and can drop count as free. Limits of cgroups (version 1 and 2, of
/// all the groups that the process is in) are kept to, so in a container this is the container's memory.
///
/// An error of kind [`Device`](crate::ErrorKind::Device): a GPU that is not there, or that does not tell.
pub fn read(device: Device) -> Result<Memory> {
    match device {
        Device::Host => host::read(),
        Device::Gpu(index) => Nvml::shared()?.memory(index),
    }
}

/// What this process has of the memory of a device now.
///
/// Of the host it is the resident set. Of a GPU it is what NVML lists for this process, and nothing when it lists no such
/// process: in a container with process ids of its own, NVML may know this process by another id.
pub fn used_by_process(device: Device) -> Result<ByteSize> {
    match device {
        Device::Host => host::resident(),
        Device::Gpu(index) => Nvml::shared()?.used_by(index, std::process::id()),
    }
}
