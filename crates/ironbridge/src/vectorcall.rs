//! Calls without a tuple of arguments: the pointers go to Python on the stack.

use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// Calls `callable`. Of the arguments the last ones have the names of `keywords`. `None` where an exception is set.
#[inline]
pub(crate) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &[Bound<'py, PyAny>],
    keywords: Option<&Bound<'py, PyTuple>>,
) -> Option<Bound<'py, PyAny>> {
    let py = callable.py();
    with_pointers(None, arguments, keywords, |pointers, count, names| {
        // SAFETY: `callable` is live. `with_pointers` gives `count` live objects before the values of `names`, one word
        // before them is ours to lend, as PY_VECTORCALL_ARGUMENTS_OFFSET says, and `names` is null or a tuple of
        // strings. The result is a new reference, or null with an exception set. The test
        // `captures_arrive_in_order` passes 0 to 20 arguments.
        unsafe {
            let flags = count | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
            let result = ffi::PyObject_Vectorcall(callable.as_ptr(), pointers, flags, names);
            Bound::from_owned_ptr_or_opt(py, result)
        }
    })
}

/// Calls the method `name` of `object`, likewise.
#[inline]
pub(crate) fn call_method<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    arguments: &[Bound<'py, PyAny>],
    keywords: Option<&Bound<'py, PyTuple>>,
) -> Option<Bound<'py, PyAny>> {
    let py = object.py();
    with_pointers(
        Some(object),
        arguments,
        keywords,
        |pointers, count, names| {
            // SAFETY: as in `call`; the first pointer is `object`, and it is counted.
            unsafe {
                let flags = count | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
                let result = ffi::PyObject_VectorcallMethod(name.as_ptr(), pointers, flags, names);
                Bound::from_owned_ptr_or_opt(py, result)
            }
        },
    )
}

/// Lays the pointers out for a call: a free word, the object, the arguments. Gives `f` the first pointer, how many
/// are positional, and the names of the rest.
#[inline]
fn with_pointers<R>(
    object: Option<&Bound<'_, PyAny>>,
    arguments: &[Bound<'_, PyAny>],
    keywords: Option<&Bound<'_, PyTuple>>,
    f: impl FnOnce(*const *mut ffi::PyObject, usize, *mut ffi::PyObject) -> R,
) -> R {
    let named = keywords.map_or(0, |keywords| keywords.len());
    debug_assert!(named <= arguments.len(), "each name has a value");
    let count = usize::from(object.is_some()) + arguments.len() - named;
    let names = keywords.map_or(ptr::null_mut(), |keywords| keywords.as_ptr());
    let all = object.into_iter().chain(arguments).map(Bound::as_ptr);
    let length = usize::from(object.is_some()) + arguments.len();
    // Few arguments are the common case, and filling a long list with nulls takes as long as a short call.
    if length < 6 {
        f(lay_out(&mut [ptr::null_mut(); 6], all), count, names)
    } else if length < 24 {
        f(lay_out(&mut [ptr::null_mut(); 24], all), count, names)
    } else {
        f(
            lay_out(&mut vec![ptr::null_mut(); length + 1], all),
            count,
            names,
        )
    }
}

/// Puts the pointers behind the first word, and gives their place.
#[inline]
fn lay_out(
    words: &mut [*mut ffi::PyObject],
    pointers: impl Iterator<Item = *mut ffi::PyObject>,
) -> *const *mut ffi::PyObject {
    let after_free_word = &mut words[1..];
    for (word, pointer) in after_free_word.iter_mut().zip(pointers) {
        *word = pointer;
    }
    // From the whole, so that the pointer may be used for the free word too.
    words.as_mut_ptr().wrapping_add(1)
}
