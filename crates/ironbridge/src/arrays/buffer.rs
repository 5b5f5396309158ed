//! Plain Python buffers: `bytes`, `bytearray`, `array.array`, `memoryview`.

use std::fmt;
use std::ptr::NonNull;

use pyo3::buffer::{Element as BufferElement, PyBuffer};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

use super::mismatch::type_name;
use crate::error::Result;
use crate::interpreter::attach_started;

/// The memory that a Python object exports by the buffer protocol, as elements of type `T`.
///
/// As long as it lives, the exporter cannot be resized. It can be written, though: `bytearray`s and `array.array`s lie
/// open to everyone. So only memory that cannot be written, that of `bytes`, is there as a slice; of the rest,
/// [`to_vec`](Self::to_vec) makes a copy. For NumPy arrays take an [`Array`](super::Array), which can do more.
///
/// ```
/// use ironbridge::Session;
/// use ironbridge::arrays::Buffer;
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// let words: Buffer<u16> = session.eval("memoryview(bytes([1, 0, 2, 0])).cast('H')")?;
/// assert_eq!(words.as_slice(), Some(&[1, 2][..])); // the memory of the `bytes`
///
/// session.run("import array\nnumbers = array.array('d', [0.5, 1.5])")?;
/// let numbers: Buffer<f64> = session.get("numbers")?;
/// assert_eq!(numbers.as_slice(), None);
/// assert_eq!(numbers.to_vec()?, [0.5, 1.5]);
/// assert!(session.run("numbers.append(2.5)").is_err()); // it would move the memory
/// drop(numbers);
/// session.run("numbers.append(2.5)")?;
/// # Ok(())
/// # }
/// ```
pub struct Buffer<T> {
    /// Holds the export.
    memory: Py<PyMemoryView>,
    shape: Vec<usize>,
    is_read_only: bool,
    frozen: Option<Frozen<T>>,
}

/// Elements that nobody can write.
struct Frozen<T> {
    start: NonNull<T>,
    length: usize,
    /// Whose memory it is. The memory view may be released by who finds it; this stays.
    _bytes: Py<PyBytes>,
}

// SAFETY: the elements are plain numbers that nobody writes, and are only read through this.
unsafe impl<T: BufferElement> Send for Frozen<T> {}
// SAFETY: as above.
unsafe impl<T: BufferElement> Sync for Frozen<T> {}

impl<T: BufferElement> Buffer<T> {
    /// The elements in place, where nobody can write them and they lie one after the other.
    pub fn as_slice(&self) -> Option<&[T]> {
        let frozen = self.frozen.as_ref()?;
        // SAFETY: so many elements are there, aligned (`PyBuffer` saw to that), in a `bytes` object that `frozen` holds.
        Some(unsafe { std::slice::from_raw_parts(frozen.start.as_ptr(), frozen.length) })
    }

    /// A copy of the elements, in C order.
    ///
    /// # Errors
    ///
    /// The memory was released meanwhile: Python code can find the `memoryview` that holds it, if it looks for it.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        let copy = attach_started(|py| PyBuffer::<T>::get(self.memory.bind(py))?.to_vec(py));
        Ok(copy?)
    }

    /// The length along each axis; plain buffers have one.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the exporter lets nobody write through the buffer protocol. It may still be written in other ways.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }
}

impl<'py, T: BufferElement> FromPyObject<'_, 'py> for Buffer<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Ok(memory) = PyMemoryView::from(&object) else {
            return Err(PyTypeError::new_err(format!(
                "expected a buffer of {}, found an object of type {}, which has no buffer",
                name::<T>(),
                type_name(&object)
            )));
        };
        let Ok(buffer) = PyBuffer::<T>::get(&memory) else {
            let format: String = memory.getattr("format")?.extract()?;
            return Err(PyTypeError::new_err(format!(
                "expected a buffer of {}, found one of format {format:?}; look at it as another type in Python, as by \
                 `memoryview(x).cast('B').cast('d')`, or ask for another one",
                name::<T>(),
            )));
        };
        let exporter = memory.getattr("obj")?;
        let frozen = match exporter.cast::<PyBytes>() {
            Ok(bytes) if buffer.is_c_contiguous() => Some(Frozen {
                start: NonNull::new(buffer.buf_ptr().cast()).unwrap_or(NonNull::dangling()),
                length: buffer.item_count(),
                _bytes: bytes.clone().unbind(),
            }),
            _ => None,
        };
        Ok(Self {
            shape: buffer.shape().to_vec(),
            is_read_only: buffer.readonly(),
            frozen,
            memory: memory.unbind(),
        })
    }
}

impl<'py, T> IntoPyObject<'py> for &Buffer<T> {
    type Target = PyMemoryView;
    type Output = Bound<'py, PyMemoryView>;
    type Error = std::convert::Infallible;

    fn into_pyobject(self, py: Python<'py>) -> std::result::Result<Self::Output, Self::Error> {
        Ok(self.memory.bind(py).clone())
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("shape", &self.shape)
            .field("is_read_only", &self.is_read_only)
            .finish_non_exhaustive()
    }
}

/// `f64`, of a type that has no path.
fn name<T>() -> &'static str {
    std::any::type_name::<T>()
}
