//! NVML, loaded.

use std::{
    env,
    ffi::OsString,
    fmt,
    sync::{Arc, OnceLock},
};

use bytesize::ByteSize;
use nvml_wrapper::{Device, error::NvmlError};

use super::{card, card::Gpu, failure, visible};
use crate::{error::Result, memory::Memory};

/// Names another library than the driver's.
pub(super) const LIBRARY: &str = "IRONBRIDGE_NVML";

/// By the loader's own search first; then where a driver lies that the loader does not know of.
const CANDIDATES: &[&str] = if cfg!(windows) {
    &[
        "nvml.dll",
        r"C:\Program Files\NVIDIA Corporation\NVSMI\nvml.dll",
    ]
} else {
    &[
        "libnvidia-ml.so.1",
        "libnvidia-ml.so",
        // The Windows Subsystem for Linux, and NixOS.
        "/usr/lib/wsl/lib/libnvidia-ml.so.1",
        "/run/opengl-driver/lib/libnvidia-ml.so.1",
    ]
};

/// NVIDIA's management library, loaded and initialised. Clones share it; the last one unloads it.
///
/// The functions of [`gpu`](super) share one for the process.
#[derive(Clone)]
pub struct Nvml {
    library: Arc<nvml_wrapper::Nvml>,
}

impl fmt::Debug for Nvml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nvml").finish_non_exhaustive()
    }
}

impl Nvml {
    /// Loads the library that `IRONBRIDGE_NVML` names, or else the driver's.
    ///
    /// An error of kind [`Device`](crate::ErrorKind::Device) where there is no driver, or where it does not work.
    pub fn load() -> Result<Self> {
        let named = env::var_os(LIBRARY).filter(|path| !path.is_empty());
        let candidates: Vec<OsString> = match named {
            Some(path) => vec![path],
            None => CANDIDATES.iter().map(OsString::from).collect(),
        };
        let mut tried = Vec::new();
        for path in candidates {
            match nvml_wrapper::Nvml::builder().lib_path(&path).init() {
                Ok(library) => {
                    return Ok(Self {
                        library: Arc::new(library),
                    });
                }
                Err(error @ (NvmlError::LibloadingError(_) | NvmlError::FailedToLoadSymbol(_))) => {
                    tried.push((path, error));
                }
                Err(error) => return Err(failure::of_start(&path, error)),
            }
        }
        Err(failure::of_loading(&tried))
    }

    /// The one that the process shares, loaded at the first call. A failure is not remembered.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Nvml> = OnceLock::new();
        if let Some(shared) = SHARED.get() {
            return Ok(shared);
        }
        // Two threads may both load it; NVML counts, and the one that is not kept goes.
        let loaded = Self::load()?;
        Ok(SHARED.get_or_init(|| loaded))
    }

    /// The version of the driver: `570.86.15`.
    pub fn driver_version(&self) -> Result<String> {
        self.library
            .sys_driver_version()
            .map_err(|error| failure::of_call("the driver's version", error))
    }

    /// How many cards there are.
    pub fn count(&self) -> Result<u32> {
        self.library
            .device_count()
            .map_err(|error| failure::of_call("the number of cards", error))
    }

    /// As [`gpu::devices`](super::devices).
    pub fn devices(&self) -> Result<Vec<Gpu>> {
        (0..self.count()?).map(|index| self.device(index)).collect()
    }

    /// As [`gpu::device`](super::device).
    pub fn device(&self, index: u32) -> Result<Gpu> {
        self.with(index, Gpu::read)
    }

    /// As [`gpu::device_by_uuid`](super::device_by_uuid).
    pub fn device_by_uuid(&self, uuid: &str) -> Result<Gpu> {
        match self.library.device_by_uuid(uuid) {
            Ok(device) => {
                Gpu::read(&device).map_err(|error| failure::of_call(&format!("gpu {uuid}"), error))
            }
            Err(NvmlError::NotFound | NvmlError::InvalidArg | NvmlError::NulError(_)) => {
                Err(failure::no_uuid(uuid, &self.uuids()))
            }
            Err(error) => Err(failure::of_call(&format!("gpu {uuid}"), error)),
        }
    }

    /// As [`gpu::visible`](super::visible).
    pub fn visible(&self) -> Result<Vec<Gpu>> {
        let Some(wanted) = env::var_os("CUDA_VISIBLE_DEVICES") else {
            return self.devices();
        };
        let uuids: Vec<Option<String>> = (0..self.count()?).map(|i| self.uuid(i)).collect();
        visible::indices(&wanted.to_string_lossy(), &uuids)
            .into_iter()
            .map(|index| self.device(index))
            .collect()
    }

    /// The memory of a card.
    pub(crate) fn memory(&self, index: u32) -> Result<Memory> {
        self.with(index, card::memory)
    }

    /// What a process has of the memory of a card.
    pub(crate) fn used_by(&self, index: u32, pid: u32) -> Result<ByteSize> {
        match self.with(index, card::used)?.get(&pid) {
            None => Ok(ByteSize(0)),
            Some(Some(used)) => Ok(*used),
            Some(None) => Err(failure::not_told(index)),
        }
    }

    fn with<T>(
        &self,
        index: u32,
        read: impl FnOnce(&Device<'_>) -> Result<T, NvmlError>,
    ) -> Result<T> {
        let device = match self.library.device_by_index(index) {
            Err(NvmlError::InvalidArg) => return Err(failure::no_index(index, self.count()?)),
            device => device,
        };
        device
            .and_then(|device| read(&device))
            .map_err(|error| failure::of_call(&format!("gpu {index}"), error))
    }

    /// `None` of a card that does not answer: it is there all the same.
    fn uuid(&self, index: u32) -> Option<String> {
        self.library.device_by_index(index).ok()?.uuid().ok()
    }

    fn uuids(&self) -> Vec<String> {
        let count = self.count().unwrap_or(0);
        (0..count).filter_map(|index| self.uuid(index)).collect()
    }
}
