//! Taking a tensor from Python: what to ask the other side for.

use dlpark::DlpackFlags;
use dlpark::ffi::DLDevice;
use dlpark::python::consumer::stream::StreamArg;
use dlpark::python::{DlpackStream, ImportRequest};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::Tensor;
use crate::arrays::mismatch::type_name;

/// How a tensor is to be handed over.
///
/// ```
/// use ironbridge::arrays::TensorRequest;
///
/// # let object = || -> ironbridge::pyo3::Bound<'_, ironbridge::pyo3::PyAny> { todo!() };
/// # let _ = || {
/// let tensor = TensorRequest::new().copy(true).import(&object())?;
/// assert!(tensor.is_copied());
/// # Ok::<(), ironbridge::pyo3::PyErr>(())
/// # };
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TensorRequest {
    stream: Option<isize>,
    copy: Option<bool>,
}

impl TensorRequest {
    /// As the other side likes it: no stream, a copy only where it must.
    pub fn new() -> Self {
        Self::default()
    }

    /// `true` asks for a copy that nobody else has, `false` for none.
    #[must_use]
    pub fn copy(mut self, copy: bool) -> Self {
        self.copy = Some(copy);
        self
    }

    /// The stream on which the tensor is to be ready, as `__dlpack__` takes it: for CUDA its address, or 1 for the
    /// legacy default stream, 2 for the one of each thread, -1 for no synchronisation.
    ///
    /// # Safety
    ///
    /// It is a stream of the tensor's device that exists until the import is done.
    #[must_use]
    pub unsafe fn stream(mut self, stream: isize) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Takes the tensor from an object with `__dlpack__`, or from a DLPack capsule.
    ///
    /// # Errors
    ///
    /// It has no such method, or that raises; it does not fit the request; its description makes no sense.
    pub fn import(self, object: &Bound<'_, PyAny>) -> PyResult<Tensor> {
        let is_capsule = object.is_instance_of::<pyo3::types::PyCapsule>();
        if !is_capsule && !object.hasattr("__dlpack__")? {
            return Err(PyTypeError::new_err(format!(
                "expected a tensor with `__dlpack__`, found an object of type {}, which has none",
                type_name(object)
            )));
        }
        let stream = self.stream.map(Stream);
        let stream = stream.as_ref().map(|stream| stream as &dyn DlpackStream);
        let imported = ImportRequest::new(object.as_borrowed())?.import(stream, self.copy)?;
        let copied = imported.flags().contains(DlpackFlags::IS_COPIED);
        let source = (!is_capsule && !copied).then(|| object.clone().unbind());
        Tensor::new(object.py(), imported, self.stream, source)
    }
}

/// A stream by its number in Python's protocol.
struct Stream(isize);

// SAFETY: who made the request vouched for the stream.
unsafe impl DlpackStream for Stream {
    fn as_python_arg(&self, py: Python<'_>, _device: DLDevice) -> PyResult<StreamArg> {
        let number = self.0.into_pyobject(py)?.into_any().unbind();
        Ok(StreamArg::from_python_object(number))
    }
}
