//! A NumPy array that Rust writes.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use ndarray::{ArrayRef, ArrayViewMut, Dimension, Ix1, RawArrayViewMut};
use numpy::PyArray;
use pyo3::prelude::*;

use super::array::Storage;
use super::capsule::{self, OWNED};
use super::element::Element;
use super::header::{self, Header};
use super::mismatch::{Expected, Found, Held, Mismatch};
use super::rule;
use super::view::holds_values;

/// A NumPy array that only this value can get at, and may write.
///
/// It derefs, mutably too, to [`ndarray::ArrayRef`]. From Python it is made of an array that nothing else holds; should
/// its one holder go on holding it, that is left with an empty array. Python gets it, by value, as a writable array.
/// [`Array`](super::Array) is the one to share; `Array::from(this)` costs nothing.
///
/// ```no_run
/// use ironbridge::arrays::ArrayMut2;
/// use ironbridge::Session;
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// session.import("numpy")?;
/// let mut image: ArrayMut2<f32> = session.eval("numpy.ones((2, 3), 'float32')")?;
/// image[[0, 0]] = 4.0; // NumPy's memory, in place
/// session.set("image", image)?;
/// assert_eq!(session.eval::<f64>("float(image.sum())")?, 9.0);
/// # Ok(())
/// # }
/// ```
pub struct ArrayMut<T: Element, D: Dimension> {
    /// Of `storage`, which outlives it; it is never given out for longer than a borrow of `self`.
    view: ArrayViewMut<'static, T, D>,
    storage: Storage<T>,
}

impl<T: Element, D: Dimension> ArrayMut<T, D> {
    /// The array that a Python object is, if nobody else can get at it.
    pub(super) fn read(object: Borrowed<'_, '_, PyAny>) -> Result<Self, Mismatch> {
        let expected = Expected::of::<T, D>().mutable();
        let Some(header) = Header::of(object)? else {
            return Err(Mismatch::kind(expected, Found::other(&object)));
        };
        let view = header.view_mut::<T, D>()?;
        // SAFETY: attached, running no Python code; who could write meanwhile holds the array, which `take` refuses.
        if T::PICKY && !unsafe { holds_values(&view.raw_view()) } {
            return Err(Mismatch::Held(expected, Held::Invalid));
        }
        let owner = rule::take::<T, D>(header)?;
        // SAFETY: `owner` keeps the elements where they are, nobody else can get at them from here on, and no two of
        // them are at one address.
        Ok(unsafe { Self::new(view, Storage::Python(owner.unbind())) })
    }

    /// # Safety
    ///
    /// The storage holds the view's elements, no two at one address, and nobody else can get at them.
    unsafe fn new(view: RawArrayViewMut<T, D>, storage: Storage<T>) -> Self {
        // SAFETY: as the caller promises.
        let view = unsafe { view.deref_into_view_mut() };
        Self { view, storage }
    }

    pub(super) fn into_parts(mut self) -> (RawArrayViewMut<T, D>, Storage<T>) {
        (self.view.raw_view_mut(), self.storage)
    }
}

/// Takes an owned array apart: where its elements are, and the vector that holds them.
pub(super) fn dismantle<T, D: Dimension>(
    mut array: ndarray::Array<T, D>,
) -> (RawArrayViewMut<T, D>, Vec<T>) {
    let view = array.raw_view_mut();
    // Moving a vector leaves its elements where they are.
    (view, array.into_raw_vec_and_offset().0)
}

impl<T: Element, D: Dimension> Deref for ArrayMut<T, D> {
    type Target = ArrayRef<T, D>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.view
    }
}

impl<T: Element, D: Dimension> DerefMut for ArrayMut<T, D> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.view
    }
}

impl<T: Element, D: Dimension> fmt::Debug for ArrayMut<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view.fmt(f)
    }
}

impl<T: Element, D: Dimension> PartialEq for ArrayMut<T, D> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
    }
}

impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for ArrayMut<T, D> {
    /// Moves the elements: neither this nor the way to Python copies them.
    fn from(array: ndarray::Array<T, D>) -> Self {
        let (view, vec) = dismantle(array);
        // SAFETY: an owned array's elements are its own and at different addresses.
        unsafe { Self::new(view, Storage::Rust(Arc::new(vec))) }
    }
}

impl<T: Element> From<Vec<T>> for ArrayMut<T, Ix1> {
    /// Moves the elements: neither this nor the way to Python copies them.
    fn from(vec: Vec<T>) -> Self {
        ndarray::Array::from_vec(vec).into()
    }
}

impl<'py, T: Element, D: Dimension> FromPyObject<'_, 'py> for ArrayMut<T, D> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::read(object)?)
    }
}

impl<'py, T: Element, D: Dimension> IntoPyObject<'py> for ArrayMut<T, D> {
    type Target = PyArray<T, D>;
    type Output = Bound<'py, Self::Target>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let (view, storage) = self.into_parts();
        let owner = match storage {
            Storage::Rust(vec) => capsule::hold_shared(py, vec, OWNED)?,
            Storage::Other(keeper) => capsule::hold(py, keeper, OWNED)?,
            Storage::Python(owner) => {
                let owner = owner.into_bound(py);
                capsule::rename(&owner, OWNED);
                owner
            }
        };
        // SAFETY: the owner holds the elements; only the new array can get at them.
        unsafe {
            let object = header::over(py, &view.deref_into_view(), owner, true)?;
            Ok(object.cast_into_unchecked())
        }
    }
}
