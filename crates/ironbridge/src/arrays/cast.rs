//! Asking for a copy or a conversion.

use std::ops::{Deref, DerefMut};

use ndarray::Dimension;
use numpy::PyArray;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use super::element::Element;
use super::header::Header;
use super::mismatch::{Expected, Found, Mismatch, type_name};
use super::{Array, ArrayMut};

/// An array as it is where that will do, else a copy of it: for arrays that others in Python hold, that belong to another
/// library, or whose elements are not aligned.
///
/// The dtype and the number of dimensions must be right; [`Cast`] changes the dtype too.
///
/// ```no_run
/// use ironbridge::Session;
/// use ironbridge::arrays::{Array1, Copied};
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// session.run("import numpy; kept = numpy.ones(3)")?;
/// assert!(session.get::<Array1<f64>>("kept").is_err()); // the session could write it
/// let kept: Copied<Array1<f64>> = session.get("kept")?;
/// assert_eq!(kept.sum(), 3.0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Copied<A>(pub A);

/// An array as it is where that will do, else a converted copy: of another dtype, byte order or layout, or of a list.
///
/// Dtypes convert by NumPy's rule `same_kind`: integers to larger or smaller ones and to floats, floats to complex
/// numbers, but floats not to integers. The number of dimensions must be right. The copy is contiguous, in C order.
///
/// ```no_run
/// use ironbridge::Session;
/// use ironbridge::arrays::{Array1, Cast};
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// let list: Cast<Array1<f32>> = session.eval("[1, 2, 3]")?;
/// assert_eq!(list.sum(), 6.0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Cast<A>(pub A);

/// What a copy can be made as: [`Array`] and [`ArrayMut`].
pub trait FromArray: Sealed + Sized {
    #[doc(hidden)]
    type Item: Element;
    #[doc(hidden)]
    type Dim: Dimension;

    #[doc(hidden)]
    fn read(object: Borrowed<'_, '_, PyAny>) -> Result<Self, Failure>;
}

/// The two array types, and no others.
pub trait Sealed {}

/// Why the object as it is will not do.
#[doc(hidden)]
#[expect(
    missing_debug_implementations,
    reason = "a step of `extract`, which nobody sees"
)]
pub struct Failure(Mismatch);

impl<T: Element, D: Dimension> Sealed for Array<T, D> {}

impl<T: Element, D: Dimension> FromArray for Array<T, D> {
    type Item = T;
    type Dim = D;

    fn read(object: Borrowed<'_, '_, PyAny>) -> Result<Self, Failure> {
        Self::read(object).map_err(Failure)
    }
}

impl<T: Element, D: Dimension> Sealed for ArrayMut<T, D> {}

impl<T: Element, D: Dimension> FromArray for ArrayMut<T, D> {
    type Item = T;
    type Dim = D;

    fn read(object: Borrowed<'_, '_, PyAny>) -> Result<Self, Failure> {
        Self::read(object).map_err(Failure)
    }
}

impl<'py, A: FromArray> FromPyObject<'_, 'py> for Copied<A> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match A::read(object) {
            Ok(array) => Ok(Self(array)),
            Err(Failure(why)) if why.copying_mends() => {
                let copy = object.call_method0("copy")?;
                finish::<A>(&copy).map(Self)
            }
            Err(Failure(why)) => Err(why.into()),
        }
    }
}

impl<'py, A: FromArray> FromPyObject<'_, 'py> for Cast<A> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match A::read(object) {
            Ok(array) => Ok(Self(array)),
            Err(Failure(Mismatch::Raised(error))) => Err(error),
            Err(Failure(why)) => finish::<A>(&convert::<A>(object, why)?).map(Self),
        }
    }
}

/// A new array of the elements of `object`, of the right dtype, aligned and contiguous.
fn convert<'py, A: FromArray>(
    object: Borrowed<'_, 'py, PyAny>,
    why: Mismatch,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    if type_name(&object).ends_with("MaskedArray") {
        return Err(why.into());
    }
    let numpy = py.import("numpy")?;
    let array = numpy.call_method1("asarray", (object,))?;
    let expected = Expected::of::<A::Item, A::Dim>();
    let Some(header) = Header::of(array.as_borrowed())? else {
        return Err(Mismatch::kind(expected, Found::other(&array)).into());
    };
    if A::Dim::NDIM.is_some_and(|ndim| ndim != header.ndim()) {
        return Err(Mismatch::kind(expected, header.describe()).into());
    }
    let descriptor = A::Item::descriptor(py)?;
    let from = array.getattr("dtype")?;
    let castable: bool = numpy
        .call_method1("can_cast", (&from, &descriptor, "same_kind"))?
        .extract()?;
    if !castable {
        return Err(PyTypeError::new_err(format!(
            "expected {expected} or one that converts to it, found {}, which does not by the rule `same_kind`; convert \
             it in Python, as by `x.astype('{}')`, where you mean that",
            header.describe(),
            A::Item::DTYPE
        )));
    }
    let options: Bound<'py, PyDict> =
        [("order", "C"), ("casting", "same_kind")].into_py_dict(py)?;
    array.call_method("astype", (descriptor,), Some(&options))
}

/// The array that `copy` is, which nothing else holds.
fn finish<A: FromArray>(copy: &Bound<'_, PyAny>) -> PyResult<A> {
    A::read(copy.as_borrowed()).map_err(|Failure(why)| why.into())
}

macro_rules! wrappers {
    ($($wrapper:ident),*) => {$(
        impl<A> $wrapper<A> {
            /// The array itself.
            pub fn into_inner(self) -> A {
                self.0
            }
        }

        impl<A> Deref for $wrapper<A> {
            type Target = A;

            fn deref(&self) -> &A {
                &self.0
            }
        }

        impl<A> DerefMut for $wrapper<A> {
            fn deref_mut(&mut self) -> &mut A {
                &mut self.0
            }
        }

        impl<'py, T: Element, D: Dimension> IntoPyObject<'py> for &$wrapper<Array<T, D>> {
            type Target = PyArray<T, D>;
            type Output = Bound<'py, Self::Target>;
            type Error = PyErr;

            fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
                (&self.0).into_pyobject(py)
            }
        }

        impl<'py, A: IntoPyObject<'py>> IntoPyObject<'py> for $wrapper<A> {
            type Target = A::Target;
            type Output = A::Output;
            type Error = A::Error;

            fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
                self.0.into_pyobject(py)
            }
        }
    )*};
}

wrappers!(Cast, Copied);
