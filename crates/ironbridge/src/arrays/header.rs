//! NumPy's array objects from the inside: reading one's header, making one over memory that exists.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use ndarray::{ArrayView, Dimension, RawArrayView, RawArrayViewMut};
use numpy::npyffi::objects::{
    _PyArray_GET_ITEM_DATA, PyArray_Descr, PyArrayObject, PyArrayObject_fields,
};
use numpy::npyffi::types::npy_intp;
use numpy::{PY_ARRAY_API, PyArrayDescrMethods, npyffi};
use pyo3::exceptions::{PyImportError, PyMemoryError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use super::element::{self, Element};
use super::mismatch::{Expected, Found, Held, Mismatch};
use super::view::{is_injective, raw_view};

/// What of NumPy is looked up once.
pub(super) struct NumPy {
    array_type: Py<PyType>,
    /// The namespace in which rust-numpy keeps its table of borrows, once somebody has borrowed.
    pub(super) namespace: Py<PyDict>,
}

impl NumPy {
    /// NumPy, imported on first use.
    #[inline]
    pub(super) fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static NUMPY: PyOnceLock<NumPy> = PyOnceLock::new();
        NUMPY.get_or_try_init(py, || Self::load(py))
    }

    #[cold]
    fn load(py: Python<'_>) -> PyResult<Self> {
        let module = numpy::get_array_module(py)?;
        let array_type = py
            .import("numpy")?
            .getattr("ndarray")?
            .cast_into::<PyType>()?;
        let size: usize = array_type.getattr("__basicsize__")?.extract()?;
        if size < size_of::<ffi::PyObject>() + size_of::<Fields>() {
            let version = py.import("numpy")?.getattr("__version__")?;
            return Err(PyImportError::new_err(format!(
                "arrays need NumPy 1.22 or newer, this is {version}: upgrade numpy"
            )));
        }
        Ok(Self {
            array_type: array_type.unbind(),
            namespace: module.dict().unbind(),
        })
    }

    /// Is it an array, and of no subclass?
    #[inline]
    fn is_exact_array(&self, object: *mut ffi::PyObject) -> bool {
        // SAFETY: a live object, and the caller, who got `self`, is attached.
        unsafe { ffi::Py_TYPE(object) == self.array_type.as_ptr().cast() }
    }
}

/// All the fields of an array object since NumPy 1.22; rust-numpy declares those of older ones.
#[repr(C)]
pub(super) struct Fields {
    pub(super) public: PyArrayObject_fields,
    buffer_info: *mut c_void,
    /// With what the memory is freed, where the array owns it.
    pub(super) mem_handler: *mut ffi::PyObject,
}

/// An array object, exactly of NumPy's own type, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Header<'a, 'py> {
    object: Borrowed<'a, 'py, PyAny>,
    fields: NonNull<Fields>,
    alive: PhantomData<&'a Fields>,
}

impl<'a, 'py> Header<'a, 'py> {
    /// The array that `object` is, if it is one.
    #[inline]
    pub(super) fn of(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Option<Self>> {
        let numpy = NumPy::get(object.py())?;
        Ok(numpy
            .is_exact_array(object.as_ptr())
            // SAFETY: the type is NumPy's.
            .then(|| unsafe { Self::new_unchecked(object) }))
    }

    /// The array that a pointer out of another array's header points to, if it is one.
    ///
    /// # Safety
    ///
    /// `object` is alive for as long as `'a`.
    pub(super) unsafe fn of_base(&self, object: *mut ffi::PyObject) -> Option<Self> {
        // SAFETY: NumPy is there, since `self` is one of its arrays; the caller vouches for the object.
        unsafe {
            let array_type = ffi::Py_TYPE(self.object.as_ptr());
            (ffi::Py_TYPE(object) == array_type)
                .then(|| Self::new_unchecked(Borrowed::from_ptr(self.object.py(), object)))
        }
    }

    /// # Safety
    ///
    /// The object is exactly a `numpy.ndarray`.
    unsafe fn new_unchecked(object: Borrowed<'a, 'py, PyAny>) -> Self {
        // SAFETY: the header of such an object is its own memory, never null; `NumPy::load` saw that it has all `Fields`.
        let fields = unsafe {
            let array: *const PyArrayObject = object.as_ptr().cast();
            NonNull::new_unchecked(_PyArray_GET_ITEM_DATA(array).cast::<Fields>())
        };
        Self {
            object,
            fields,
            alive: PhantomData,
        }
    }

    #[inline]
    pub(super) fn py(&self) -> Python<'py> {
        self.object.py()
    }

    #[inline]
    pub(super) fn object(&self) -> Borrowed<'a, 'py, PyAny> {
        self.object
    }

    /// The header's own memory.
    #[inline]
    pub(super) fn fields(&self) -> *mut Fields {
        self.fields.as_ptr()
    }

    #[inline]
    fn public(&self) -> &PyArrayObject_fields {
        // SAFETY: the object lives as long as `self`, and changes only while its thread runs Python's or NumPy's code.
        unsafe { &(*self.fields.as_ptr()).public }
    }

    pub(super) fn has(&self, flag: i32) -> bool {
        self.public().flags & flag != 0
    }

    pub(super) fn base(&self) -> *mut ffi::PyObject {
        self.public().base
    }

    pub(super) fn has_weak_references(&self) -> bool {
        !self.public().weakreflist.is_null()
    }

    pub(super) fn descriptor(&self) -> *mut PyArray_Descr {
        self.public().descr
    }

    pub(super) fn ndim(&self) -> usize {
        usize::try_from(self.public().nd).unwrap_or(0)
    }

    pub(super) fn shape(&self) -> &[npy_intp] {
        self.sizes(self.public().dimensions)
    }

    pub(super) fn strides(&self) -> &[npy_intp] {
        self.sizes(self.public().strides)
    }

    fn sizes(&self, start: *mut npy_intp) -> &[npy_intp] {
        if self.ndim() == 0 {
            return &[];
        }
        // SAFETY: NumPy keeps `nd` of them there, for as long as the header is not given another shape.
        unsafe { std::slice::from_raw_parts(start, self.ndim()) }
    }

    /// What the array says of itself, for an error.
    pub(super) fn describe(&self) -> Found {
        let py = self.py();
        // SAFETY: a live array has a descriptor.
        let descriptor = unsafe { Borrowed::from_ptr(py, self.descriptor().cast()) };
        let swapped = descriptor
            .cast::<numpy::PyArrayDescr>()
            .is_ok_and(|descriptor| descriptor.is_native_byteorder() == Some(false));
        let name = if swapped {
            descriptor.getattr("name")
        } else {
            descriptor.str().map(Bound::into_any)
        };
        Found::Array {
            ndim: self.ndim(),
            dtype: name.map_or_else(|_| "?".to_owned(), |name| name.to_string()),
            swapped,
        }
    }

    /// The array's elements in place, if they are `T`s that Rust can read where they are, in `D`'s number of
    /// dimensions. Nothing is said about who else may write them.
    #[inline]
    pub(super) fn view<T: Element, D: Dimension>(&self) -> Result<RawArrayView<T, D>, Mismatch> {
        let expected = Expected::of::<T, D>();
        self.require_kind::<T, D>(expected)?;
        // SAFETY: an array's shape and strides stay within its memory.
        let view = unsafe {
            raw_view(self.data(), self.shape(), self.strides(), |shape, data| {
                RawArrayView::from_shape_ptr(shape, data)
            })
        };
        view.ok_or_else(|| Mismatch::layout(expected, self.describe()))
    }

    /// [`Header::view`] of elements that are at different addresses.
    pub(super) fn view_mut<T: Element, D: Dimension>(
        &self,
    ) -> Result<RawArrayViewMut<T, D>, Mismatch> {
        let expected = Expected::of::<T, D>().mutable();
        self.require_kind::<T, D>(expected)?;
        if !is_injective(self.shape(), self.strides(), size_of::<T>()) {
            return Err(Mismatch::Held(expected, Held::Overlapping));
        }
        // SAFETY: an array's shape and strides stay within its memory.
        let view = unsafe {
            raw_view(self.data(), self.shape(), self.strides(), |shape, data| {
                RawArrayViewMut::from_shape_ptr(shape, data)
            })
        };
        view.ok_or_else(|| Mismatch::layout(expected, self.describe()))
    }

    #[inline]
    fn require_kind<T: Element, D: Dimension>(&self, expected: Expected) -> Result<(), Mismatch> {
        if element::is::<T>(self.py(), self.descriptor())
            && D::NDIM.is_none_or(|ndim| ndim == self.ndim())
        {
            return Ok(());
        }
        Err(Mismatch::kind(expected, self.describe()))
    }

    /// Whether the array shows just these elements.
    pub(super) fn shows<T: Element, D: Dimension>(&self, view: &ArrayView<'_, T, D>) -> bool {
        let size = size_of::<T>().cast_signed();
        element::is::<T>(self.py(), self.descriptor())
            && self.data::<T>().cast_const() == view.as_ptr()
            && self
                .shape()
                .iter()
                .map(|n| n.unsigned_abs())
                .eq(view.shape().iter().copied())
            && self
                .strides()
                .iter()
                .copied()
                .eq(view.strides().iter().map(|steps| steps * size))
    }

    fn data<T>(&self) -> *mut T {
        self.public().data.cast()
    }
}

/// A new array object over elements that exist, kept alive by `owner`.
///
/// # Safety
///
/// The elements stay where they are until `owner` is dropped, and may be read, and written where `writeable`.
pub(super) unsafe fn over<'py, T: Element, D: Dimension>(
    py: Python<'py>,
    view: &ArrayView<'_, T, D>,
    owner: Bound<'py, PyAny>,
    writeable: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let numpy = NumPy::get(py)?;
    let descriptor = T::descriptor(py)?;
    let bytes = size_of::<T>().cast_signed();
    let lengths = view.shape().iter().map(|length| length.cast_signed());
    let mut sizes: SmallSizes = lengths
        .chain(view.strides().iter().map(|steps| steps * bytes))
        .collect();
    let (shape, strides) = sizes.as_mut().split_at_mut(view.ndim());
    let flags = if writeable {
        npyffi::NPY_ARRAY_WRITEABLE
    } else {
        0
    };
    // SAFETY: attached; the descriptor's reference is taken by the call, `ndim` sizes are set, and the data is as the
    // caller promises. A new reference or null with an exception set.
    let array = unsafe {
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            numpy.array_type.as_ptr().cast(),
            descriptor.into_dtype_ptr(),
            i32::try_from(view.ndim()).unwrap_or(i32::MAX),
            shape.as_mut_ptr(),
            strides.as_mut_ptr(),
            view.as_ptr().cast_mut().cast(),
            flags,
            ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(py, array)?
    };
    // SAFETY: just made by NumPy.
    let header = unsafe { Header::new_unchecked(array.as_borrowed()) };
    // SAFETY: a new array has no base yet; this one owns the reference from here on, and NumPy drops it.
    unsafe { (*header.fields()).public.base = owner.into_ptr() };
    Ok(array)
}

/// Lengths and strides, on the stack for arrays of up to four dimensions.
enum SmallSizes {
    Few([npy_intp; 8], usize),
    Many(Vec<npy_intp>),
}

impl SmallSizes {
    fn as_mut(&mut self) -> &mut [npy_intp] {
        match self {
            Self::Few(sizes, count) => &mut sizes[..*count],
            Self::Many(sizes) => sizes,
        }
    }
}

impl FromIterator<npy_intp> for SmallSizes {
    fn from_iter<I: IntoIterator<Item = npy_intp>>(sizes: I) -> Self {
        let (mut few, mut count) = ([0; 8], 0);
        let mut sizes = sizes.into_iter();
        for place in &mut few {
            let Some(size) = sizes.next() else {
                return Self::Few(few, count);
            };
            *place = size;
            count += 1;
        }
        match sizes.next() {
            None => Self::Few(few, count),
            Some(size) => Self::Many(few.into_iter().chain([size]).chain(sizes).collect()),
        }
    }
}

/// A second object for the memory that `header` owns, which becomes the owner; `header` keeps only looking at it.
pub(super) fn split_owner<'py>(header: &Header<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let py = header.py();
    let numpy = NumPy::get(py)?;
    let fields = header.fields();
    // SAFETY: attached; the descriptor gets the reference that the call takes; shape and strides are a live array's. The
    // new object has the same size in bytes, which NumPy tells whoever frees the memory, and the handler that made it.
    unsafe {
        let public = &mut (*fields).public;
        ffi::Py_INCREF(public.descr.cast());
        let owner = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            numpy.array_type.as_ptr().cast(),
            public.descr,
            public.nd,
            public.dimensions,
            public.strides,
            public.data.cast(),
            0,
            ptr::null_mut(),
        );
        if owner.is_null() {
            return Err(
                PyErr::take(py).unwrap_or_else(|| PyMemoryError::new_err("no array object"))
            );
        }
        let array: *const PyArrayObject = owner.cast();
        let new = _PyArray_GET_ITEM_DATA(array).cast::<Fields>();
        (*new).public.flags |= npyffi::NPY_ARRAY_OWNDATA;
        (*new).mem_handler = (*fields).mem_handler;
        public.flags &= !npyffi::NPY_ARRAY_OWNDATA;
        (*fields).mem_handler = ptr::null_mut();
        Ok(Bound::from_owned_ptr(py, owner))
    }
}
