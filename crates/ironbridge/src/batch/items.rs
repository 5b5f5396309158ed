//! What a batch function is given.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use pyo3::prelude::*;

use crate::error::Result;

/// The items of a batch, in the order in which they came: a slice that is cheap to clone.
///
/// Python gets it as it gets a slice: as a list.
pub struct Items<I> {
    all: Arc<Vec<I>>,
    range: Range<usize>,
}

impl<I> Items<I> {
    pub(super) fn new(items: Vec<I>) -> Self {
        let range = 0..items.len();
        let all = Arc::new(items);
        Self { all, range }
    }

    /// The items of these places.
    pub(super) fn part(&self, range: &Range<usize>) -> Self {
        let start = self.range.start;
        Self {
            all: Arc::clone(&self.all),
            range: start + range.start..start + range.end,
        }
    }

    /// The items themselves, without a copy where nobody else has them.
    pub(super) fn into_vec(self) -> Vec<I>
    where
        I: Clone,
    {
        let range = self.range;
        if range.len() < self.all.len() {
            return self.all[range].to_vec();
        }
        Arc::try_unwrap(self.all).unwrap_or_else(|shared| shared[range].to_vec())
    }
}

impl<I> Deref for Items<I> {
    type Target = [I];

    fn deref(&self) -> &[I] {
        &self.all[self.range.clone()]
    }
}

impl<I> Clone for Items<I> {
    fn clone(&self) -> Self {
        self.part(&(0..self.range.len()))
    }
}

impl<I: fmt::Debug> fmt::Debug for Items<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&**self).finish()
    }
}

impl<'a, I> IntoIterator for &'a Items<I> {
    type Item = &'a I;
    type IntoIter = std::slice::Iter<'a, I>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, 'py, I> IntoPyObject<'py> for &'a Items<I>
where
    &'a [I]: IntoPyObject<'py>,
{
    type Target = <&'a [I] as IntoPyObject<'py>>::Target;
    type Output = <&'a [I] as IntoPyObject<'py>>::Output;
    type Error = <&'a [I] as IntoPyObject<'py>>::Error;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        (&**self).into_pyobject(py)
    }
}

impl<'py, I> IntoPyObject<'py> for Items<I>
where
    for<'a> &'a I: IntoPyObject<'py>,
{
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        (&*self).into_pyobject(py)
    }
}

/// What items can be gathered into: the argument of a batch function.
///
/// - [`Items<I>`](Items): the items as they are.
/// - `Vec<I>`: the same as a vector. The items are cloned, unless [`bisect`](super::Builder::bisect) is off.
/// - `arrays::Array<T, D>` (feature `arrays`): arrays of one dimension less, stacked along a new first axis. Items of
///   different shapes do not come into one batch.
pub trait Gather: Send + Sized + 'static {
    /// A single item.
    type Item: Send + Sync + 'static;
    /// Items of one batch have one key.
    type Key: Eq + std::hash::Hash + Clone + Send + 'static;

    /// The key of an item.
    fn key(item: &Self::Item) -> Self::Key;

    /// Puts the items together. There is one at least.
    ///
    /// # Errors
    ///
    /// They do not fit together.
    fn gather(items: Items<Self::Item>) -> Result<Self>;
}

impl<I: Send + Sync + 'static> Gather for Items<I> {
    type Item = I;
    type Key = ();

    fn key(_item: &I) {}

    fn gather(items: Items<I>) -> Result<Self> {
        Ok(items)
    }
}

impl<I: Clone + Send + Sync + 'static> Gather for Vec<I> {
    type Item = I;
    type Key = ();

    fn key(_item: &I) {}

    fn gather(items: Items<I>) -> Result<Self> {
        Ok(items.into_vec())
    }
}
