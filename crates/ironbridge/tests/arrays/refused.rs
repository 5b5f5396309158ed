//! What is refused, and the words; what Python cannot do to memory that Rust looks at.

use ironbridge::arrays::{Array1, Array2, ArrayD, ArrayMut0, ArrayMut1, Cast, Copied};
use ironbridge::pyo3::prelude::*;
use ironbridge::{ErrorKind, Session};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadwriteArray1};

use crate::support::{address, address_of, raises, session};

/// What the error says when `expression` is asked for as a `T`.
#[track_caller]
fn refusal<T: for<'a, 'py> FromPyObject<'a, 'py>>(session: &Session, expression: &str) -> String {
    let error = session
        .eval::<T>(expression)
        .map(drop)
        .expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Conversion);
    format!("{error:#}")
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn a_wrong_dtype_or_rank_names_both_sides_and_the_mend() {
    let session = session();
    let text = refusal::<Array2<f32>>(&session, "np.zeros(3)");
    says(
        &text,
        &[
            "expected a 2-dimensional array of float32, found a 1-dimensional array of float64",
            "reshape",
        ],
    );
    let text = refusal::<Array1<f32>>(&session, "np.zeros(3)");
    says(
        &text,
        &[
            "array of float64; ask for `Cast<Array1<f32>>`",
            "x.astype('float32')",
        ],
    );
    let text = refusal::<Array1<f64>>(&session, "np.zeros(3, '>f8')");
    says(
        &text,
        &[
            "found a 1-dimensional array of float64 in big-endian byte order",
            "Cast<Array1<f64>>",
        ],
    );
    let text = refusal::<ArrayD<f64>>(&session, "[1.0]");
    says(
        &text,
        &[
            "expected an array of float64, found an object of type list",
            "Cast<ArrayD<f64>>",
        ],
    );
    let text = refusal::<Array1<f64>>(&session, "np.ma.array([1.0], mask=[True])");
    says(&text, &["MaskedArray", "x.filled(0)"]);
    let text = refusal::<Cast<Array1<f64>>>(&session, "np.ma.array([1.0], mask=[True])");
    says(&text, &["MaskedArray", "x.filled(0)"]);
    let text = refusal::<Array1<i64>>(&session, "np.array(['2020-01-01'], 'datetime64[s]')");
    says(&text, &["datetime64[s]", "x.view('int64')"]);
    let text = refusal::<Array1<i64>>(&session, "np.array(['a'])");
    says(&text, &["array of <U1", "tolist()"]);
    let text = refusal::<Cast<Array1<i64>>>(&session, "np.zeros(3)");
    says(&text, &["float64, which does not", "`same_kind`"]);
    let text = refusal::<Cast<Array1<f32>>>(&session, "[[1.0]]");
    says(
        &text,
        &["expected a 1-dimensional array of float32, found a 2-dimensional array"],
    );
    let text = refusal::<ArrayMut1<f32>>(&session, "np.zeros(3)");
    says(&text, &["Cast<ArrayMut1<f32>>"]);
}

#[test]
fn elements_that_are_not_aligned_are_refused() {
    let session = session();
    let text = refusal::<Array1<f32>>(&session, "np.zeros(9, np.uint8)[1:].view(np.float32)");
    says(&text, &["not aligned", "Copied<Array1<f32>>"]);
    session
        .run("pairs = np.dtype([('a', 'u1'), ('b', '<u2')])")
        .unwrap();
    let text = refusal::<Array1<u16>>(&session, "np.zeros(3, pairs)['b']");
    says(&text, &["not aligned"]);
}

#[test]
fn bytes_that_are_no_bool_are_refused() {
    let session = session();
    let text = refusal::<Array1<bool>>(&session, "np.array([0, 2], np.uint8).view(bool)");
    says(&text, &["neither 0 nor 1"]);
    let text =
        refusal::<ArrayMut1<bool>>(&session, "np.array([0, 9, 2, 9], np.uint8)[::2].view(bool)");
    says(&text, &["neither 0 nor 1"]);
    assert!(
        session
            .eval::<Copied<Array1<bool>>>("np.array([2], np.uint8).view(bool)")
            .is_err()
    );
}

#[test]
fn an_array_that_others_hold_is_refused_and_left_as_it_was() {
    let session = session();
    session.run("kept = np.zeros(3); view = kept[:]").unwrap();
    let text = refusal::<Array1<f64>>(&session, "kept");
    says(
        &text,
        &[
            "that nothing else holds",
            "other references in Python",
            "Copied<Array1<f64>>",
        ],
    );
    refusal::<Array1<f64>>(&session, "view");
    refusal::<ArrayMut1<f64>>(&session, "kept");
    // A fresh view of a kept array: its base is what others hold.
    refusal::<Array1<f64>>(&session, "kept[1:]");
    refusal::<ArrayMut1<f64>>(&session, "kept[1:]");
    session
        .run("kept[0] = 1; assert view[0] == 1; view[1] = 2; assert kept.flags.owndata")
        .unwrap();
    // Read-only by a flag that anyone may set back is not frozen.
    session.run("kept.flags.writeable = False").unwrap();
    refusal::<Array1<f64>>(&session, "kept");
    for hold in [
        "[a]",
        "{'a': a}",
        "memoryview(a)",
        "a.flat",
        "a.data",
        "a.__dlpack__()",
        "np.nditer(a)",
        "lambda: a",
    ] {
        session
            .run(&format!(
                "def make():\n    global held\n    a = np.zeros(3)\n    held = {hold}\n    return a"
            ))
            .unwrap();
        refusal::<Array1<f64>>(&session, "make()");
        refusal::<ArrayMut1<f64>>(&session, "make()");
    }
}

#[test]
fn memory_of_others_is_refused() {
    let session = session();
    session
        .run("import array, mmap, tempfile\nraw = bytearray(16)")
        .unwrap();
    for other in [
        "np.frombuffer(raw, np.float64)",
        "np.frombuffer(memoryview(raw).toreadonly(), np.float64)",
        "np.frombuffer(array.array('d', [1, 2]), np.float64)",
        "np.asarray(memoryview(np.zeros(2)))",
        "np.frombuffer(mmap.mmap(-1, 16), np.float64)",
        "np.lib.stride_tricks.as_strided(np.zeros(2), (2,), (8,))",
        "np.lib.stride_tricks.as_strided(np.zeros(2), (9,), (8,))",
    ] {
        let text = refusal::<Array1<f64>>(&session, other);
        says(&text, &["found one in memory of an object of type"]);
        refusal::<ArrayMut1<f64>>(&session, other);
    }
    refusal::<Array1<f64>>(
        &session,
        "np.memmap(tempfile.TemporaryFile(), np.float64, 'w+', shape=(2,))",
    );
    refusal::<ArrayMut1<u8>>(&session, "np.frombuffer(bytes(3), np.uint8)");
}

#[test]
fn python_cannot_write_what_rust_looks_at() {
    let session = session();
    let array: Array1<f64> = session.eval("np.zeros(4)").unwrap();
    session.set("a", &array).unwrap();
    for write in [
        "a[0] = 1",
        "a += 1",
        "a.fill(1)",
        "a.sort()",
        "a.T[0] = 1",
        "a[1:].fill(1)",
        "a.view(np.int64)[0] = 1",
        "a.flat[0] = 1",
        "np.copyto(a, 1)",
        "np.add(a, 1, out=a)",
        "memoryview(a)[0] = 1.0",
        "a.flags.writeable = True",
        "a.setflags(write=True)",
        "a[:].setflags(write=True)",
        "a.base.flags.writeable = True",
        "a.resize(400)",
        "np.frombuffer(a, np.float64)[0] = 1",
        "np.asarray(memoryview(a))[0] = 1",
        "np.from_dlpack(a)[0] = 1",
        "np.ndarray(4, np.float64, buffer=a)[0] = 1",
        "a.byteswap(inplace=True)",
        "a.partition(1)",
        "a.put(0, 1)",
        "np.random.default_rng().random(out=a)",
    ] {
        raises(&session, write);
    }
    assert_eq!(array.as_slice(), Some(&[0.0; 4][..]));
}

#[test]
fn other_memory_given_to_the_python_array_leaves_rusts_alone() {
    let session = session();
    let array: Array1<f64> = session.eval("np.full(1000, 7.0)").unwrap();
    session.set("a", &array).unwrap();
    // Deprecated and on its way out in NumPy, but it may still be there; then the array lets go of its memory.
    let _ = session.run(
        "import warnings\nwarnings.simplefilter('ignore')\na.data = np.zeros(1000).data\ndel a",
    );
    session
        .run("gc.collect(); junk = [np.full(1000, 9.0) for _ in range(20)]")
        .unwrap();
    assert!(array.iter().all(|value| *value == 7.0));
}

#[test]
fn another_shape_given_to_the_python_array_is_not_rusts() {
    let session = session();
    let array = Array2::from(ndarray::arr2(&[[1.0_f64, 2.0], [3.0, 4.0]]));
    session.set("a", &array).unwrap();
    // Deprecated in NumPy, but still there: in place, of the object that both sides have.
    let _ = session.run(
        "import warnings\nwarnings.simplefilter('ignore')\na.shape = (4,)\na.dtype = np.uint8",
    );
    session.set("b", &array).unwrap();
    assert!(
        session
            .eval::<bool>("b.tolist() == [[1, 2], [3, 4]]")
            .unwrap()
    );
    assert_eq!(*session.get::<Array2<f64>>("b").unwrap(), *array);
}

#[test]
fn who_held_what_was_taken_has_an_empty_array() {
    let session = session();
    session.import("gc").unwrap();
    let taken = ironbridge::attach(|py| {
        let numpy = py.import("numpy")?;
        let held = numpy
            .call_method1("ones", ((2, 3),))?
            .call_method0("transpose")?;
        let mut taken: ironbridge::arrays::ArrayMut2<f64> = held.extract()?;
        taken[[0, 0]] = 5.0;
        assert_eq!(held.getattr("shape")?.extract::<(usize, usize)>()?, (0, 0));
        assert!(held.getattr("base")?.is_none());
        assert!(held.call_method1("setflags", (true,)).is_err());
        assert!(held.call_method1("fill", (1,)).is_err());
        assert!(held.call_method1("resize", ((3, 3),)).is_err());
        let scalar = numpy.call_method1("array", (4,))?;
        let mut one: ArrayMut0<i64> = scalar.extract()?;
        one[()] = 6;
        assert_eq!(scalar.call_method0("item")?.extract::<i64>()?, 0);
        assert!(scalar.call_method1("fill", (1,)).is_err());
        PyResult::Ok(taken)
    });
    let taken = taken.unwrap().unwrap();
    assert_eq!(taken.dim(), (3, 2));
    assert_eq!(taken.sum(), 10.0);
}

#[test]
fn elements_at_one_address_are_not_written() {
    let session = session();
    let text =
        refusal::<ArrayMut1<f64>>(&session, "np.ndarray(3, np.float64, np.zeros(1), 0, (0,))");
    says(&text, &["one address"]);
    refusal::<ironbridge::arrays::ArrayMut2<f64>>(
        &session,
        "np.ndarray((2, 2), np.float64, np.zeros(3), 0, (8, 8))",
    );
    let fine: ironbridge::arrays::ArrayMut2<f64> =
        session.eval("np.zeros((4, 4))[::2, ::-1].T").unwrap();
    assert_eq!(fine.dim(), (4, 2));
}

#[test]
fn a_borrow_of_rust_numpy_keeps_ours_away_and_the_other_way_round() {
    session();
    ironbridge::attach(|py| {
        // The borrow is the only holder, and its array can be had through it.
        let reader: PyReadonlyArray1<'_, f64> = fresh(py)?.extract()?;
        let looked_at = reader.as_array();
        let error = reader.extract::<ArrayMut1<f64>>().unwrap_err().to_string();
        assert!(error.contains("rust-numpy"), "{error}");
        assert!(
            reader.extract::<Array1<f64>>().is_err(),
            "its release would not find it any more"
        );
        assert_eq!(looked_at.sum(), 0.0);
        reader.setattr("flags", py.None()).unwrap_err();
        reader.call_method1("setflags", (false,))?;
        assert!(reader.extract::<Array1<f64>>().is_err());
        drop(reader);

        let mut writer: PyReadwriteArray1<'_, f64> = fresh(py)?.extract()?;
        assert!(writer.extract::<Array1<f64>>().is_err());
        assert!(writer.extract::<ArrayMut1<f64>>().is_err());
        writer.as_array_mut()[0] = 1.0;
        drop(writer);

        let held = fresh(py)?.cast_into::<PyArray1<f64>>()?;
        let array: Array1<f64> = held.extract()?;
        assert!(held.try_readwrite().is_err());
        assert_eq!(held.readonly().as_array().sum(), array.sum());
        PyResult::Ok(())
    })
    .unwrap()
    .unwrap();
}

fn fresh(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("numpy")?.call_method1("zeros", (3,))
}

#[test]
fn what_is_vouched_for_is_looked_at_where_it_is() {
    let session = session();
    session.run("kept = np.ones(3)").unwrap();
    ironbridge::attach(|py| {
        let kept = session.module(py).getattr("kept")?;
        // SAFETY: nothing writes it until the end of this test.
        let array = unsafe { Array1::<f64>::assume_frozen(&kept) }?;
        assert_eq!(
            address_of(&array),
            kept.getattr("__array_interface__")?
                .get_item("data")?
                .get_item(0)?
                .extract::<usize>()?
        );
        // SAFETY: as above; it is refused before anything is read.
        assert!(unsafe { Array1::<f32>::assume_frozen(&kept) }.is_err());
        PyResult::Ok(())
    })
    .unwrap()
    .unwrap();
    assert_ne!(address(&session, "kept"), 0);
}
