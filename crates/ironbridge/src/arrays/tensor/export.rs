//! Tensors on their way to Python: an object with `__dlpack__`.

use std::any::Any;
use std::sync::Arc;

use dlpark::allocation::dynamic::Allocation;
use dlpark::ffi::{DLDevice, DLManagedTensor, DLManagedTensorVersioned};
use dlpark::python::{CudaStreamRequest, DlpackExporter, ExportRequest, export_dlpack};
use dlpark::{DlpackFlags, Managed, ManagedTensorBase};
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;

use super::{Address, Tensor};

/// What Python gets of a [`Tensor`] that Rust made.
#[pyclass(frozen, name = "Tensor", module = "ironbridge")]
struct Exported(Tensor);

#[pymethods]
impl Exported {
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        &self,
        py: Python<'py>,
        stream: Option<&Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(u32, i32)>,
        copy: Option<bool>,
    ) -> PyResult<Py<PyAny>> {
        if copy == Some(true) && self.0.device().is_cpu() {
            let copy = self.0.copied()?;
            let request = ExportRequest::parse(stream, max_version, dl_device, None)?;
            return export_dlpack(&copy, py, request);
        }
        let request = ExportRequest::parse(stream, max_version, dl_device, copy)?;
        export_dlpack(&self.0, py, request)
    }

    fn __dlpack_device__(&self) -> (u32, i32) {
        (self.0.device.device_type.0, self.0.device.device_id)
    }

    fn __repr__(&self) -> String {
        format!("<ironbridge {:?}>", self.0)
    }
}

impl Tensor {
    /// A compact copy in memory of its own, for a consumer that asked for one.
    fn copied(&self) -> PyResult<Self> {
        let too_large = || PyBufferError::new_err("the tensor is too large to copy");
        let size = usize::from(self.dtype.bits).div_ceil(8) * usize::from(self.dtype.lanes);
        let count = self
            .shape
            .iter()
            .try_fold(1_i64, |count, &length| count.checked_mul(length));
        let count = count
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(too_large)?;
        let bytes = count.checked_mul(size).ok_or_else(too_large)?;
        // Aligned for every element.
        let mut copy: Vec<u128> = vec![0; bytes.div_ceil(16)];
        let mut index = vec![0_i64; self.shape.len()];
        for number in 0..count {
            let steps = index
                .iter()
                .zip(&self.strides)
                .map(|(index, stride)| index * stride);
            let offset =
                isize::try_from(steps.sum::<i64>()).map_err(|_| too_large())? * size.cast_signed();
            // SAFETY: both addresses have `size` bytes, of the tensor by its shape and strides, of the copy by its length.
            unsafe {
                let from = self.data.0.cast::<u8>().offset(offset);
                let to = copy.as_mut_ptr().cast::<u8>().add(number * size);
                from.copy_to_nonoverlapping(to, size);
            }
            for (index, length) in index.iter_mut().zip(&self.shape).rev() {
                *index += 1;
                if *index < *length {
                    break;
                }
                *index = 0;
            }
        }
        let strides = dlpark::tensor::compact_strides(&self.shape)
            .map_err(|why| PyBufferError::new_err(why.to_string()))?;
        Ok(Self {
            data: Address(copy.as_mut_ptr().cast()),
            device: self.device,
            dtype: self.dtype,
            shape: self.shape.clone(),
            strides,
            flags: DlpackFlags::IS_COPIED,
            stream: None,
            is_frozen: false,
            source: None,
            keeper: Arc::new(copy),
        })
    }

    fn managed<M: ManagedTensorBase>(&self) -> PyResult<Managed<M>> {
        let failed = |why: String| PyBufferError::new_err(why);
        let ndim = self.shape.len();
        let mut allocation =
            Allocation::<M>::allocate(2 * ndim).map_err(|why| failed(why.to_string()))?;
        let extra = allocation.extra_mut();
        extra[..ndim].copy_from_slice(&self.shape);
        extra[ndim..].copy_from_slice(&self.strides);
        let keeper = Box::new(Keeper(Arc::clone(&self.keeper)));
        let mut initialized = allocation
            .initialize(keeper, ndim)
            .map_err(|why| failed(why.to_string()))?;
        let extra = initialized.extra_mut().as_mut_ptr();
        let empty = self.shape.contains(&0);
        let tensor = initialized.tensor_mut();
        tensor.data = if empty {
            std::ptr::null_mut()
        } else {
            self.data.0
        };
        tensor.device = self.device;
        tensor.dtype = self.dtype;
        if ndim > 0 {
            tensor.shape = extra;
            // SAFETY: the allocation has room for both.
            tensor.strides = unsafe { extra.add(ndim) };
        }
        // SAFETY: the flags say of the memory what holds of it: a copy is the consumer's alone, since the tensor that
        // made it is dropped after its only export. The description is complete, and its keeper holds the memory.
        unsafe {
            initialized.set_flags_unchecked(self.flags);
            Ok(initialized.finish())
        }
    }
}

/// What a consumer's deleter drops.
struct Keeper(#[expect(dead_code, reason = "it is held")] Arc<dyn Any + Send + Sync>);

impl DlpackExporter for Tensor {
    fn device(&self) -> DLDevice {
        self.device
    }

    fn flags(&self) -> DlpackFlags {
        // The flag of a copy is set on the one export of it; dlpark takes it for a mistake of others.
        self.flags.difference(DlpackFlags::IS_COPIED)
    }

    fn prepare_export(&self, _py: Python<'_>, request: &ExportRequest<'_>) -> PyResult<()> {
        if self.device().is_cpu() {
            return Ok(());
        }
        let ready = match request.cuda_stream()? {
            CudaStreamRequest::Omitted | CudaStreamRequest::NoSync => true,
            CudaStreamRequest::LegacyDefault => self.stream == Some(1),
            CudaStreamRequest::PerThreadDefault => self.stream == Some(2),
            CudaStreamRequest::Pointer(stream) => self.stream == Some(stream.cast_signed()),
        };
        if ready {
            return Ok(());
        }
        Err(PyBufferError::new_err(format!(
            "the tensor is ready on stream {:?} of {}, and Rust cannot make another stream wait for that; ask for that \
             stream, or for -1 and synchronise yourself",
            self.stream,
            self.device()
        )))
    }

    fn export_legacy(&self, _py: Python<'_>) -> PyResult<Managed<DLManagedTensor>> {
        self.managed()
    }

    fn export_versioned(&self, _py: Python<'_>) -> PyResult<Managed<DLManagedTensorVersioned>> {
        self.managed()
    }
}

impl<'py> IntoPyObject<'py> for Tensor {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    /// The object that it came from, which knows its streams; else one that has `__dlpack__`.
    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        match &self.source {
            Some(source) => Ok(source.bind(py).clone()),
            None => Ok(Bound::new(py, Exported(self))?.into_any()),
        }
    }
}
