//! What a batch function gives.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use crate::error::{Error, Result};

/// A result or an error for each item, in the items' order.
///
/// From Python it is any iterable, in which an exception stands for an item that failed: that item's caller gets it as
/// its error, as if it had been raised. So does one whose result cannot be converted.
///
/// ```
/// use ironbridge::Session;
/// use ironbridge::batch::Outcomes;
///
/// let session = Session::new()?;
/// let outcomes = session.eval::<Outcomes<f64>>("[0.5, ValueError('no'), 'text']")?;
/// let outcomes: Vec<_> = outcomes.into_iter().collect();
/// assert_eq!(*outcomes[0].as_ref().unwrap(), 0.5);
/// assert_eq!(outcomes[1].as_ref().unwrap_err().to_string(), "ValueError: no");
/// let error = outcomes[2].as_ref().unwrap_err();
/// assert!(error.to_string().ends_with("expected f64, found str 'text'"));
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[derive(Debug)]
pub struct Outcomes<O>(Vec<Result<O>>);

impl<O> From<Vec<Result<O>>> for Outcomes<O> {
    fn from(outcomes: Vec<Result<O>>) -> Self {
        Self(outcomes)
    }
}

impl<O> FromIterator<Result<O>> for Outcomes<O> {
    fn from_iter<T: IntoIterator<Item = Result<O>>>(outcomes: T) -> Self {
        Self(outcomes.into_iter().collect())
    }
}

impl<O> IntoIterator for Outcomes<O> {
    type Item = Result<O>;
    type IntoIter = std::vec::IntoIter<Result<O>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'py, O> FromPyObject<'_, 'py> for Outcomes<O>
where
    O: for<'a> FromPyObject<'a, 'py>,
{
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let mut outcomes = Vec::with_capacity(object.len().unwrap_or(0));
        for item in object.try_iter()? {
            outcomes.push(outcome(&item?));
        }
        Ok(Self(outcomes))
    }
}

fn outcome<'py, O>(item: &Bound<'py, PyAny>) -> Result<O>
where
    O: for<'a> FromPyObject<'a, 'py>,
{
    // An exception's result could be asked for as an object; nobody means that.
    if item.is_instance_of::<PyBaseException>() {
        let raised = PyErr::from_value(item.clone());
        return Err(Error::from_python(item.py(), raised, None));
    }
    item.extract::<O>()
        .map_err(|error| Error::result::<O>(item, error.into(), "the item's result", None))
}

/// What can be split into one result for each item: what a batch function gives.
///
/// - `Vec<O>`: a result each.
/// - [`Outcomes<O>`](Outcomes): a result or an error each.
/// - `arrays::Array<T, D>` (feature `arrays`): the first axis counts the items. An item's array shows its part of the
///   whole, which stays as long as one part does.
pub trait Scatter: Send + 'static {
    /// A single result.
    type Item: Send + 'static;

    /// The single results, in the items' order.
    fn scatter(self) -> Vec<Result<Self::Item>>;
}

impl<O: Send + 'static> Scatter for Vec<O> {
    type Item = O;

    fn scatter(self) -> Vec<Result<O>> {
        self.into_iter().map(Ok).collect()
    }
}

impl<O: Send + 'static> Scatter for Outcomes<O> {
    type Item = O;

    fn scatter(self) -> Vec<Result<O>> {
        self.0
    }
}

/// A [`Scatter`] that comes from Python, and how it is read so that items may fail alone.
#[doc(hidden)]
pub trait ScatterPython: Scatter {
    /// What is read in its place.
    type Read: Scatter<Item = Self::Item>;
}

impl<O: Send + 'static> ScatterPython for Vec<O> {
    type Read = Outcomes<O>;
}

impl<O: Send + 'static> ScatterPython for Outcomes<O> {
    type Read = Self;
}
