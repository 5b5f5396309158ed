//! Memory of devices and of the host.

use std::fmt;

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
