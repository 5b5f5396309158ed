//! A short way for the plain types, where an object is of the very type: no reference is counted and no result is
//! carried through layers that are compiled elsewhere. What it does not take goes the way of every other type, through
//! `PyO3`'s conversion, which also words the errors.

use std::marker::PhantomData;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

use super::names::Name;
use super::source::Source;

/// A plain type. Reading one runs no Python code.
pub trait Quick: Sized {
    /// The value, if the object is of the very type, and it fits.
    fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self>;
}

/// Chooses for a type between the two ways: [`ReadQuick`] where the type has it, else [`ReadAny`].
#[derive(Debug)]
pub struct Of<T>(PhantomData<T>);

impl<T> Of<T> {
    /// Of that type.
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "only expansions make it")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// Fields of plain types.
pub trait ReadQuick<'py, T> {
    /// A field that must be there.
    fn required(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<T>;
    /// A field that may be missing.
    fn optional(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<Option<T>>;
}

/// Fields of all types. It is found only where [`ReadQuick`] is not: it takes one more reference.
pub trait ReadAny<'py, T> {
    /// A field that must be there.
    fn required(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<T>;
    /// A field that may be missing.
    fn optional(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<Option<T>>;
}

impl<'py, T: Quick + FromPyObjectOwned<'py>> ReadQuick<'py, T> for Of<T> {
    #[inline]
    fn required(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<T> {
        match source.quick(name) {
            Some(value) => Ok(value),
            None => source.required(name),
        }
    }

    #[inline]
    fn optional(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<Option<T>> {
        match source.quick(name) {
            Some(value) => Ok(Some(value)),
            None => source.optional(name),
        }
    }
}

impl<'py, T: FromPyObjectOwned<'py>> ReadAny<'py, T> for &Of<T> {
    #[inline]
    fn required(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<T> {
        source.required(name)
    }

    #[inline]
    fn optional(&self, source: &Source<'_, 'py>, name: &Name) -> PyResult<Option<T>> {
        source.optional(name)
    }
}

/// The default of a field that Python does not have.
#[inline]
pub fn produce<T>(default: impl FnOnce() -> T) -> T {
    default()
}

impl Quick for bool {
    #[inline]
    fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
        // SAFETY: the two objects are there as long as the interpreter is; the pointers are only compared.
        let (yes, no) = unsafe { (ffi::Py_True(), ffi::Py_False()) };
        if object.as_ptr() == yes {
            Some(true)
        } else if object.as_ptr() == no {
            Some(false)
        } else {
            None
        }
    }
}

macro_rules! quick_integers {
    ($($integer:ty),*) => {$(
        impl Quick for $integer {
            #[inline]
            fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
                quick_i64(object)?.try_into().ok()
            }
        }
    )*};
}
quick_integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

#[inline]
fn quick_i64(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: attached; a live object, whose type is looked at before it is taken for an int. Of an int the call fails
    // in no other way than by `overflow`, and sets no exception.
    unsafe {
        if ffi::PyLong_CheckExact(object.as_ptr()) == 0 {
            return None;
        }
        let value = ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &raw mut overflow);
        (overflow == 0).then_some(value)
    }
}

impl Quick for f64 {
    #[inline]
    fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
        // SAFETY: a live object, whose type is looked at before it is taken for a float.
        unsafe {
            (ffi::PyFloat_CheckExact(object.as_ptr()) != 0)
                .then(|| ffi::PyFloat_AS_DOUBLE(object.as_ptr()))
        }
    }
}

impl Quick for f32 {
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "as PyO3's conversion does")]
    fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
        f64::quick(object).map(|value| value as Self)
    }
}

impl Quick for String {
    #[inline]
    fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
        let mut length = 0;
        // SAFETY: attached; a live object, whose type is looked at before it is taken for a str. The call gives as many
        // bytes of UTF-8 as it says, which live as long as the str; or null with an exception set, which is cleared
        // here and raised anew by the other way.
        unsafe {
            if ffi::PyUnicode_CheckExact(object.as_ptr()) == 0 {
                return None;
            }
            let bytes = ffi::PyUnicode_AsUTF8AndSize(object.as_ptr(), &raw mut length);
            if bytes.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let length = usize::try_from(length).ok()?;
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length);
            Some(str::from_utf8_unchecked(bytes).to_owned())
        }
    }
}

impl<T: Quick> Quick for Option<T> {
    #[inline]
    fn quick(object: Borrowed<'_, '_, PyAny>) -> Option<Self> {
        if object.is_none() {
            Some(None)
        } else {
            T::quick(object).map(Some)
        }
    }
}
