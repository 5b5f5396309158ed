//! Suite `calls`: what a call from Rust into Python costs, attach included, against a cached function called by
//! `PyObject_Vectorcall`.

use std::hint::black_box;

use anyhow::Result;
use ironbridge::{Session, python};

use crate::by_hand;
use crate::ffi;
use crate::floor::{self, attached, vectorcall};
use crate::iterators;
use crate::rounds::{Row, Subject, measure as measure_row};

const SUITE: &str = "calls";
const TIMES: u32 = 20_000;

/// All rows.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    ironbridge::Interpreter::get()?;
    // Keeps this thread's state, for the floor as for us.
    ironbridge::attach(|_| ())?;
    let mut rows = Vec::new();
    rows.extend(globals(rounds)?);
    rows.extend(arithmetic(rounds)?);
    rows.extend(hypot(rounds)?);
    rows.extend(text(rounds)?);
    rows.extend(crate::structs::measure(SUITE, rounds, TIMES)?);
    rows.extend(exception(rounds)?);
    rows.extend(crate::modules::rows(SUITE, rounds)?);
    rows.extend(iterators::measure(rounds)?);
    rows.extend(std::thread::scope(|scope| {
        scope
            .spawn(|| foreign(rounds))
            .join()
            .unwrap_or_else(|_| anyhow::bail!("the foreign thread panicked"))
    })?);
    Ok(rows)
}

/// `x = x + 1` on the session's globals.
fn globals(rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    python! { session => x = 0 }?;
    let ours = Subject::new("ironbridge python!", || {
        python! { session => x = x + 1 }.expect("it runs");
    });
    let subjects = vec![by_hand::globals()?, ours];
    Ok(measure_row(
        SUITE,
        "x = x + 1 on globals",
        rounds,
        TIMES,
        subjects,
    ))
}

/// Three integers in, one out.
fn arithmetic(rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.run("def f(a, b, c): return a * b + c")?;
    let (a, b, c) = (black_box(3_i64), black_box(4_i64), black_box(5_i64));
    let block = Subject::new("ironbridge python!", || {
        black_box(python! { session -> i64 => 'a * 'b + 'c }.expect("it runs"));
    });
    let function = session.function("f")?;
    let held = Subject::new("ironbridge Function::call", || {
        black_box(function.call::<i64, _>((a, b, c)).expect("it runs"));
    });
    let by_name = Subject::new("ironbridge Session::call", || {
        black_box(session.call::<i64, _>("f", (a, b, c)).expect("it runs"));
    });
    let subjects = vec![by_hand::arithmetic()?, block, held, by_name];
    Ok(measure_row(
        SUITE,
        "a * b + c of integers",
        rounds,
        TIMES,
        subjects,
    ))
}

/// A C function of the standard library, called from a Python function: what a block is.
fn hypot(rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.import("math")?;
    let (a, b) = (black_box(3.0_f64), black_box(4.0_f64));
    let ours = Subject::new("ironbridge python!", || {
        black_box(python! { session -> f64 => math.hypot('a, 'b) }.expect("it runs"));
    });
    Ok(measure_row(
        SUITE,
        "math.hypot",
        rounds,
        TIMES,
        vec![by_hand::hypot()?, ours],
    ))
}

/// Text in, text out.
fn text(rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    let input: &str = black_box("the interpreter lock");
    let ours = Subject::new("ironbridge python!", || {
        black_box(python! { session -> String => 'input.upper() }.expect("it runs"));
    });
    Ok(measure_row(
        SUITE,
        "&str to String",
        rounds,
        TIMES,
        vec![by_hand::text()?, ours],
    ))
}

/// An exception, caught as a typed error; and its full story against `traceback.format_exception`.
fn exception(rounds: usize) -> Result<Vec<Row>> {
    let function = floor::define("def f(): raise ValueError('no such thing')\n", c"f")?;
    let format = floor::define(
        "import traceback\ndef f(error): return ''.join(traceback.format_exception(error))\n",
        c"f",
    )?;
    let session = Session::new()?;
    let raise = || python! { session => raise ValueError("no such thing") }.expect_err("it raises");
    let mut rows = measure_row(
        SUITE,
        "exception, caught",
        rounds,
        TIMES,
        vec![
            Subject::new("C API, no text", || {
                attached(|| {
                    // SAFETY: attached; the error is fetched and given back.
                    unsafe {
                        vectorcall(function, []);
                        let [mut kind, mut value, mut trace] = [std::ptr::null_mut(); 3];
                        ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
                        ffi::PyErr_NormalizeException(
                            &raw mut kind,
                            &raw mut value,
                            &raw mut trace,
                        );
                        for object in [kind, value, trace] {
                            ffi::Py_XDECREF(object);
                        }
                    }
                });
            }),
            Subject::new("ironbridge Error", || drop(black_box(raise()))),
        ],
    );
    rows.extend(measure_row(
        SUITE,
        "exception, full story",
        rounds,
        TIMES / 40,
        vec![
            Subject::new("traceback.format_exception", || {
                let error = raise();
                ironbridge::attach(|py| {
                    let value = error.exception().map(|e| e.value(py).as_ptr());
                    // SAFETY: attached; a live function and exception.
                    unsafe {
                        let text = vectorcall(format, [value.unwrap_or_default()]);
                        ffi::Py_XDECREF(black_box(text));
                    }
                })
                .expect("it runs");
            }),
            Subject::new("ironbridge {:#}", || {
                black_box(format!("{:#}", raise()));
            }),
        ],
    ));
    Ok(rows)
}

/// From a thread that Python did not make.
fn foreign(rounds: usize) -> Result<Vec<Row>> {
    let function = floor::define("def f(): return None\n", c"f")?;
    let session = Session::new()?;
    Ok(measure_row(
        SUITE,
        "foreign thread, attach and run a frame",
        rounds,
        TIMES,
        vec![
            Subject::new("C API, state kept", || {
                attached(|| {
                    // SAFETY: attached; a live function.
                    unsafe { ffi::Py_DECREF(vectorcall(function, [])) }
                });
            }),
            Subject::new("ironbridge python!", || {
                python! { session => None }.expect("it runs");
            }),
        ],
    ))
}
