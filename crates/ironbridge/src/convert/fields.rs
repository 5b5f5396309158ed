//! Fields that several types share: what `flatten` and tagged unions are made of.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::source::Source;
/// A type whose fields are read from an object that may have others too.
pub trait FromFields<'py>: Sized {
    /// Reads the fields. `taken` are the names of the fields beside it.
    fn from_fields(source: &Source<'_, 'py>, taken: &dyn Fn(&str) -> bool) -> PyResult<Self>;

    /// Whether it has a field of that name in Python.
    fn knows(name: &str) -> bool;
}

/// A type whose fields go into a dict that may get others too.
pub trait IntoFields<'py> {
    /// Sets the fields.
    fn fill(&self, dict: &Bound<'py, PyDict>) -> PyResult<()>;
}

/// The names that are left, with their values.
fn rest<'py, K, V>(
    source: &Source<'_, 'py>,
    taken: &dyn Fn(&str) -> bool,
    mut insert: impl FnMut(K, V),
) -> PyResult<()>
where
    K: FromPyObjectOwned<'py>,
    V: FromPyObjectOwned<'py>,
{
    for key in source.keys()? {
        let key = key?;
        let Ok(name) = key.cast::<PyString>() else {
            return Err(source.expected("a dict with str keys".into()));
        };
        if taken(name.to_str()?) {
            continue;
        }
        let value = source.value_of(name)?;
        let converted = value.extract::<V>();
        let converted = converted.map_err(|error| {
            let name = name.to_string().into();
            source.failed(name, std::any::type_name::<V>(), &value, error.into())
        })?;
        let key = key.extract::<K>().map_err(Into::into)?;
        insert(key, converted);
    }
    Ok(())
}

impl<'py, K, V, S> FromFields<'py> for HashMap<K, V, S>
where
    K: FromPyObjectOwned<'py> + Eq + Hash,
    V: FromPyObjectOwned<'py>,
    S: BuildHasher + Default,
{
    fn from_fields(source: &Source<'_, 'py>, taken: &dyn Fn(&str) -> bool) -> PyResult<Self> {
        let mut map = Self::default();
        rest(source, taken, |key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }

    fn knows(_: &str) -> bool {
        true
    }
}

impl<'py, K, V> FromFields<'py> for BTreeMap<K, V>
where
    K: FromPyObjectOwned<'py> + Ord,
    V: FromPyObjectOwned<'py>,
{
    fn from_fields(source: &Source<'_, 'py>, taken: &dyn Fn(&str) -> bool) -> PyResult<Self> {
        let mut map = Self::new();
        rest(source, taken, |key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }

    fn knows(_: &str) -> bool {
        true
    }
}

impl<'py, K, V, S> IntoFields<'py> for HashMap<K, V, S>
where
    for<'a> &'a K: IntoPyObject<'py>,
    for<'a> &'a V: IntoPyObject<'py>,
{
    fn fill(&self, dict: &Bound<'py, PyDict>) -> PyResult<()> {
        self.iter()
            .try_for_each(|(key, value)| dict.set_item(key, value))
    }
}

impl<'py, K, V> IntoFields<'py> for BTreeMap<K, V>
where
    for<'a> &'a K: IntoPyObject<'py>,
    for<'a> &'a V: IntoPyObject<'py>,
{
    fn fill(&self, dict: &Bound<'py, PyDict>) -> PyResult<()> {
        self.iter()
            .try_for_each(|(key, value)| dict.set_item(key, value))
    }
}
