//! GPUs: memory, load, temperature, power, processes, by NVML.
//!
//! NVML comes with NVIDIA's driver; it is loaded at the first call. Nothing here uses Python, and nothing waits: a reading
//! of a card takes some milliseconds at most.
//!
//! ```
//! use ironbridge::{ErrorKind, gpu};
//!
//! match gpu::devices() {
//!     Ok(cards) => {
//!         for card in cards {
//!             println!("{card}");
//!         }
//!     }
//!     // No driver here: the error says what was looked for, and what to do.
//!     Err(error) => assert_eq!(error.kind(), ErrorKind::Device),
//! }
//! ```
//!
//! Cards are numbered as `nvidia-smi` numbers them, by their place on the bus. CUDA numbers the fastest first, unless
//! `CUDA_DEVICE_ORDER=PCI_BUS_ID` is set; among equal cards both agree. [`visible`] honours `CUDA_VISIBLE_DEVICES`.
//!
//! The environment variable `IRONBRIDGE_NVML` names another library to load.

mod card;
mod failure;
mod library;
mod visible;
mod watch;

pub use card::{Gpu, Power, Process, Utilisation};
pub use library::Nvml;
pub use watch::{Watch, watch};

use crate::error::Result;

/// All cards, by index.
///
/// A card that does not answer (it fell off the bus) is an error that names it; the others can be read by [`device`].
pub fn devices() -> Result<Vec<Gpu>> {
    Nvml::shared()?.devices()
}

/// The card with that index.
pub fn device(index: u32) -> Result<Gpu> {
    Nvml::shared()?.device(index)
}

/// The card with that UUID: `GPU-5a1c…`, as [`Gpu::uuid`] has it.
pub fn device_by_uuid(uuid: &str) -> Result<Gpu> {
    Nvml::shared()?.device_by_uuid(uuid)
}

/// The cards that `CUDA_VISIBLE_DEVICES` lets CUDA see, in its order; all where it is not set.
///
/// As CUDA reads it: indices and UUIDs, also shortened ones, with commas between; the first that names no card hides
/// itself and all after it. An empty one hides all. An index is taken as NVML's.
pub fn visible() -> Result<Vec<Gpu>> {
    Nvml::shared()?.visible()
}
