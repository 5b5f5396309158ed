//! The types that an array may hold, and which NumPy dtype each of them is.

use half::{bf16, f16};
use numpy::npyffi::objects::{_PyDataType_GET_ITEM_DATA, PyArray_Descr, PyDataType_ELSIZE};
use numpy::{Complex32, Complex64, PyArrayDescr, PyArrayDescrMethods};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A type of array elements: `bool`, the integers, [`f16`](struct@f16), [`bf16`], `f32`, `f64`, [`Complex32`], [`Complex64`].
///
/// `bf16` is the `bfloat16` of the Python package `ml_dtypes`. `isize` and `usize` are the integers of that width.
pub trait Element: numpy::Element + Copy + PartialEq + std::fmt::Debug + 'static + Sealed {
    /// NumPy's name of the type: `float32`.
    const DTYPE: &'static str;

    /// Rust's name of the type: `f32`.
    #[doc(hidden)]
    const RUST: &'static str;

    /// NumPy's letter for the kind of type.
    #[doc(hidden)]
    const KIND: u8;

    /// Whether these bytes are values of the type. Asked only of `PICKY` types, whose values are a byte each.
    #[doc(hidden)]
    fn are_values(_bytes: &[u8]) -> bool {
        true
    }

    /// Whether some patterns of bits are no value of the type.
    #[doc(hidden)]
    const PICKY: bool = false;

    /// The type's descriptor.
    #[doc(hidden)]
    fn descriptor(py: Python<'_>) -> PyResult<Bound<'_, PyArrayDescr>> {
        Ok(numpy::dtype::<Self>(py))
    }
}

/// Elements are known to NumPy; nobody can add to them.
pub trait Sealed {}

macro_rules! elements {
    ($($rust:ty, $name:literal, $dtype:literal, $kind:literal;)*) => {$(
        impl Sealed for $rust {}
        impl Element for $rust {
            const DTYPE: &'static str = $dtype;
            const RUST: &'static str = $name;
            const KIND: u8 = $kind;
        }
    )*};
}

elements! {
    i8, "i8", "int8", b'i';
    i16, "i16", "int16", b'i';
    i32, "i32", "int32", b'i';
    i64, "i64", "int64", b'i';
    u8, "u8", "uint8", b'u';
    u16, "u16", "uint16", b'u';
    u32, "u32", "uint32", b'u';
    u64, "u64", "uint64", b'u';
    f16, "f16", "float16", b'f';
    f32, "f32", "float32", b'f';
    f64, "f64", "float64", b'f';
    Complex32, "Complex32", "complex64", b'c';
    Complex64, "Complex64", "complex128", b'c';
}

#[cfg(target_pointer_width = "64")]
elements! {
    isize, "isize", "int64", b'i';
    usize, "usize", "uint64", b'u';
}

#[cfg(target_pointer_width = "32")]
elements! {
    isize, "isize", "int32", b'i';
    usize, "usize", "uint32", b'u';
}

impl Sealed for bool {}

impl Element for bool {
    const DTYPE: &'static str = "bool";
    const RUST: &'static str = "bool";
    const KIND: u8 = b'b';
    const PICKY: bool = true;

    fn are_values(bytes: &[u8]) -> bool {
        bytes.iter().fold(0, |all, byte| all | byte) <= 1
    }
}

impl Sealed for bf16 {}

impl Element for bf16 {
    const DTYPE: &'static str = "bfloat16";
    const RUST: &'static str = "bf16";
    const KIND: u8 = b'V';

    fn descriptor(py: Python<'_>) -> PyResult<Bound<'_, PyArrayDescr>> {
        static DESCRIPTOR: PyOnceLock<Py<PyArrayDescr>> = PyOnceLock::new();
        let descriptor = DESCRIPTOR.get_or_try_init(py, || {
            let scalar = py.import("ml_dtypes")?.getattr("bfloat16")?;
            PyResult::Ok(PyArrayDescr::new(py, scalar)?.unbind())
        })?;
        Ok(descriptor.clone_ref(py).into_bound(py))
    }
}

/// Whether a descriptor is that of `T` in this machine's byte order.
#[inline]
pub(super) fn is<T: Element>(py: Python<'_>, descriptor: *mut PyArray_Descr) -> bool {
    // SAFETY: the caller read the descriptor from a live array, and is attached.
    let (fields, size) = unsafe {
        let fields = &*_PyDataType_GET_ITEM_DATA(descriptor);
        (fields, PyDataType_ELSIZE(py, descriptor))
    };
    let order = fields.byteorder.cast_unsigned();
    fields.kind.cast_unsigned() == T::KIND
        && usize::try_from(size) == Ok(size_of::<T>())
        && (order == b'=' || order == b'|' || order == NATIVE)
        && (T::KIND != b'V' || is_named::<T>(py, descriptor))
}

const NATIVE: u8 = if cfg!(target_endian = "little") {
    b'<'
} else {
    b'>'
};

/// For types that NumPy itself does not know, all of which have the kind `V`: goes by the name.
fn is_named<T: Element>(py: Python<'_>, descriptor: *mut PyArray_Descr) -> bool {
    // SAFETY: as for `is`; the reference is borrowed from the array for this call.
    let descriptor = unsafe { Borrowed::from_ptr(py, descriptor.cast()) };
    descriptor.cast::<PyArrayDescr>().is_ok_and(|descriptor| {
        descriptor
            .typeobj()
            .name()
            .is_ok_and(|name| name == T::DTYPE)
    })
}
