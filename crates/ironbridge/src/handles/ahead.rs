//! Which iterators may be read ahead of the program, and how far.
//!
//! A step of a built-in iterator runs no code but the interpreter's own, so nobody sees whether it was made now or a
//! little earlier, as long as nobody changes what is iterated over. A step of any other iterator may do anything.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use pyo3::{Py, ffi};

/// The most items that one attachment reads ahead unasked.
const LONGEST: usize = 256;
/// An attachment costs well under a microsecond: what is read in this time has paid for it.
const ENOUGH: Duration = Duration::from_micros(20);

/// How many items an attachment reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reading {
    /// As many as was asked for.
    Fixed(usize),
    /// Of a built-in iterator: more each time while that is quick, so that the first item comes at once and slow
    /// conversions stay single.
    Growing(usize),
}

impl Reading {
    /// How to read an iterator that nobody gave orders for.
    pub(super) fn of(kind: Option<Builtin>) -> Self {
        match kind {
            Some(_) => Self::Growing(1),
            None => Self::Fixed(1),
        }
    }

    #[inline]
    pub(super) fn count(self) -> usize {
        match self {
            Self::Fixed(count) | Self::Growing(count) => count,
        }
    }

    /// Runs a reading and learns from the time it took.
    #[inline]
    pub(super) fn timed<R>(&mut self, read: impl FnOnce() -> R) -> R {
        let Self::Growing(count) = self else {
            return read();
        };
        let begun = Instant::now();
        let result = read();
        let took = begun.elapsed();
        if took < ENOUGH {
            *count = (*count * 2).min(LONGEST);
        } else if took > 2 * ENOUGH {
            *count = (*count / 2).max(1);
        }
        result
    }
}

/// A built-in iterator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    /// Over what never changes: its length is known.
    OfImmutable,
    /// Over a container.
    OfContainer,
}

/// What kind of built-in iterator this is, if it is one.
pub(super) fn builtin(iterator: &Bound<'_, PyAny>) -> Option<Builtin> {
    let kind = iterator.get_type();
    let table = types(iterator.py()).ok()?;
    let known = table.iter().find(|(known, _)| known.is(&kind));
    if let Some((_, builtin)) = known {
        return Some(*builtin);
    }
    is_array_iterator(&kind).then_some(Builtin::OfContainer)
}

/// The types of the built-in iterators.
fn types(py: Python<'_>) -> PyResult<&[(Py<PyType>, Builtin)]> {
    static TYPES: PyOnceLock<Vec<(Py<PyType>, Builtin)>> = PyOnceLock::new();
    let types = TYPES.get_or_try_init(py, || {
        let mut all = Vec::new();
        let examples = [
            (
                c"(), range(0), range(1 << 70), '', '\\xe9', b''",
                Builtin::OfImmutable,
            ),
            (
                c"[], set(), bytearray(), {}, {}.values(), {}.items(), \
                  __import__('_collections').deque(), memoryview(b'')",
                Builtin::OfContainer,
            ),
        ];
        for (examples, builtin) in examples {
            for example in py.eval(examples, None, None)?.try_iter()? {
                let iterator = example?.try_iter()?;
                all.push((iterator.get_type().unbind(), builtin));
            }
        }
        let reversed = c"reversed([]), reversed({}), reversed({}.values()), reversed({}.items())";
        for iterator in py.eval(reversed, None, None)?.try_iter()? {
            all.push((iterator?.get_type().unbind(), Builtin::OfContainer));
        }
        // Up to 3.11 memoryviews and others share the iterator that calls `__getitem__`, whosoever that is.
        let general = py.eval(
            c"type(iter(type('', (), {'__getitem__': None})()))",
            None,
            None,
        )?;
        all.retain(|(kind, _)| !kind.is(&general));
        PyResult::Ok(all)
    })?;
    Ok(types)
}

/// Whether it is the iterator of `array.array`, a module that is not always there.
fn is_array_iterator(kind: &Bound<'_, PyType>) -> bool {
    /// No class that Python code makes has it.
    const IMMUTABLE: std::ffi::c_ulong = 1 << 8;
    // SAFETY: a live type object.
    if unsafe { ffi::PyType_HasFeature(kind.as_type_ptr(), IMMUTABLE) } == 0 {
        return false;
    }
    let is = |part: PyResult<Bound<'_, pyo3::types::PyString>>, name: &str| {
        part.is_ok_and(|part| part == name)
    };
    is(kind.name(), "arrayiterator") && is(kind.module(), "array")
}
