//! Tensors of any library and device, by DLPack.

mod describe;
mod export;
mod request;

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;

use dlpark::DlpackFlags;
use dlpark::ffi::{DLDataType, DLDataTypeCode, DLDevice, DLDeviceType};
use dlpark::python::ImportedDlpack;
use ndarray::{ArrayView, Dimension, RawArrayView};
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;

pub use describe::{DataType, Device};
pub use request::TensorRequest;

use super::array::Storage;
use super::capsule;
use super::element::Element;
use super::view::{holds_values, raw_view};
use super::{Array, ArrayMut};
use crate::error::{Error, ErrorKind, Report, Result};

/// A tensor of another library (torch, jax, cupy, NumPy), where it is, by the DLPack protocol.
///
/// It has the tensor's address, device, type, shape and strides, and keeps its memory. From Python it is whatever has
/// `__dlpack__`; to Python it goes as an object that has it, for `torch.from_dlpack` and its like. Both forms of the
/// protocol are spoken, the versioned one first.
///
/// DLPack does not say who else may write the memory. So Rust sees the elements of a tensor on the CPU as an [`Array`]
/// by [`into_array`](Self::into_array): in place if the tensor is a copy of its own ([`TensorRequest::copy`]), else
/// copied; or in place on your word, by [`view`](Self::view).
///
/// ```no_run
/// use ironbridge::Session;
/// use ironbridge::arrays::{Array2, Tensor};
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// session.import("torch")?;
/// let tensor: Tensor = session.eval("torch.ones(2, 3)")?;
/// assert!(tensor.device().is_cpu());
/// assert_eq!(tensor.shape(), [2, 3]);
/// let array: Array2<f32> = tensor.into_array()?;
///
/// session.set("given", Tensor::from(array))?;
/// session.run("back = torch.from_dlpack(given)")?;
/// # Ok(())
/// # }
/// ```
pub struct Tensor {
    data: Address,
    device: DLDevice,
    dtype: DLDataType,
    shape: Vec<i64>,
    /// In elements.
    strides: Vec<i64>,
    flags: DlpackFlags,
    stream: Option<isize>,
    /// Nobody can write the memory: it is an [`Array`]'s.
    is_frozen: bool,
    /// Where it came from: has the same memory, and knows its streams.
    source: Option<Py<PyAny>>,
    /// Keeps the memory. What it holds of Python is let go by a thread that is attached.
    keeper: Arc<dyn Any + Send + Sync>,
}

/// An address on some device. Having it is harmless.
#[derive(Clone, Copy)]
struct Address(*mut c_void);

// SAFETY: it is only a number here; who uses it says so in `unsafe` code.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

impl Tensor {
    fn new(
        py: Python<'_>,
        imported: ImportedDlpack,
        stream: Option<isize>,
        source: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let senseless = |why: &dyn fmt::Display| {
            PyBufferError::new_err(format!("the tensor's description makes no sense: {why}"))
        };
        let tensor = imported.validate().map_err(|why| senseless(&why))?;
        let strides = tensor.strides_or_compact().map_err(|why| senseless(&why))?;
        let start = tensor.data_ptr().cast_mut();
        let offset = usize::try_from(tensor.byte_offset()).map_err(|why| senseless(&why))?;
        let (device, dtype) = (tensor.device(), tensor.dtype());
        let (shape, strides) = (tensor.shape().to_vec(), strides.into_owned());
        let flags = imported.flags();
        // The deleters of Python libraries take the interpreter: a capsule's content is dropped by who has it.
        let keeper = capsule::hold(py, imported, c"ironbridge.tensor")?.unbind();
        Ok(Self {
            data: Address(start.wrapping_byte_add(offset)),
            device,
            dtype,
            shape,
            strides,
            flags,
            stream,
            is_frozen: false,
            source,
            keeper: Arc::new(keeper),
        })
    }

    /// Where its memory is.
    pub fn device(&self) -> Device {
        Device::from(self.device)
    }

    /// What its elements are.
    pub fn dtype(&self) -> DataType {
        DataType::from(self.dtype)
    }

    /// The length along each axis.
    pub fn shape(&self) -> &[i64] {
        &self.shape
    }

    /// How many elements apart neighbours along each axis are.
    pub fn strides(&self) -> &[i64] {
        &self.strides
    }

    /// The address of the first element, on its device; null where there are none.
    pub fn as_ptr(&self) -> *mut c_void {
        self.data.0
    }

    /// Whether the other side said that it must not be written.
    pub fn is_read_only(&self) -> bool {
        self.flags.contains(DlpackFlags::READ_ONLY)
    }

    /// Whether it is a copy that nobody else has.
    pub fn is_copied(&self) -> bool {
        self.flags.contains(DlpackFlags::IS_COPIED)
    }

    /// The stream that was asked for, on which it is ready.
    pub fn stream(&self) -> Option<isize> {
        self.stream
    }

    /// The elements of a tensor on the CPU, in place.
    ///
    /// # Safety
    ///
    /// Nothing writes them while the view lives; another library may well hold the same memory.
    ///
    /// # Errors
    ///
    /// It is on another device, of another type or rank, or not aligned.
    pub unsafe fn view<T: Element, D: Dimension>(&self) -> Result<ArrayView<'_, T, D>> {
        let view = self.raw_view::<T, D>()?;
        // SAFETY: the caller says that nobody writes.
        if T::PICKY && !unsafe { holds_values(&view) } {
            return Err(refused(
                "expected a tensor of bool, found bytes in it that are neither 0 nor 1",
            ));
        }
        // SAFETY: the tensor keeps the elements, and nobody writes them.
        Ok(unsafe { view.deref_into_view() })
    }

    /// The tensor as an array: in place where it is a copy of its own, else copied. It must be on the CPU.
    ///
    /// # Errors
    ///
    /// It is on another device, of another type or rank, or not aligned.
    pub fn into_array<T: Element, D: Dimension>(self) -> Result<Array<T, D>> {
        let view = self.raw_view::<T, D>()?;
        if !self.is_copied() && !self.is_frozen {
            return copy_out(&view).map(Array::from);
        }
        // SAFETY: nobody else has the memory of a copy, and nobody writes that of an array.
        if T::PICKY && !unsafe { holds_values(&view) } {
            return Err(refused(
                "expected a tensor of bool, found bytes in it that are neither 0 nor 1",
            ));
        }
        // SAFETY: as above; the keeper holds the elements.
        Ok(unsafe { Array::new(view.deref_into_view(), Storage::Other(self.keeper)) })
    }

    fn raw_view<T: Element, D: Dimension>(&self) -> Result<RawArrayView<T, D>> {
        let expected = || match D::NDIM {
            Some(ndim) => format!("a {ndim}-dimensional tensor of {}", T::DTYPE),
            None => format!("a tensor of {}", T::DTYPE),
        };
        if !self.device().is_cpu() {
            return Err(refused_with(
                format!(
                    "expected {} on the CPU, found one on {}",
                    expected(),
                    self.device()
                ),
                "move it in Python, as by `x.cpu()`, or use its address on its device, `as_ptr`",
            ));
        }
        if self.dtype != type_of::<T>() || D::NDIM.is_some_and(|ndim| ndim != self.shape.len()) {
            return Err(refused_with(
                format!(
                    "expected {}, found a {}-dimensional one of {}",
                    expected(),
                    self.shape.len(),
                    self.dtype()
                ),
                "ask for that one, or convert it in Python",
            ));
        }
        let size = size_of::<T>().cast_signed();
        let shape: Option<Vec<isize>> = self.shape.iter().map(|&n| n.try_into().ok()).collect();
        let strides: Option<Vec<isize>> = self
            .strides
            .iter()
            .map(|&stride| isize::try_from(stride).ok()?.checked_mul(size))
            .collect();
        let view = shape.zip(strides).and_then(|(shape, strides)| {
            // SAFETY: the other side says by its protocol that shape and strides stay within its memory; our own are
            // those of an array.
            unsafe {
                raw_view(self.data.0.cast::<T>(), &shape, &strides, |shape, data| {
                    RawArrayView::from_shape_ptr(shape, data.cast_const())
                })
            }
        });
        view.ok_or_else(|| {
            refused(&format!(
                "expected {} that is aligned, found one that is not",
                expected()
            ))
        })
    }
}

/// The type of `T` in the words of DLPack.
fn type_of<T: Element>() -> DLDataType {
    let code = match T::KIND {
        b'i' => DLDataTypeCode::INT,
        b'u' => DLDataTypeCode::UINT,
        b'f' => DLDataTypeCode::FLOAT,
        b'c' => DLDataTypeCode::COMPLEX,
        b'b' => DLDataTypeCode::BOOL,
        _ => DLDataTypeCode::BFLOAT,
    };
    DLDataType {
        code,
        bits: u8::try_from(8 * size_of::<T>()).unwrap_or(0),
        lanes: 1,
    }
}

/// A copy of elements that others may be writing: each is read once, as bytes, and what was read is looked at after.
fn copy_out<T: Element, D: Dimension>(view: &RawArrayView<T, D>) -> Result<ndarray::Array<T, D>> {
    let mut bytes: Vec<std::mem::MaybeUninit<T>> = Vec::with_capacity(view.len());
    // SAFETY: any bytes are a `MaybeUninit`; each of the addresses is one of the tensor's.
    let cells = unsafe {
        view.clone()
            .cast::<std::mem::MaybeUninit<T>>()
            .deref_into_view()
    };
    for cell in &cells {
        // SAFETY: a live, aligned address.
        bytes.push(unsafe { std::ptr::from_ref(cell).read_volatile() });
    }
    if T::PICKY {
        // SAFETY: these bytes are this function's own, and types that are asked for it are a byte each.
        let read = unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast::<u8>(), bytes.len()) };
        if !T::are_values(read) {
            return Err(refused(
                "expected a tensor of bool, found bytes in it that are neither 0 nor 1",
            ));
        }
    }
    // SAFETY: all are set, to bytes that are values of `T`.
    let values = bytes
        .into_iter()
        .map(|value| unsafe { value.assume_init() })
        .collect();
    ndarray::Array::from_shape_vec(view.raw_dim(), values).map_err(|why| refused(&why.to_string()))
}

fn refused(summary: &str) -> Error {
    Error::report(ErrorKind::Conversion, Report::new(summary))
}

fn refused_with(summary: String, help: &str) -> Error {
    Error::report(ErrorKind::Conversion, Report::new(summary).help(help))
}

const CPU: DLDevice = DLDevice {
    device_type: DLDeviceType::CPU,
    device_id: 0,
};

impl<T: Element, D: Dimension> From<Array<T, D>> for Tensor {
    /// The array's memory, which whoever takes the tensor must not write.
    fn from(array: Array<T, D>) -> Self {
        let data = array.as_ptr().cast_mut().cast();
        let flags = DlpackFlags::READ_ONLY;
        Self::of::<T>(data, array.shape(), array.strides(), flags, array.keeper())
    }
}

impl<T: Element, D: Dimension> From<ArrayMut<T, D>> for Tensor {
    /// The array's memory, which whoever takes the tensor may write.
    fn from(mut array: ArrayMut<T, D>) -> Self {
        let data = array.as_mut_ptr().cast();
        let (shape, strides) = (array.shape().to_vec(), array.strides().to_vec());
        let keeper = array.into_parts().1;
        Self::of::<T>(
            data,
            &shape,
            &strides,
            DlpackFlags::empty(),
            Arc::new(keeper),
        )
    }
}

impl Tensor {
    fn of<T: Element>(
        data: *mut c_void,
        shape: &[usize],
        strides: &[isize],
        flags: DlpackFlags,
        keeper: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        Self {
            data: Address(data),
            device: CPU,
            dtype: type_of::<T>(),
            shape: shape
                .iter()
                .map(|length| length.cast_signed() as i64)
                .collect(),
            strides: strides.iter().map(|&stride| stride as i64).collect(),
            flags,
            stream: None,
            is_frozen: flags.contains(DlpackFlags::READ_ONLY),
            source: None,
            keeper,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Tensor {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        TensorRequest::new().import(&object)
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tensor")
            .field("device", &format_args!("{}", self.device()))
            .field("dtype", &format_args!("{}", self.dtype()))
            .field("shape", &self.shape)
            .field("strides", &self.strides)
            .finish_non_exhaustive()
    }
}
