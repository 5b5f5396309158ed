//! A Python iterable as a Rust iterator.

use std::borrow::Cow;
use std::fmt;
use std::iter::FusedIterator;
use std::panic::Location;
use std::vec;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList, PyRange, PyString, PyTuple};
use pyo3::{Borrowed, Py, ffi};

use super::ahead::{Builtin, Reading, builtin};
use super::place::{name_of, origin};
use super::quick::number;
use crate::aio::is_asynchronous;
use crate::error::{Error, Result};
use crate::interpreter::attach_started;

/// More room than this is not made on the word of a length hint.
const LONGEST_HINT: usize = 1 << 16;

/// A Python iterable, iterator or generator as a Rust iterator of `Result<T>`.
///
/// It is owned and `Send`, and the interpreter is free between two items.
///
/// ```
/// use ironbridge::{Iter, python};
///
/// let squares = python! { -> Iter<u64> => (n * n for n in range(4)) }?;
/// assert_eq!(squares.collect::<ironbridge::Result<Vec<_>>>()?, [0, 1, 4, 9]);
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// # How far it reads
///
/// Attaching to the interpreter for every item costs more than most items do. Iterators of Python's own containers
/// (`list`, `tuple`, `range`, `set`, `dict` and its views, `str`, `bytes`, `deque`, `array`, …) run no Python code, so
/// they are read ahead: one item first, then up to 256 in one attachment, as long as that takes some 20 µs at most.
/// Nobody can tell, unless a container is changed while it is iterated over: items read already stay what they were,
/// and a `dict` that changed its size is found out some items late.
///
/// A generator, or any other iterator, is asked for one item when the program wants one, no earlier.
/// [`read_ahead`](Self::read_ahead) changes that; [`collect_all`](Self::collect_all) reads everything at once.
///
/// # Errors
///
/// What the iterator raised, `KeyboardInterrupt` included; or an item that is no `T`, with its index:
/// `words()[17]: expected str, found int 3`. Both end the iteration: what follows is `None`.
///
/// A value that is no iterable is a `TypeError` where the `Iter` is made.
pub struct Iter<T> {
    /// Gone when the iteration has ended.
    iterator: Option<Py<PyIterator>>,
    reading: Reading,
    /// Items read ahead.
    ready: vec::IntoIter<T>,
    /// What is iterated over, where a second iterator over it gives the same items by their index.
    sequence: Option<Py<PyAny>>,
    /// Otherwise the Python objects of the last reading, of which the last ones are in `ready`.
    objects: Vec<Py<PyAny>>,
    /// What comes after the items that are ready.
    failed: Option<Error>,
    /// The number of items read.
    index: usize,
    /// The number of all items, where it cannot change.
    length: Option<usize>,
    name: Option<Cow<'static, str>>,
}

impl<T> Iter<T> {
    fn new(iterable: &Bound<'_, PyAny>) -> PyResult<Self> {
        let iterator = iterable.try_iter().map_err(|error| {
            if !is_asynchronous(iterable) {
                return error;
            }
            let kind = iterable.get_type();
            PyTypeError::new_err(format!(
                "{kind} is not iterable: it is asynchronous, which is an `AsyncIter` in Rust"
            ))
        })?;
        let kind = builtin(&iterator);
        let length = match kind {
            Some(Builtin::OfImmutable) => length_hint(&iterator),
            _ => None,
        };
        let sequence = kind.is_some() && is_sequence(iterable);
        Ok(Self {
            reading: Reading::of(kind),
            iterator: Some(iterator.unbind()),
            ready: Vec::new().into_iter(),
            sequence: sequence.then(|| iterable.clone().unbind()),
            objects: Vec::new(),
            failed: None,
            index: 0,
            length,
            name: None,
        })
    }

    /// Reads up to `count` items in one attachment, whenever the ones read before are used up; 0 is as 1.
    ///
    /// For a generator this means that its code runs ahead of the program by as much, and that the first of `count`
    /// items comes when the last is there. Cheap items come many times faster so.
    ///
    /// ```
    /// # use ironbridge::{Iter, python};
    /// let numbers = python! { -> Iter<u32> => (n for n in range(1000)) }?;
    /// let mut sum = 0;
    /// for number in numbers.read_ahead(100) {
    ///     sum += number?;
    /// }
    /// assert_eq!(sum, 499_500);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[must_use]
    pub fn read_ahead(mut self, count: usize) -> Self {
        self.reading = Reading::Fixed(count.max(1));
        self
    }

    /// Says what errors call it: `words()` makes the item with index 17 `words()[17]`. Otherwise a generator is called
    /// as its function.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn pending(&self) -> usize {
        self.ready.len() + usize::from(self.failed.is_some())
    }

    /// Gives the objects of the last reading back: attached, so that they go at once.
    fn let_go(&mut self, py: Python<'_>) {
        for object in self.objects.drain(..) {
            drop(object.into_bound(py));
        }
    }
}

impl<T> Iter<T>
where
    T: for<'py> FromPyObjectOwned<'py> + 'static,
{
    /// All items that are left, read in one attachment.
    ///
    /// # Errors
    ///
    /// The first that occurs; the items before it are lost.
    ///
    /// ```
    /// # use ironbridge::{Iter, python};
    /// let words = python!(-> Iter<String> => "'to be or not to be'.split()")?;
    /// assert_eq!(words.collect_all()?, ["to", "be", "or", "not", "to", "be"]);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    #[track_caller]
    pub fn collect_all(mut self) -> Result<Vec<T>> {
        let location = Location::caller();
        let mut all: Vec<T> = std::mem::take(&mut self.ready).collect();
        if self.iterator.is_some() && self.failed.is_none() {
            attach_started(|py| {
                if let Some(iterator) = &self.iterator {
                    let hint = self.length.or_else(|| match self.reading {
                        Reading::Growing(_) => length_hint(iterator.bind(py)),
                        Reading::Fixed(_) => None,
                    });
                    all.reserve(hint.unwrap_or(0).min(LONGEST_HINT));
                }
                self.let_go(py);
                self.fill(py, usize::MAX, false, &mut all, location);
            });
        }
        match self.failed.take() {
            None => Ok(all),
            Some(error) => Err(error),
        }
    }

    /// Reads up to `count` items, and keeps their objects where `keep` says so. Where there are fewer, the iteration is
    /// over, and `failed` says whether well.
    #[inline]
    fn fill(
        &mut self,
        py: Python<'_>,
        count: usize,
        keep: bool,
        items: &mut Vec<T>,
        location: &'static Location<'static>,
    ) {
        let Some(iterator) = &self.iterator else {
            return;
        };
        let next = Next::of(iterator.bind_borrowed(py));
        let begun = items.len();
        while items.len() - begun < count {
            // SAFETY: `self` holds the iterator until `end` or `refuse`, which this returns by.
            let Some(object) = (unsafe { next.call(py) }) else {
                return self.end(py, items.len() - begun, location);
            };
            match item_of(&object) {
                Ok(item) => items.push(item),
                Err(error) => {
                    self.index += items.len() - begun;
                    return self.refuse(&object, error, location);
                }
            }
            if keep {
                self.objects.push(object.unbind());
            }
        }
        self.index += count;
    }

    /// Notes that there are no more items, after the `read` ones of this reading, or that an exception came.
    #[cold]
    fn end(&mut self, py: Python<'_>, read: usize, location: &'static Location<'static>) {
        self.index += read;
        // Python's own classes say the end by `StopIteration`, most of C's by nothing.
        // SAFETY: attached; both may be called at any time, and the first gives a borrowed reference.
        let raised = unsafe {
            !ffi::PyErr_Occurred().is_null()
                && ffi::PyErr_ExceptionMatches(ffi::PyExc_StopIteration) == 0
        };
        if raised {
            self.failed = Some(Error::take_raised(py, origin(location)));
        } else {
            drop(PyErr::take(py));
        }
        self.iterator = None;
    }

    /// The next item, alone.
    fn step(&mut self, py: Python<'_>, location: &'static Location<'static>) -> Option<T> {
        let next = Next::of(self.iterator.as_ref()?.bind_borrowed(py));
        // SAFETY: `self` holds the iterator.
        let Some(object) = (unsafe { next.call(py) }) else {
            self.end(py, 0, location);
            return None;
        };
        match item_of(&object) {
            Ok(item) => {
                self.index += 1;
                Some(item)
            }
            Err(error) => {
                self.refuse(&object, error, location);
                None
            }
        }
    }

    #[cold]
    fn refuse(
        &mut self,
        object: &Bound<'_, PyAny>,
        error: PyErr,
        location: &'static Location<'static>,
    ) {
        let Some(iterator) = self.iterator.take() else {
            return;
        };
        let name = name_of(self.name.as_ref(), iterator.bind(object.py()));
        let what = format!("{name}[{}]", self.index);
        self.failed = Some(Error::result::<T>(object, error, &what, origin(location)));
    }

    /// The next item, where none is ready.
    #[inline]
    fn read(&mut self, location: &'static Location<'static>) -> Option<Result<T>> {
        if self.iterator.is_none() {
            return self.failed.take().map(Err);
        }
        let count = self.reading.count();
        let mut reading = self.reading;
        let first = attach_started(|py| {
            if count > 1 {
                reading.timed(|| self.read_several(py, count, location))
            } else {
                reading.timed(|| self.step(py, location))
            }
        });
        self.reading = reading;
        match first {
            Some(item) => Some(Ok(item)),
            None => self.failed.take().map(Err),
        }
    }

    /// Makes up to `count` items ready, and gives the first.
    fn read_several(
        &mut self,
        py: Python<'_>,
        count: usize,
        location: &'static Location<'static>,
    ) -> Option<T> {
        self.let_go(py);
        let count = match self.length {
            Some(length) => count.min(length.saturating_sub(self.index) + 1),
            None => count,
        };
        let room = count.min(LONGEST_HINT);
        let mut items = Vec::with_capacity(room);
        let keep = self.sequence.is_none();
        if keep {
            self.objects.reserve(room);
        }
        self.fill(py, count, keep, &mut items, location);
        self.ready = items.into_iter();
        self.ready.next()
    }
}

impl<T> Iterator for Iter<T>
where
    T: for<'py> FromPyObjectOwned<'py> + 'static,
{
    type Item = Result<T>;

    #[track_caller]
    #[inline]
    fn next(&mut self) -> Option<Result<T>> {
        match self.ready.next() {
            Some(item) => Some(Ok(item)),
            None => self.read(Location::caller()),
        }
    }

    /// The upper bound is known where the iterable cannot change: a `tuple`, a `range`, `str`, `bytes`.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let pending = self.pending();
        let most = match (&self.iterator, self.length) {
            (None, _) => Some(pending),
            (Some(_), Some(length)) => Some(pending + length.saturating_sub(self.index)),
            (Some(_), None) => None,
        };
        (pending, most)
    }
}

impl<T> FusedIterator for Iter<T> where T: for<'py> FromPyObjectOwned<'py> + 'static {}

/// The item that an object is.
#[inline]
pub(crate) fn item_of<T>(object: &Bound<'_, PyAny>) -> PyResult<T>
where
    T: for<'py> FromPyObjectOwned<'py> + 'static,
{
    match number(object.as_borrowed()) {
        Some(number) => Ok(number),
        None => object.extract::<T>().map_err(Into::into),
    }
}

/// The step of an iterator, looked up once for many.
struct Next {
    iterator: *mut ffi::PyObject,
    step: ffi::iternextfunc,
}

impl Next {
    #[inline]
    fn of(iterator: Borrowed<'_, '_, PyIterator>) -> Self {
        // SAFETY: a live object; `PyObject_GetIter` gave it, having seen that its type has the slot. A class may lose
        // its `__next__` while it is iterated over: then the slot may be empty.
        let step = unsafe { (*ffi::Py_TYPE(iterator.as_ptr())).tp_iternext };
        Self {
            iterator: iterator.as_ptr(),
            step: step.unwrap_or(ffi::PyIter_Next),
        }
    }

    /// The next object; without one an exception may be set, `StopIteration` among others.
    ///
    /// # Safety
    ///
    /// The iterator is held by someone.
    #[inline]
    unsafe fn call<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: attached, and the caller holds the iterator, whose slot this is. The result is a new reference or
        // null.
        unsafe { Bound::from_owned_ptr_or_opt(py, (self.step)(self.iterator)) }
    }
}

/// Whether a second iterator over it gives the same items in the same order, found by their index.
fn is_sequence(iterable: &Bound<'_, PyAny>) -> bool {
    iterable.is_exact_instance_of::<PyList>()
        || iterable.is_exact_instance_of::<PyTuple>()
        || iterable.is_exact_instance_of::<PyRange>()
        || iterable.is_exact_instance_of::<PyString>()
        || iterable.is_exact_instance_of::<PyBytes>()
}

/// What `__length_hint__` says; nothing where it fails.
fn length_hint(iterator: &Bound<'_, PyIterator>) -> Option<usize> {
    // SAFETY: attached, a live object; negative with an exception set where it fails.
    let hint = unsafe { ffi::PyObject_LengthHint(iterator.as_ptr(), 0) };
    if hint < 0 {
        drop(PyErr::take(iterator.py()));
    }
    usize::try_from(hint).ok()
}

impl<T> FromPyObject<'_, '_> for Iter<T> {
    type Error = PyErr;

    /// Calls `iter()`.
    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::new(&object)
    }
}

impl<'py, T> IntoPyObject<'py> for Iter<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    /// The Python iterator, with the items that are left; an error that was read ahead comes out here.
    fn into_pyobject(mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        let rest = match self.iterator.take() {
            Some(iterator) => iterator.into_bound(py).into_any(),
            None => PyTuple::empty(py).try_iter()?.into_any(),
        };
        let unread = self.ready.len();
        if unread == 0 {
            return Ok(rest);
        }
        if let Some(sequence) = &self.sequence {
            let all = sequence.bind(py).try_iter()?;
            let from = self.index - unread;
            return py
                .import("itertools")?
                .call_method1("islice", (all, from, py.None()));
        }
        let unread = self.objects.drain(self.objects.len() - unread..);
        let unread = PyList::new(py, unread.collect::<Vec<_>>())?;
        py.import("itertools")?
            .call_method1("chain", (unread, rest))
    }
}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("name", &self.name)
            .field("read", &self.index)
            .field("ready", &self.ready.len())
            .field("ended", &self.iterator.is_none())
            .finish_non_exhaustive()
    }
}
