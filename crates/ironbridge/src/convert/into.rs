//! Derived types on their way into Python, and where in them a conversion failed.
//!
//! `PyO3` converts containers without saying which element failed. The macro knows the containers of a field from its
//! type, and writes them down as a type of their own (`Each<Whole>` for `Vec<T>`): only after a failure the elements
//! are tried one by one.

use std::collections::{BTreeMap, HashMap};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{BoundObject, IntoPyObjectExt};

use super::names::Name;
use crate::error::conversion::{Unconvertible, dotted};

/// The path to what could not be converted, the name of its type, the error.
pub type Found = (String, &'static str, PyErr);

/// Finds the element that cannot be converted: its path, the name of its type, the error.
pub trait Find<'py, T: ?Sized> {
    /// Tries the elements of the value.
    fn find(value: &T, py: Python<'py>) -> Option<Found>;
}

/// A value that is converted as one.
#[derive(Debug)]
pub struct Whole;
/// An `Option`.
#[derive(Debug)]
pub struct Maybe<S>(S);
/// A `Vec` or slice.
#[derive(Debug)]
pub struct Each<S>(S);
/// A map.
#[derive(Debug)]
pub struct Keyed<S>(S);
/// A `Box`, `Arc` or `Rc`.
#[derive(Debug)]
pub struct Behind<S>(S);

impl<'py, T> Find<'py, T> for Whole
where
    for<'a> &'a T: IntoPyObject<'py>,
{
    fn find(value: &T, py: Python<'py>) -> Option<Found> {
        let error = value.into_bound_py_any(py).err()?;
        Some((String::new(), std::any::type_name::<T>(), error))
    }
}

impl<'py, T, S: Find<'py, T>> Find<'py, Option<T>> for Maybe<S> {
    fn find(value: &Option<T>, py: Python<'py>) -> Option<Found> {
        S::find(value.as_ref()?, py)
    }
}

impl<'py, P, S> Find<'py, P> for Behind<S>
where
    P: std::ops::Deref<Target: Sized>,
    S: Find<'py, P::Target>,
{
    fn find(value: &P, py: Python<'py>) -> Option<Found> {
        S::find(value, py)
    }
}

impl<'py, T, S: Find<'py, T>> Find<'py, [T]> for Each<S> {
    fn find(value: &[T], py: Python<'py>) -> Option<Found> {
        value.iter().enumerate().find_map(|(index, item)| {
            let (path, rust_type, error) = S::find(item, py)?;
            Some((format!("[{index}]{path}"), rust_type, error))
        })
    }
}

impl<'py, T, S: Find<'py, T>> Find<'py, Vec<T>> for Each<S> {
    fn find(value: &Vec<T>, py: Python<'py>) -> Option<Found> {
        <Self as Find<'py, [T]>>::find(value, py)
    }
}

fn find_in_map<'a, 'py, K: 'a, V: 'a, S: Find<'py, V>>(
    mut items: impl Iterator<Item = (&'a K, &'a V)>,
    py: Python<'py>,
) -> Option<Found>
where
    &'a K: IntoPyObject<'py>,
{
    items.find_map(|(key, item)| {
        let (path, rust_type, error) = S::find(item, py)?;
        let shown = key
            .into_bound_py_any(py)
            .and_then(|key| key.repr())
            .map_or_else(|_| "?".to_owned(), |key| key.to_string());
        Some((format!("[{shown}]{path}"), rust_type, error))
    })
}

impl<'py, K, V, H, S: Find<'py, V>> Find<'py, HashMap<K, V, H>> for Keyed<S>
where
    for<'a> &'a K: IntoPyObject<'py>,
{
    fn find(value: &HashMap<K, V, H>, py: Python<'py>) -> Option<Found> {
        find_in_map::<K, V, S>(value.iter(), py)
    }
}

impl<'py, K, V, S: Find<'py, V>> Find<'py, BTreeMap<K, V>> for Keyed<S>
where
    for<'a> &'a K: IntoPyObject<'py>,
{
    fn find(value: &BTreeMap<K, V>, py: Python<'py>) -> Option<Found> {
        find_in_map::<K, V, S>(value.iter(), py)
    }
}

/// The object of a field; `find` looks for the trouble where there is any.
#[inline]
pub fn field<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    value: T,
    subject: &'static str,
    name: &Name,
    find: impl FnOnce() -> Option<Found>,
) -> PyResult<Bound<'py, PyAny>> {
    match value.into_pyobject(py) {
        Ok(object) => Ok(object.into_any().into_bound()),
        Err(error) => Err(failed::<T>(
            py,
            subject,
            dotted(name.text),
            error.into(),
            find(),
        )),
    }
}

/// The object of an item of a tuple.
#[inline]
pub fn item<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    value: T,
    subject: &'static str,
    index: usize,
    find: impl FnOnce() -> Option<Found>,
) -> PyResult<Bound<'py, PyAny>> {
    match value.into_pyobject(py) {
        Ok(object) => Ok(object.into_any().into_bound()),
        Err(error) => Err(failed::<T>(
            py,
            subject,
            format!("[{index}]"),
            error.into(),
            find(),
        )),
    }
}

/// Sets a field in a dict.
#[inline]
pub fn set<'py, T: IntoPyObject<'py>>(
    dict: &Bound<'py, PyDict>,
    value: T,
    subject: &'static str,
    name: &Name,
    find: impl FnOnce() -> Option<Found>,
) -> PyResult<()> {
    let py = dict.py();
    match value.into_pyobject(py) {
        Ok(object) => dict.set_item(
            name.string.bind_borrowed(py),
            object.into_any().as_borrowed(),
        ),
        Err(error) => Err(failed::<T>(
            py,
            subject,
            dotted(name.text),
            error.into(),
            find(),
        )),
    }
}

/// The error of a value in which the trouble was found, to be given to whoever names the value.
#[cold]
pub fn located(py: Python<'_>, error: PyErr, found: Option<Found>) -> PyErr {
    match found {
        Some((path, rust_type, error)) if !path.is_empty() => {
            Unconvertible::error(py, "a value", path, rust_type, error)
        }
        _ => error,
    }
}

#[cold]
#[inline(never)]
fn failed<T>(
    py: Python<'_>,
    subject: &'static str,
    mut place: String,
    error: PyErr,
    found: Option<Found>,
) -> PyErr {
    let (path, rust_type, error) =
        found.unwrap_or_else(|| (String::new(), std::any::type_name::<T>(), error));
    place.push_str(&path);
    Unconvertible::error(py, subject, place, rust_type, error)
}

/// The object of the only field of a type, which is the object of the type.
#[inline]
pub fn only_into<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    value: T,
    subject: &'static str,
    find: impl FnOnce() -> Option<Found>,
) -> PyResult<Bound<'py, PyAny>> {
    match value.into_pyobject(py) {
        Ok(object) => Ok(object.into_any().into_bound()),
        Err(error) => Err(failed::<T>(
            py,
            subject,
            String::new(),
            error.into(),
            find(),
        )),
    }
}

/// A dict that has a tag.
pub fn tagged<'py>(
    py: Python<'py>,
    tag: &Name,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(tag.string.bind_borrowed(py), value)?;
    Ok(dict)
}

/// Gives the dict of a variant's content its tag. An object has it by itself, and so has a dict that brings one.
pub fn with_tag<'py>(
    object: Bound<'py, PyAny>,
    tag: &Name,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(dict) = object.cast::<PyDict>() {
        let tag = tag.string.bind(dict.py());
        if !dict.contains(tag)? {
            dict.set_item(tag, value)?;
        }
    }
    Ok(object)
}
