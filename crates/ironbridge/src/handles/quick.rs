//! Numbers out of Python without the detour: for iterators of many and for callbacks, where the call of `extract` costs
//! as much as a step of the iterator.
//!
//! `PyO3`'s conversions of numbers are functions of another crate that are not inlined. What they do beyond reading the
//! number (`__index__`, subclasses, errors) is left to them: here only Python's own `int` and `float` are read, and only
//! where they fit.

use std::any::{Any, TypeId};

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use pyo3::{Borrowed, ffi};

/// The number, where it is one of Python's own that fits a number type `T`. For other `T` this is nothing, known when
/// the program is compiled.
#[inline]
pub(in crate::handles) fn number<T: 'static>(object: Borrowed<'_, '_, PyAny>) -> Option<T> {
    macro_rules! integers {
        ($($integer:ty)+) => {$(
            if is::<T, $integer>() {
                return cast(<$integer>::try_from(integer(object)?).ok()?);
            }
        )+};
    }
    integers!(i64 i32 i16 i8 u64 u32 u16 u8 isize usize);
    if is::<T, f64>() && object.is_exact_instance_of::<PyFloat>() {
        // SAFETY: a live `float`, as was just seen.
        return cast(unsafe { ffi::PyFloat_AS_DOUBLE(object.as_ptr()) });
    }
    None
}

#[inline]
fn integer(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    if !object.is_exact_instance_of::<PyInt>() {
        return None;
    }
    // SAFETY: attached, a live `int`; -1 with an exception set where it does not fit.
    let number = unsafe { ffi::PyLong_AsLongLong(object.as_ptr()) };
    if number == -1 && PyErr::occurred(object.py()) {
        drop(PyErr::take(object.py()));
        return None;
    }
    Some(number)
}

#[inline]
fn is<T: 'static, U: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<U>()
}

/// A `U` that is a `T`.
#[inline]
fn cast<T: 'static, U: 'static>(value: U) -> Option<T> {
    let mut value = Some(value);
    let value: &mut dyn Any = &mut value;
    value.downcast_mut::<Option<T>>()?.take()
}
