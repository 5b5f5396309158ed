//! Devices and element types in the words of DLPack.

use std::fmt;

use dlpark::ffi::{DLDataType, DLDataTypeCode, DLDevice, DLDeviceType};

/// Where a tensor's memory is, numbered as DLPack does: 1 is the CPU, 2 CUDA, 10 ROCm, 8 Metal, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    /// The kind of device, `DLDeviceType`.
    pub kind: u32,
    /// Which of its kind.
    pub id: i32,
}

impl Device {
    /// Whether this machine's processor can read it: plain memory, and memory that is pinned for a device.
    pub fn is_cpu(self) -> bool {
        let kind = DLDeviceType(self.kind);
        kind == DLDeviceType::CPU
            || kind == DLDeviceType::CUDAHOST
            || kind == DLDeviceType::ROCMHOST
    }

    /// Whether it is a GPU of NVIDIA's.
    pub fn is_cuda(self) -> bool {
        DLDeviceType(self.kind) == DLDeviceType::CUDA
    }
}

impl From<DLDevice> for Device {
    fn from(device: DLDevice) -> Self {
        Self {
            kind: device.device_type.0,
            id: device.device_id,
        }
    }
}

impl fmt::Display for Device {
    /// `cuda:0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            1 => return f.write_str("cpu"),
            2 => "cuda",
            3 => "cuda-host",
            4 => "opencl",
            7 => "vulkan",
            8 => "metal",
            10 => "rocm",
            11 => "rocm-host",
            13 => "cuda-managed",
            14 => "oneapi",
            15 => "webgpu",
            kind => return write!(f, "device type {kind}:{}", self.id),
        };
        write!(f, "{name}:{}", self.id)
    }
}

/// What a tensor's elements are, numbered as DLPack does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataType {
    /// The kind of number, `DLDataTypeCode`.
    pub code: u8,
    /// Its size.
    pub bits: u8,
    /// How many of them an element is.
    pub lanes: u16,
}

impl From<DLDataType> for DataType {
    fn from(dtype: DLDataType) -> Self {
        Self {
            code: dtype.code.0,
            bits: dtype.bits,
            lanes: dtype.lanes,
        }
    }
}

impl fmt::Display for DataType {
    /// `float32`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bits;
        match DLDataTypeCode(self.code) {
            DLDataTypeCode::INT => write!(f, "int{bits}"),
            DLDataTypeCode::UINT => write!(f, "uint{bits}"),
            DLDataTypeCode::FLOAT => write!(f, "float{bits}"),
            DLDataTypeCode::BFLOAT => write!(f, "bfloat{bits}"),
            DLDataTypeCode::COMPLEX => write!(f, "complex{bits}"),
            DLDataTypeCode::BOOL => f.write_str("bool"),
            DLDataTypeCode(code) => write!(f, "type {code} of {bits} bits"),
        }?;
        match self.lanes {
            1 => Ok(()),
            lanes => write!(f, "x{lanes}"),
        }
    }
}
