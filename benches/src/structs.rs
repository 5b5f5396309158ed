//! Rows of suite `calls`: a struct of five fields from a dict and to one, without the call around it.

use std::hint::black_box;

use anyhow::Result;
use ironbridge::Python;
use ironbridge::pyo3::IntoPyObject;
use ironbridge::pyo3::prelude::*;
use ironbridge::pyo3::types::PyDict;

use crate::ffi;
use crate::rounds::{Row, Subject, measure as measure_row};

const NAME: &str = "C API";

/// The same struct three times: ours, `PyO3`'s, and by hand.
#[derive(Debug, Clone, Python)]
struct Reading {
    title: String,
    count: i64,
    score: f64,
    valid: bool,
    channel: u32,
}

#[derive(Debug, Clone, FromPyObject, IntoPyObject, IntoPyObjectRef)]
#[pyo3(from_item_all, crate = "ironbridge::pyo3")]
struct Plain {
    title: String,
    count: i64,
    score: f64,
    valid: bool,
    channel: u32,
}

/// Keys of the five fields, interned.
type Keys = [*mut ffi::PyObject; 5];

/// The rows.
pub(crate) fn measure(suite: &'static str, rounds: usize, times: u32) -> Result<Vec<Row>> {
    ironbridge::attach(|py| {
        let keys = [c"title", c"count", c"score", c"valid", c"channel"];
        // SAFETY: attached; new references, kept for as long as the process lives.
        let keys = keys.map(|key| unsafe { ffi::PyUnicode_InternFromString(key.as_ptr()) });
        let reading = Reading {
            title: "the interpreter lock".to_owned(),
            count: 1234,
            score: 0.5,
            valid: true,
            channel: 70_000,
        };
        let plain = Plain {
            title: reading.title.clone(),
            count: reading.count,
            score: reading.score,
            valid: reading.valid,
            channel: reading.channel,
        };
        let object = (&reading).into_pyobject(py)?;
        let dict = object.clone();
        let dict = dict.cast_into::<PyDict>().map_err(PyErr::from)?;
        let mut rows = measure_row(
            suite,
            "dict to a struct of five",
            rounds,
            times,
            vec![
                Subject::new(NAME, || {
                    // SAFETY: attached; a live dict and keys.
                    black_box(unsafe { from_dict(black_box(&dict).as_ptr(), &keys) });
                }),
                Subject::new("ironbridge derive", || {
                    black_box(black_box(&object).extract::<Reading>().expect("it fits"));
                }),
                Subject::new("PyO3 derive", || {
                    black_box(black_box(&object).extract::<Plain>().expect("it fits"));
                }),
            ],
        );
        rows.extend(measure_row(
            suite,
            "struct of five to a dict",
            rounds,
            times,
            vec![
                Subject::new(NAME, || {
                    // SAFETY: attached; live keys; the new reference is given back.
                    unsafe { ffi::Py_DECREF(black_box(to_dict(black_box(&reading), &keys))) };
                }),
                Subject::new("ironbridge derive", || {
                    black_box(black_box(&reading).into_pyobject(py).expect("it converts"));
                }),
                Subject::new("PyO3 derive", || {
                    black_box(black_box(&plain).into_pyobject(py).expect("it converts"));
                }),
            ],
        ));
        Ok(rows)
    })?
}

/// By hand, with the checks that no one may leave out: what is missing, and what is of another type.
///
/// # Safety
///
/// Attached, with live objects.
unsafe fn from_dict(dict: *mut ffi::PyObject, keys: &Keys) -> Option<Reading> {
    // SAFETY: as the caller promises; items of a dict are borrowed, and no other code runs meanwhile.
    unsafe {
        if ffi::PyDict_Check(dict) == 0 {
            return None;
        }
        let item = |index: usize| {
            let item = ffi::PyDict_GetItemWithError(dict, keys[index]);
            (!item.is_null()).then_some(item)
        };
        let mut length = 0;
        let text = item(0)?;
        if ffi::PyUnicode_Check(text) == 0 {
            return None;
        }
        let bytes = ffi::PyUnicode_AsUTF8AndSize(text, &raw mut length);
        if bytes.is_null() {
            return None;
        }
        let length = usize::try_from(length).unwrap_or(0);
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length);
        let count = ffi::PyLong_AsLong(item(1)?);
        if count == -1 && !ffi::PyErr_Occurred().is_null() {
            return None;
        }
        let score = ffi::PyFloat_AsDouble(item(2)?);
        #[allow(clippy::float_cmp, reason = "the value that stands for an error")]
        if score == -1.0 && !ffi::PyErr_Occurred().is_null() {
            return None;
        }
        let valid = item(3)?;
        if ffi::PyBool_Check(valid) == 0 {
            return None;
        }
        let channel = ffi::PyLong_AsLong(item(4)?);
        if channel == -1 && !ffi::PyErr_Occurred().is_null() {
            return None;
        }
        Some(Reading {
            title: String::from_utf8_unchecked(bytes.to_vec()),
            count,
            score,
            valid: valid == ffi::Py_True(),
            channel: u32::try_from(channel).ok()?,
        })
    }
}

/// By hand: `PyDict_New` and `PyDict_SetItem`.
///
/// # Safety
///
/// Attached, with live keys.
unsafe fn to_dict(reading: &Reading, keys: &Keys) -> *mut ffi::PyObject {
    // SAFETY: as the caller promises; each new reference is given back after the dict has taken its own.
    unsafe {
        let dict = ffi::PyDict_New();
        let length = ffi::Py_ssize_t::try_from(reading.title.len()).unwrap_or(0);
        let valid = if reading.valid {
            ffi::Py_True()
        } else {
            ffi::Py_False()
        };
        let values = [
            ffi::PyUnicode_FromStringAndSize(reading.title.as_ptr().cast(), length),
            ffi::PyLong_FromLong(reading.count),
            ffi::PyFloat_FromDouble(reading.score),
            ffi::Py_NewRef(valid),
            ffi::PyLong_FromLong(i64::from(reading.channel)),
        ];
        for (key, value) in keys.iter().zip(values) {
            ffi::PyDict_SetItem(dict, *key, value);
            ffi::Py_DECREF(value);
        }
        dict
    }
}
