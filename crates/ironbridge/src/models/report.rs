//! What is told of a model that went.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;

use crate::error::Error;
use crate::memory::Device;

/// Why a model is unloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It was idle for as long as it is kept.
    KeepAlive,
    /// Another model needs the room.
    #[non_exhaustive]
    Evicted {
        /// The other model.
        by: Arc<str>,
    },
    /// More was taken than the budget has.
    OverBudget,
    /// A load, or a call, ran out of memory.
    OutOfMemory,
    /// It was asked for.
    Asked,
    /// It was loaded when nobody wanted it any more.
    Unwanted,
    /// All models go.
    Shutdown,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepAlive => f.write_str("idle for longer than it is kept"),
            Self::Evicted { by } => write!(f, "evicted for {by}"),
            Self::OverBudget => f.write_str("the budget was passed"),
            Self::OutOfMemory => f.write_str("memory ran out"),
            Self::Asked => f.write_str("asked for"),
            Self::Unwanted => f.write_str("nobody waited for it any more"),
            Self::Shutdown => f.write_str("shutdown"),
        }
    }
}

/// What unloading a model did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unloaded {
    /// The model's name.
    pub model: Arc<str>,
    /// Why it went.
    pub reason: Reason,
    /// How long it took, with the hook and the measuring.
    pub took: Duration,
    /// What this process has less of each of the model's devices than before, as measured. Of a model that names no device,
    /// of the host.
    pub returned: Vec<(Device, ByteSize)>,
    /// What was cleared after the references were dropped.
    pub cleared: Cleared,
    /// What still holds the model, where [`Model::object`](super::Model::object) was said: its memory is not free.
    pub left: Option<Left>,
    /// Why the hook failed. The model is unloaded nevertheless.
    pub hook_error: Option<Arc<Error>>,
}

impl Unloaded {
    /// What was returned of a device.
    pub fn returned_of(&self, device: Device) -> ByteSize {
        let found = self.returned.iter().find(|(of, _)| *of == device);
        found.map_or(ByteSize::b(0), |(_, size)| *size)
    }
}

impl fmt::Display for Unloaded {
    /// `unloaded in 12.0ms (evicted for reranker), host 80.2 MiB returned`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unloaded in {:.1?} ({})", self.took, self.reason)?;
        for (device, size) in &self.returned {
            write!(f, ", {device} {size} returned")?;
        }
        if let Some(error) = &self.hook_error {
            write!(f, "; its hook failed: {error}")?;
        }
        if let Some(left) = &self.left {
            write!(f, "; {left}")?;
        }
        Ok(())
    }
}

/// What was cleared when a model had gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleared {
    /// Objects that Python's garbage collector found unreachable.
    pub collected: usize,
    /// Whether torch's CUDA cache was emptied: torch was imported, and had used CUDA.
    pub cuda_cache: bool,
}

/// What holds a model that was unloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// References to the object.
    pub references: usize,
    /// What the garbage collector sees hold it, in words: `the module app, as model`. A handle that was cloned in Rust, and
    /// C code, it does not see.
    pub holders: Vec<String>,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "still held by {} reference(s): ", self.references)?;
        if self.holders.is_empty() {
            f.write_str("none that Python sees (a handle that was cloned in Rust, or C code)")
        } else {
            f.write_str(&self.holders.join(", "))
        }
    }
}
