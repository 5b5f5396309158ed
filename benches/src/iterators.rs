//! Rows of suite `calls`: an iterator of 100,000 integers against a C loop in one attachment, and a callback against a
//! C function.

use std::hint::black_box;
use std::ptr;

use anyhow::Result;
use ironbridge::{Callback, Iter, Session};

use crate::ffi;
use crate::floor::{self, Object, attached, vectorcall};
use crate::rounds::{Row, Subject, measure as measure_row};

const SUITE: &str = "calls";
const ITEMS: i64 = 100_000;
const TIMES: u32 = 10;

/// All rows.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    rows.extend(iterable(
        "iterate a list of 100,000",
        "items = list(range(100_000))",
        rounds,
    )?);
    rows.extend(iterable(
        "iterate a range of 100,000",
        "items = range(100_000)",
        rounds,
    )?);
    rows.extend(generator(rounds)?);
    rows.extend(callback(rounds)?);
    Ok(rows)
}

/// Built-in iterables, which are read ahead.
fn iterable(name: &'static str, code: &str, rounds: usize) -> Result<Vec<Row>> {
    let items = floor::define(&format!("{code}\n"), c"items")?;
    let session = Session::new()?;
    session.run(code)?;
    let ours = Subject::new("ironbridge Iter", || {
        sum(session.get("items").expect("it is there"));
    });
    let all = Subject::new("ironbridge Iter::collect_all", || {
        let items: Iter<i64> = session.get("items").expect("it is there");
        black_box(items.collect_all().expect("integers"));
    });
    let subjects = vec![
        Subject::new("C loop, one attachment", || {
            attached(|| {
                // SAFETY: attached; a live iterable; its iterator is given back.
                unsafe {
                    let iterator = ffi::PyObject_GetIter(items.0);
                    c_loop(iterator);
                }
            });
        }),
        ours,
        all,
    ];
    Ok(measure_row(SUITE, name, rounds, TIMES, subjects))
}

/// A generator, which runs Python code for each item.
fn generator(rounds: usize) -> Result<Vec<Row>> {
    let code = "def items():\n    for n in range(100_000): yield n\n";
    let items = floor::define(code, c"items")?;
    let session = Session::new()?;
    session.run(code)?;
    let items_of = || -> Iter<i64> { session.call("items", ()).expect("a generator") };
    let subjects = vec![
        Subject::new("C loop, one attachment", || {
            attached(|| {
                // SAFETY: attached; a live function, whose result is an iterator that is given back.
                unsafe { c_loop(vectorcall(items, [])) }
            });
        }),
        Subject::new("ironbridge Iter", || sum(items_of())),
        Subject::new("ironbridge Iter::read_ahead(64)", || {
            sum(items_of().read_ahead(64));
        }),
    ];
    Ok(measure_row(
        SUITE,
        "iterate a generator of 100,000",
        rounds,
        TIMES,
        subjects,
    ))
}

fn sum(items: Iter<i64>) {
    let mut sum = 0;
    for item in items {
        sum += item.expect("an integer");
    }
    assert_eq!(black_box(sum), ITEMS * (ITEMS - 1) / 2);
}

/// Adds up what an iterator gives, and gives the iterator back.
///
/// # Safety
///
/// Attached, with an iterator of integers that is not used afterwards.
unsafe fn c_loop(iterator: *mut ffi::PyObject) {
    let mut sum = 0;
    // SAFETY: as the caller promises; each item is a new reference, given back.
    unsafe {
        loop {
            let item = ffi::PyIter_Next(iterator);
            if item.is_null() {
                break;
            }
            sum += ffi::PyLong_AsLongLong(item);
            ffi::Py_DECREF(item);
        }
        ffi::Py_DECREF(iterator);
    }
    assert_eq!(black_box(sum), ITEMS * (ITEMS - 1) / 2);
}

/// A function of two integers, called 1,000 times by a Python loop.
fn callback(rounds: usize) -> Result<Vec<Row>> {
    let code = "def each(f):\n    for n in range(1000): f(n, 2)\n";
    let each = floor::define(code, c"each")?;
    let by_hand = attached(|| function(c_add));
    let detached = attached(|| function(c_add_detached));
    let callback = Callback::new(|a: i64, b: i64| a + b);
    let ours = ironbridge::attach(|py| {
        use ironbridge::pyo3::prelude::*;
        callback
            .into_pyobject(py)
            .map(|object| Object(object.into_ptr()))
    })??;
    let call = |f: Object| {
        move || {
            attached(|| {
                // SAFETY: attached; live objects; the result is given back.
                unsafe { ffi::Py_DECREF(vectorcall(each, [f.0])) }
            });
        }
    };
    let subjects = vec![
        Subject::new("C function, detaching", call(detached)),
        Subject::new("C function, attached", call(by_hand)),
        Subject::new("ironbridge Callback", call(ours)),
    ];
    Ok(measure_row(
        SUITE,
        "1,000 calls of Rust from Python",
        rounds,
        200,
        subjects,
    ))
}

/// A callable of a C function that lives as long as the process.
fn function(
    f: unsafe extern "C" fn(
        *mut ffi::PyObject,
        *mut *mut ffi::PyObject,
        ffi::Py_ssize_t,
    ) -> *mut ffi::PyObject,
) -> Object {
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"add".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: f },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: ptr::null(),
    }));
    // SAFETY: attached (the only caller is); the definition is never freed.
    Object(unsafe { ffi::PyCFunction_NewEx(definition, ptr::null_mut(), ptr::null_mut()) })
}

/// Adds two integers.
///
/// # Safety
///
/// Called by Python, with two arguments.
unsafe extern "C" fn c_add(
    _: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    _count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: attached, two live integers.
    unsafe {
        let a = ffi::PyLong_AsLongLong(*arguments);
        let b = ffi::PyLong_AsLongLong(*arguments.add(1));
        ffi::PyLong_FromLongLong(black_box(a + b))
    }
}

/// Adds two integers, detached, as a function that might take its time does.
///
/// # Safety
///
/// Called by Python, with two arguments.
unsafe extern "C" fn c_add_detached(
    _: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    _count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: attached, two live integers; detached only for the addition.
    unsafe {
        let a = ffi::PyLong_AsLongLong(*arguments);
        let b = ffi::PyLong_AsLongLong(*arguments.add(1));
        let state = ffi::PyEval_SaveThread();
        let sum = black_box(a + b);
        ffi::PyEval_RestoreThread(state);
        ffi::PyLong_FromLongLong(sum)
    }
}
