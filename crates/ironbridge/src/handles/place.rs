//! How errors name the items of an iterator, and the place in the Rust program that asked for one.

use std::borrow::Cow;
use std::panic::Location;

use pyo3::prelude::*;
use pyo3::{ffi, intern};

use crate::error::Origin;

/// What errors call an iterator: the name it was given; else a generator's function; else what it is.
pub(super) fn name_of<'a>(
    given: Option<&'a Cow<'static, str>>,
    iterator: &Bound<'_, PyAny>,
) -> Cow<'a, str> {
    if let Some(name) = given {
        return Cow::Borrowed(name);
    }
    // SAFETY: a live object.
    if unsafe { ffi::PyGen_Check(iterator.as_ptr()) } == 0 {
        return Cow::Borrowed("iterator");
    }
    let name = iterator.getattr(intern!(iterator.py(), "__name__"));
    name.and_then(|name| name.extract::<String>())
        .map_or(Cow::Borrowed("generator"), |name| {
            Cow::Owned(format!("{name}()"))
        })
}

/// The caller's place, unless that is the standard library: an adapter such as `map` asked for the item.
pub(super) fn origin(location: &'static Location<'static>) -> Option<Origin> {
    let outside = location.file().starts_with("/rustc/");
    (!outside).then(|| Origin::caller(location))
}
