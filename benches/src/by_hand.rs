//! The floor's subjects of suite `calls`: a cached Python function called by `PyObject_Vectorcall`, attach included.

use std::hint::black_box;

use anyhow::Result;

use crate::ffi;
use crate::floor::{attached, define, vectorcall};
use crate::rounds::Subject;

const NAME: &str = "C API";

/// `x = x + 1` on globals.
pub(crate) fn globals() -> Result<Subject<'static>> {
    let function = define("x = 0\ndef f():\n    global x\n    x = x + 1\n", c"f")?;
    Ok(Subject::new(NAME, move || {
        attached(|| {
            // SAFETY: attached; a live function.
            unsafe { ffi::Py_DECREF(vectorcall(function, [])) }
        });
    }))
}

/// Three integers in, one out.
pub(crate) fn arithmetic() -> Result<Subject<'static>> {
    let function = define("def f(a, b, c): return a * b + c\n", c"f")?;
    let numbers = black_box([3_i64, 4, 5]);
    Ok(Subject::new(NAME, move || {
        attached(|| {
            // SAFETY: attached; a live function; every new reference is given back.
            unsafe {
                let arguments = numbers.map(|n| ffi::PyLong_FromLongLong(n));
                let result = vectorcall(function, arguments);
                black_box(ffi::PyLong_AsLongLong(result));
                ffi::Py_DECREF(result);
                for argument in arguments {
                    ffi::Py_DECREF(argument);
                }
            }
        });
    }))
}

/// A C function of the standard library, called from a Python function.
pub(crate) fn hypot() -> Result<Subject<'static>> {
    two_floats("import math\ndef f(a, b): return math.hypot(a, b)\n")
}

/// The same C function, called itself.
pub(crate) fn hypot_itself() -> Result<Subject<'static>> {
    two_floats("from math import hypot as f\n")
}

/// Two floats in, one out.
fn two_floats(code: &str) -> Result<Subject<'static>> {
    let function = define(code, c"f")?;
    let numbers = black_box([3.0_f64, 4.0]);
    Ok(Subject::new(NAME, move || {
        attached(|| {
            // SAFETY: attached; a live function; every new reference is given back.
            unsafe {
                let arguments = numbers.map(|n| ffi::PyFloat_FromDouble(n));
                let result = vectorcall(function, arguments);
                black_box(ffi::PyFloat_AsDouble(result));
                ffi::Py_DECREF(result);
                for argument in arguments {
                    ffi::Py_DECREF(argument);
                }
            }
        });
    }))
}

/// Text in, text out.
pub(crate) fn text() -> Result<Subject<'static>> {
    let function = define("def f(text): return text.upper()\n", c"f")?;
    let input: &str = black_box("the interpreter lock");
    Ok(Subject::new(NAME, move || {
        attached(|| {
            // SAFETY: attached; a live function; the text's bytes are copied before its reference is given back.
            unsafe {
                let length = ffi::Py_ssize_t::try_from(input.len()).unwrap_or(0);
                let argument = ffi::PyUnicode_FromStringAndSize(input.as_ptr().cast(), length);
                let result = vectorcall(function, [argument]);
                let mut size = 0;
                let bytes = ffi::PyUnicode_AsUTF8AndSize(result, &raw mut size);
                let size = usize::try_from(size).unwrap_or(0);
                let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), size);
                black_box(String::from_utf8_unchecked(bytes.to_vec()));
                ffi::Py_DECREF(result);
                ffi::Py_DECREF(argument);
            }
        });
    }))
}
