//! Suite `arrays`: what it costs to get at NumPy's memory from Rust and at Rust's from NumPy, whatever its size. The call
//! that hands the array over, and attach, are part of it.

use std::ffi::{c_char, c_void};
use std::hint::black_box;

use anyhow::Result;
use ironbridge::arrays::{Array1, ArrayMut1};
use ironbridge::pyo3::PyTypeInfo;
use ironbridge::pyo3::prelude::*;
use ironbridge::session::Function;
use ironbridge::{Environment, Interpreter, Session};
use numpy::npyffi::{PyArrayObject, flags};
use numpy::{IntoPyArray, PY_ARRAY_API, PyArray1, PyArrayDescrMethods, PyReadonlyArray1, dtype};

use crate::ffi;
use crate::floor::{self, Object, attached, vectorcall};
use crate::rounds::{Row, Subject, measure as measure_row};

const SUITE: &str = "arrays";

/// A length, and what its rows are called.
struct Size {
    length: usize,
    times: u32,
    held: &'static str,
    new: &'static str,
    out: &'static str,
    back: &'static str,
}

const SIZES: [Size; 2] = [
    Size {
        length: 384,
        times: 20_000,
        held: "f32 x 384, NumPy to Rust",
        new: "f32 x 384, new result to Rust",
        out: "f32 x 384, new Vec to NumPy",
        back: "f32 x 384, to NumPy and back",
    },
    Size {
        length: 1_000_000,
        times: 500,
        held: "f32 x 1e6, NumPy to Rust",
        new: "f32 x 1e6, new result to Rust",
        out: "f32 x 1e6, new Vec to NumPy",
        back: "f32 x 1e6, to NumPy and back",
    },
];

/// All rows.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    let environment = Environment::managed(["numpy"])?;
    Interpreter::builder().environment(environment).start()?;
    // Keeps this thread's state, for the floor as for us.
    ironbridge::attach(|_| ())?;
    let mut rows = Vec::new();
    for size in &SIZES {
        rows.extend(held(size, rounds)?);
        rows.extend(new(size, rounds)?);
        rows.extend(out(size, rounds)?);
        rows.extend(back(size, rounds)?);
    }
    Ok(rows)
}

/// An array that Python keeps, which Rust made and both share.
fn held(size: &Size, rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.set("kept", Array1::from(vec![1.0_f32; size.length]))?;
    session.run("def f(): return kept")?;
    let function = session.function("f")?;
    let callable = object(&session, "f")?;
    let subjects = vec![
        Subject::new("C API, PyArray_DATA", || first_by_hand(callable)),
        Subject::new("ironbridge Array1", || {
            let array: Array1<f32> = function.call(()).expect("an array");
            black_box(array[0]);
        }),
        rust_numpy(&session)?,
    ];
    let mut rows = measure_row(SUITE, size.held, rounds, size.times, subjects);
    // Lists take thousands of times as long, and get fewer turns.
    let vec = Subject::new("PyO3 Vec<f32>", || {
        let vec: Vec<f32> = function.call(()).expect("a list of numbers");
        black_box(vec[0]);
    });
    let floor = Subject::new("C API, PyArray_DATA", || first_by_hand(callable));
    let slow = measure_row(
        SUITE,
        size.held,
        rounds.min(5),
        size.times.min(200) / 20 + 1,
        vec![floor, vec],
    );
    rows.extend(slow.into_iter().skip(1));
    Ok(rows)
}

/// An array that the call makes, which Rust takes over.
fn new(size: &Size, rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.run(&format!(
        "from numpy import empty, float32\ndef f(): return empty({}, float32)",
        size.length
    ))?;
    let function = session.function("f")?;
    let callable = object(&session, "f")?;
    let subjects = vec![
        Subject::new("C API, PyArray_DATA", || first_by_hand(callable)),
        Subject::new("ironbridge Array1", || {
            let array: Array1<f32> = function.call(()).expect("an array");
            black_box(array.as_ptr());
        }),
        Subject::new("ironbridge ArrayMut1", || {
            let array: ArrayMut1<f32> = function.call(()).expect("an array");
            black_box(array.as_ptr());
        }),
        rust_numpy(&session)?,
    ];
    Ok(measure_row(SUITE, size.new, rounds, size.times, subjects))
}

/// A vector that NumPy gets; making it is part of each.
fn out(size: &Size, rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.run("def f(a): return None")?;
    let function = session.function("f")?;
    let callable = object(&session, "f")?;
    let vec = || black_box(vec![0.0_f32; size.length]);
    let subjects = vec![
        Subject::new("C API, capsule as base", || give_by_hand(callable, vec())),
        Subject::new("ironbridge Array1", || give(&function, Array1::from(vec()))),
        Subject::new("ironbridge ArrayMut1", || {
            give(&function, ArrayMut1::from(vec()));
        }),
        Subject::new("rust-numpy into_pyarray", || {
            ironbridge::attach(|py| {
                let array = vec().into_pyarray(py);
                // SAFETY: attached; a live function and array.
                unsafe { ffi::Py_DECREF(vectorcall(callable, [array.as_ptr()])) }
            })
            .expect("attached");
        }),
    ];
    Ok(measure_row(SUITE, size.out, rounds, size.times, subjects))
}

/// One piece of memory, there and back.
fn back(size: &Size, rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.run("def f(a): return a")?;
    let function = session.function("f")?;
    let callable = object(&session, "f")?;
    let shared = Array1::from(vec![1.0_f32; size.length]);
    let mut written = Some(ArrayMut1::from(vec![1.0_f32; size.length]));
    let mut memory = vec![1.0_f32; size.length];
    let subjects = vec![
        Subject::new("C API, view of memory", || {
            back_by_hand(callable, &mut memory);
        }),
        Subject::new("ironbridge &Array1", || {
            let array: Array1<f32> = function.call((&shared,)).expect("an array");
            black_box(array[0]);
        }),
        Subject::new("ironbridge ArrayMut1", || {
            let array = written.take().expect("it came back");
            let mut array: ArrayMut1<f32> = function.call((array,)).expect("an array");
            array[0] += 1.0;
            written = Some(array);
        }),
    ];
    Ok(measure_row(SUITE, size.back, rounds, size.times, subjects))
}

fn give<A: for<'py> IntoPyObject<'py>>(function: &Function, array: A) {
    let none: Option<f32> = function.call((array,)).expect("it runs");
    black_box(none);
}

fn rust_numpy(session: &Session) -> Result<Subject<'static>> {
    let callable = object(session, "f")?;
    Ok(Subject::new("rust-numpy readonly", move || {
        ironbridge::attach(|py| {
            // SAFETY: attached; a live function, whose result is a new reference.
            let result = unsafe { Bound::from_owned_ptr(py, vectorcall(callable, [])) };
            let array: PyReadonlyArray1<'_, f32> = result.extract().expect("an array");
            black_box(array.as_array()[0]);
        })
        .expect("attached");
    }))
}

/// A session's object, which lives on.
fn object(session: &Session, name: &str) -> Result<Object> {
    let object: Py<PyAny> = session.get(name)?;
    Ok(floor::Object(object.into_ptr()))
}

fn first_by_hand(callable: Object) {
    attached(|| {
        // SAFETY: attached; the function gives a contiguous array of f32.
        unsafe {
            let array = vectorcall(callable, []);
            let header: *mut PyArrayObject = array.cast();
            black_box((*header).fields.data.cast::<c_void>().cast::<f32>().read());
            ffi::Py_DECREF(array);
        }
    });
}

/// A new array over memory, with `base` to keep it.
unsafe fn array_by_hand(
    data: *mut f32,
    length: usize,
    base: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: attached; NumPy is imported; the shape has one axis; the base's reference goes to the array.
    unsafe {
        let py = Python::assume_attached();
        let mut shape = [length.cast_signed()];
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            PyArray1::<f32>::type_object_raw(py),
            dtype::<f32>(py).into_dtype_ptr(),
            1,
            shape.as_mut_ptr(),
            std::ptr::null_mut(),
            data.cast::<c_void>(),
            flags::NPY_ARRAY_WRITEABLE,
            std::ptr::null_mut(),
        );
        (*array.cast::<PyArrayObject>()).fields.base = base;
        array
    }
}

fn give_by_hand(callable: Object, vec: Vec<f32>) {
    const NAME: *const c_char = c"vec".as_ptr();
    unsafe extern "C" fn free(capsule: *mut ffi::PyObject) {
        // SAFETY: the capsule holds a boxed vector.
        unsafe {
            drop(Box::from_raw(
                ffi::PyCapsule_GetPointer(capsule, NAME).cast::<Vec<f32>>(),
            ));
        }
    }
    let mut vec = Box::new(vec);
    let (data, length) = (vec.as_mut_ptr(), vec.len());
    attached(|| {
        // SAFETY: attached; the capsule gets the vector, the array the capsule.
        unsafe {
            let capsule = ffi::PyCapsule_New(Box::into_raw(vec).cast(), NAME, Some(free));
            let array = array_by_hand(data, length, capsule);
            ffi::Py_DECREF(vectorcall(callable, [array]));
            ffi::Py_DECREF(array);
        }
    });
}

fn back_by_hand(callable: Object, memory: &mut [f32]) {
    attached(|| {
        // SAFETY: attached; the memory outlives the array, which is gone at the end.
        unsafe {
            let base = ffi::Py_None();
            ffi::Py_INCREF(base);
            let array = array_by_hand(memory.as_mut_ptr(), memory.len(), base);
            let result = vectorcall(callable, [array]);
            ffi::Py_DECREF(array);
            let header: *mut PyArrayObject = result.cast();
            black_box((*header).fields.data.cast::<c_void>().cast::<f32>().read());
            ffi::Py_DECREF(result);
        }
    });
}
