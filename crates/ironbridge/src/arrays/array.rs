//! A NumPy array that is only read.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use ndarray::{ArrayRef, ArrayView, Axis, Dimension, Ix1, RemoveAxis};
use numpy::PyArray;
use pyo3::prelude::*;

use super::array_mut::{ArrayMut, dismantle};
use super::capsule::{self, FROZEN};
use super::element::Element;
use super::header::{self, Header};
use super::mismatch::{Expected, Found, Held, Mismatch};
use super::rule;
use super::view::holds_values;

/// A NumPy array in Rust: read in place, and kept alive.
///
/// It derefs to [`ndarray::ArrayRef`], so it is sliced, iterated and computed with as any array of `ndarray` is. Its
/// elements never change: from Python it is made of arrays that nobody else can write (the [module](super) says what
/// that means and what to do about others), and Python gets it as a read-only array. [`ArrayMut`] is the one to write.
///
/// A clone is the same array, and costs a counter. It can be dropped on any thread, attached or not.
///
/// ```no_run
/// use ironbridge::arrays::{Array1, Array2};
/// use ironbridge::python;
///
/// # fn main() -> ironbridge::Result<()> {
/// let weights = Array1::from(vec![0.25_f32, 0.75]); // moved: NumPy gets this memory
/// let outer = python! { -> Array2<f32> =>
///     import numpy as np
///     np.outer('weights, 'weights)
/// }?;
/// assert_eq!(outer.dim(), (2, 2));
/// assert_eq!(outer.sum(), 1.0);
/// # Ok(())
/// # }
/// ```
pub struct Array<T: Element, D: Dimension> {
    /// Of `memory`, which outlives it; it is never given out for longer than a borrow of `self`.
    view: ArrayView<'static, T, D>,
    memory: Arc<Memory<T>>,
}

/// What keeps the elements where they are.
struct Memory<T> {
    storage: Storage<T>,
    /// The array as a Python object, once there is one.
    object: OnceLock<Py<PyAny>>,
}

pub(super) enum Storage<T> {
    Rust(Arc<Vec<T>>),
    Python(Py<PyAny>),
    /// Memory of another kind, as it came by DLPack.
    Other(Arc<dyn Any + Send + Sync>),
}

impl<T: Element, D: Dimension> Array<T, D> {
    /// # Safety
    ///
    /// The storage holds the view's elements, and nobody writes them as long as it lives.
    pub(super) unsafe fn new(view: ArrayView<'static, T, D>, storage: Storage<T>) -> Self {
        let object = OnceLock::new();
        let memory = Arc::new(Memory { storage, object });
        Self { view, memory }
    }

    /// The array that a Python object is, if Rust may look at it.
    #[inline]
    pub(super) fn read(object: Borrowed<'_, '_, PyAny>) -> Result<Self, Mismatch> {
        let Some(header) = Header::of(object)? else {
            return Err(Mismatch::kind(
                Expected::of::<T, D>(),
                Found::other(&object),
            ));
        };
        let view = header.view::<T, D>()?;
        // SAFETY: this thread is attached, and runs no Python code; others that could write meanwhile hold the array,
        // which `freeze` refuses below, or the memory is frozen.
        if T::PICKY && !unsafe { holds_values(&view) } {
            return Err(Mismatch::Held(Expected::of::<T, D>(), Held::Invalid));
        }
        let owner = rule::freeze::<T, D>(header)?;
        // SAFETY: `owner` keeps the elements where they are, and nobody writes them from here on.
        unsafe {
            let view = view.deref_into_view();
            let storage = Storage::Python(owner.unbind());
            Ok(Self::new(view, storage))
        }
    }

    /// An array that others in Python hold, or whose memory belongs to another library, on your word.
    ///
    /// ```no_run
    /// # use ironbridge::arrays::Array2;
    /// # let object: ironbridge::pyo3::Bound<'_, ironbridge::pyo3::PyAny> = todo!();
    /// // SAFETY: the model's weights; its class never writes them after `load`.
    /// let weights = unsafe { Array2::<f32>::assume_frozen(&object) }?;
    /// # Ok::<(), ironbridge::pyo3::PyErr>(())
    /// ```
    ///
    /// # Safety
    ///
    /// As long as the array or a clone of it lives, nothing writes its elements: not Python, not a library on a thread
    /// of its own; and the Python array is not given other memory (its attribute `data` is not set).
    ///
    /// # Errors
    ///
    /// It is no array, or one of another dtype or rank, or not aligned.
    pub unsafe fn assume_frozen(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Some(header) = Header::of(object.as_borrowed())? else {
            return Err(Mismatch::kind(Expected::of::<T, D>(), Found::other(object)).into());
        };
        let view = header.view::<T, D>()?;
        // SAFETY: the caller says that nobody writes.
        if T::PICKY && !unsafe { holds_values(&view) } {
            return Err(Mismatch::Held(Expected::of::<T, D>(), Held::Invalid).into());
        }
        // SAFETY: the array keeps its memory, and the caller says that nobody writes it.
        unsafe {
            let storage = Storage::Python(object.clone().unbind());
            Ok(Self::new(view.deref_into_view(), storage))
        }
    }

    /// All elements in order, without a copy where they lie so already.
    ///
    /// [`as_slice`](ndarray::ArrayRef::as_slice) gives `None` for the others, such as a transposed array.
    pub fn contiguous(&self) -> Cow<'_, [T]> {
        match self.as_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(self.iter().copied().collect()),
        }
    }

    /// The same array with another type of dimensions: [`IxDyn`](type@ndarray::IxDyn), or a fixed number.
    ///
    /// # Errors
    ///
    /// The array itself, where it has another number of dimensions.
    pub fn into_dimensionality<E: Dimension>(self) -> Result<Array<T, E>, Self> {
        match self.view.clone().into_dimensionality::<E>() {
            Ok(view) => Ok(Array {
                view,
                memory: self.memory,
            }),
            Err(_) => Err(self),
        }
    }

    /// The parts along the first axis, which share the elements.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Array<T, D::Smaller>>
    where
        D: RemoveAxis,
    {
        (0..self.len_of(Axis(0))).map(|row| Array {
            view: self.view.clone().index_axis_move(Axis(0), row),
            memory: Arc::clone(&self.memory),
        })
    }

    /// The same elements with a new first axis of length 1.
    pub(crate) fn as_only_row(&self) -> Array<T, D::Larger> {
        Array {
            view: self.view.clone().insert_axis(Axis(0)),
            memory: Arc::clone(&self.memory),
        }
    }

    /// What keeps the elements where they are.
    pub(super) fn keeper(&self) -> Arc<dyn Any + Send + Sync> {
        self.memory.clone()
    }

    /// The array as a Python object, read-only: always the same one, unless Python gave that another shape or type.
    fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(object) = self.memory.object.get() {
            let object = object.bind(py);
            let header = Header::of(object.as_borrowed())?;
            if header.is_some_and(|header| header.shows(&self.view)) {
                return Ok(object.clone());
            }
        }
        let owner = match &self.memory.storage {
            Storage::Rust(vec) => capsule::hold_shared(py, Arc::clone(vec), FROZEN)?,
            Storage::Other(keeper) => capsule::hold(py, Arc::clone(keeper), FROZEN)?,
            Storage::Python(owner) => {
                let owner = owner.bind(py).clone();
                capsule::rename(&owner, FROZEN);
                owner
            }
        };
        // SAFETY: the owner holds the elements, which are only read.
        let made = unsafe { header::over(py, &self.view, owner, false)? };
        // Of two threads that come here together both get an array, and one's stays.
        let _ = self.memory.object.set(made.clone().unbind());
        Ok(made)
    }
}

impl<T: Element, D: Dimension> Deref for Array<T, D> {
    type Target = ArrayRef<T, D>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.view
    }
}

impl<T: Element, D: Dimension> AsRef<ArrayRef<T, D>> for Array<T, D> {
    fn as_ref(&self) -> &ArrayRef<T, D> {
        self
    }
}

impl<T: Element, D: Dimension> Clone for Array<T, D> {
    fn clone(&self) -> Self {
        Self {
            view: self.view.clone(),
            memory: Arc::clone(&self.memory),
        }
    }
}

impl<T: Element, D: Dimension> fmt::Debug for Array<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view.fmt(f)
    }
}

impl<T: Element, D: Dimension> PartialEq for Array<T, D> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
    }
}

impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Array<T, D> {
    /// Moves the elements: neither this nor the way to Python copies them.
    fn from(array: ndarray::Array<T, D>) -> Self {
        let (view, vec) = dismantle(array);
        // SAFETY: the vector holds the elements that the view was made of; it is only read from here on.
        unsafe { Self::new(view.deref_into_view(), Storage::Rust(Arc::new(vec))) }
    }
}

impl<T: Element> From<Vec<T>> for Array<T, Ix1> {
    /// Moves the elements: neither this nor the way to Python copies them.
    fn from(vec: Vec<T>) -> Self {
        ndarray::Array::from_vec(vec).into()
    }
}

impl<T: Element, D: Dimension> From<ArrayMut<T, D>> for Array<T, D> {
    /// Nobody writes it from now on.
    fn from(array: ArrayMut<T, D>) -> Self {
        let (view, storage) = array.into_parts();
        // SAFETY: the storage holds the elements, nobody else had it, and it is only read from here on.
        unsafe { Self::new(view.deref_into_view(), storage) }
    }
}

impl<'py, T: Element, D: Dimension> FromPyObject<'_, 'py> for Array<T, D> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::read(object)?)
    }
}

impl<'py, T: Element, D: Dimension> IntoPyObject<'py> for &Array<T, D> {
    type Target = PyArray<T, D>;
    type Output = Bound<'py, Self::Target>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let object = self.object(py)?;
        // SAFETY: a NumPy array of `T` with the dimensions of `D`: just made, or looked at, as one.
        Ok(unsafe { object.cast_into_unchecked() })
    }
}

impl<'py, T: Element, D: Dimension> IntoPyObject<'py> for Array<T, D> {
    type Target = PyArray<T, D>;
    type Output = Bound<'py, Self::Target>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        (&self).into_pyobject(py)
    }
}
