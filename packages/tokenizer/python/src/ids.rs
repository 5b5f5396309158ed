//! Ids from Python: lists and other sequences of `int`, and arrays.

use ironbpe::TokenId;
use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

/// The ids of some tokens.
pub(crate) struct Ids(pub(crate) Vec<TokenId>);

impl<'a, 'py> FromPyObject<'a, 'py> for Ids {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(list) = object.cast::<PyList>() {
            let mut ids = Vec::with_capacity(list.len());
            for (place, id) in list.iter().enumerate() {
                ids.push(one(place, &id)?);
            }
            return Ok(Self(ids));
        }
        if object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>() {
            let kind = object.get_type().qualname()?;
            return Err(PyTypeError::new_err(format!(
                "ids are a sequence of int, not {kind}"
            )));
        }
        if let Some(ids) = array(&object)? {
            return Ok(Self(ids));
        }
        let ids = object.try_iter()?.enumerate();
        ids.map(|(place, id)| one(place, &id?))
            .collect::<PyResult<_>>()
            .map(Self)
    }
}

fn one(place: usize, id: &Bound<'_, PyAny>) -> PyResult<TokenId> {
    id.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyTypeError>(id.py()) {
            let kind = id.get_type().qualname();
            let kind = kind.map_or_else(|_| String::from("another"), |kind| kind.to_string());
            return PyTypeError::new_err(format!("ids[{place}] is no int, but {kind}"));
        }
        PyValueError::new_err(format!("ids[{place}] is {id}, which no token has"))
    })
}

/// The ids of an array of integers of one dimension; `None` for what is no array.
fn array(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<TokenId>>> {
    if let Ok(buffer) = PyBuffer::<u32>::get(object) {
        return Ok(Some(buffer.to_vec(object.py())?));
    }
    if let Some(ids) = converted::<u16>(object)? {
        return Ok(Some(ids));
    }
    if let Some(ids) = converted::<i64>(object)? {
        return Ok(Some(ids));
    }
    if let Some(ids) = converted::<i32>(object)? {
        return Ok(Some(ids));
    }
    converted::<u64>(object)
}

fn converted<T>(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<TokenId>>>
where
    T: Element + Copy + std::fmt::Display + TryInto<TokenId>,
{
    let Ok(buffer) = PyBuffer::<T>::get(object) else {
        return Ok(None);
    };
    let all = buffer.to_vec(object.py())?;
    let ids = all.into_iter().enumerate().map(|(place, id)| {
        id.try_into()
            .map_err(|_| PyValueError::new_err(format!("ids[{place}] is {id}, which no token has")))
    });
    ids.collect::<PyResult<_>>().map(Some)
}
