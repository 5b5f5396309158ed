//! What crosses, and that nothing of it is copied.

use ironbridge::arrays::{
    Array0, Array1, Array2, Array3, ArrayD, ArrayMut1, ArrayMut2, Cast, Complex32, Complex64,
    Copied, Element, bf16, f16,
};
use ironbridge::python;
use ndarray::{Array as Owned, arr2, array, s};

use crate::support::{address, address_of, raises, session};

#[test]
fn a_new_result_is_read_in_place_and_frozen() {
    let session = session();
    session
        .run("def make():\n    global at\n    a = np.arange(6.0).reshape(2, 3)\n    at = a.__array_interface__['data'][0]\n    return a")
        .unwrap();
    let array: Array2<f64> = session.eval("make()").unwrap();
    assert_eq!(array, Array2::from(arr2(&[[0., 1., 2.], [3., 4., 5.]])));
    assert_eq!(address_of(&array), session.get::<usize>("at").unwrap());
    session.set("back", &array).unwrap();
    assert_eq!(address(&session, "back"), address_of(&array));
    assert!(raises(&session, "back[0] = 1").contains("read-only"));
}

#[test]
fn a_vec_becomes_the_memory_of_a_numpy_array() {
    let session = session();
    let vec: Vec<f32> = (0_u8..100).map(f32::from).collect();
    let at = vec.as_ptr() as usize;
    let array = Array1::from(vec);
    session.set("a", &array).unwrap();
    session.set("b", &array).unwrap();
    assert_eq!(address(&session, "a"), at);
    assert!(
        session
            .eval::<bool>("a is b and a.dtype == np.float32")
            .unwrap()
    );
    drop(array);
    assert_eq!(session.eval::<f64>("float(a.sum())").unwrap(), 4950.0);
    let back: Array1<f32> = session.get("a").unwrap();
    assert_eq!(address_of(&back), at);
}

#[test]
fn a_written_array_goes_to_python_writable_and_comes_back() {
    let session = session();
    let mut array: ArrayMut1<i32> = vec![1, 2, 3].into();
    let at = array.as_ptr() as usize;
    array[1] = 20;
    session.set("a", array).unwrap();
    session.run("a[2] = 30").unwrap();
    assert_eq!(address(&session, "a"), at);
    session
        .run("def give():\n    global a\n    b = a\n    del a\n    return b")
        .unwrap();
    let mut array: ArrayMut1<i32> = session.eval("give()").unwrap();
    assert_eq!(array.as_slice(), Some(&[1, 20, 30][..]));
    assert_eq!(array.as_ptr() as usize, at);
    *array += 1;
    let frozen = Array1::from(array);
    assert_eq!(address_of(&frozen), at);
    session.set("c", &frozen).unwrap();
    assert!(raises(&session, "c[0] = 0").contains("read-only"));
    assert!(raises(&session, "c.flags.writeable = True").contains("cannot set WRITEABLE"));
}

#[test]
fn an_array_that_numpy_made_can_be_taken_and_written() {
    let session = session();
    let mut array: ArrayMut2<f32> = session.eval("np.zeros((1000, 3), np.float32)").unwrap();
    array.slice_mut(s![.., 1]).fill(2.0);
    let at = array.as_ptr() as usize;
    session.set("a", array).unwrap();
    assert_eq!(address(&session, "a"), at);
    assert_eq!(session.eval::<f64>("float(a.sum())").unwrap(), 2000.0);
    session
        .run("a[0, 0] = 1; b = a.T; del a, b; gc.collect()")
        .unwrap();
}

#[test]
fn every_layout_is_seen_as_it_is() {
    let session = session();
    session
        .run("def base(): return np.arange(24, dtype=np.int64).reshape(2, 3, 4)")
        .unwrap();
    let base = Owned::from_iter(0_i64..24)
        .into_shape_with_order((2, 3, 4))
        .unwrap();
    let plain: Array3<i64> = session.eval("base()").unwrap();
    assert_eq!(*plain, *base);
    let transposed: Array3<i64> = session.eval("base().T").unwrap();
    assert_eq!(*transposed, *base.t());
    assert!(transposed.as_slice().is_none());
    assert_eq!(
        *transposed.contiguous(),
        *base.t().iter().copied().collect::<Vec<_>>()
    );
    let reversed: Array3<i64> = session.eval("base()[::-1, :, ::-2]").unwrap();
    assert_eq!(*reversed, *base.slice(s![..;-1, .., ..;-2]));
    let fortran: Array3<i64> = session.eval("np.asfortranarray(base())").unwrap();
    assert_eq!(*fortran, *base);
    let row: Array1<i64> = session.eval("base()[1, 2]").unwrap();
    assert_eq!(*row, *base.slice(s![1, 2, ..]));
    let broadcast: Array2<i64> = session
        .eval("np.broadcast_to(np.arange(3), (4, 3))")
        .unwrap();
    assert_eq!(broadcast.sum(), 12);
    let empty: Array2<i64> = session.eval("np.zeros((0, 7), np.int64)").unwrap();
    assert_eq!(empty.dim(), (0, 7));
    let none: Array0<f64> = session.eval("np.array(2.5)").unwrap();
    assert_eq!(none.first(), Some(&2.5));
    for array in [&transposed, &reversed, &fortran] {
        session.set("back", array).unwrap();
        assert_eq!(session.get::<Array3<i64>>("back").unwrap(), *array);
    }
}

#[test]
fn arrays_of_rust_keep_their_layout() {
    let session = session();
    let owned = Owned::from_shape_fn((3, 4), |(row, column)| row * 10 + column);
    let mut cut = owned.clone().reversed_axes();
    cut.invert_axis(ndarray::Axis(0));
    cut.slice_collapse(s![1.., ..;2]);
    let array = Array2::from(cut.clone());
    session.set("a", &array).unwrap();
    assert_eq!(
        session.eval::<Vec<Vec<usize>>>("a.tolist()").unwrap(),
        vec![vec![2, 22], vec![1, 21], vec![0, 20]]
    );
    assert_eq!(*session.get::<Array2<usize>>("a").unwrap(), *cut);
    let empty = Array2::<f32>::from(Owned::zeros((0, 3)));
    session.set("a", empty).unwrap();
    assert!(session.eval::<bool>("a.shape == (0, 3)").unwrap());
}

fn crosses<T: Element>(values: Vec<T>, name: &str) {
    let session = session();
    session.run("import ml_dtypes").unwrap();
    let array = Array1::from(values.clone());
    session.set("a", &array).unwrap();
    assert_eq!(session.eval::<String>("a.dtype.name").unwrap(), name);
    let back: Array1<T> = session.eval("a.copy()").unwrap();
    assert_eq!(*back, *array);
    let back: ArrayD<T> = session.get("a").unwrap();
    assert_eq!(back.iter().copied().collect::<Vec<_>>(), values);
}

#[test]
fn every_dtype_with_a_counterpart_crosses() {
    crosses(vec![true, false], "bool");
    crosses(vec![i8::MIN, 1], "int8");
    crosses(vec![i16::MIN, 1], "int16");
    crosses(vec![i32::MIN, 1], "int32");
    crosses(vec![i64::MIN, 1], "int64");
    crosses(vec![u8::MAX, 1], "uint8");
    crosses(vec![u16::MAX, 1], "uint16");
    crosses(vec![u32::MAX, 1], "uint32");
    crosses(vec![u64::MAX, 1], "uint64");
    crosses(vec![isize::MIN, 1], "int64");
    crosses(vec![usize::MAX, 1], "uint64");
    crosses(vec![f16::from_f32(0.5), f16::INFINITY], "float16");
    crosses(vec![bf16::from_f32(0.5), bf16::INFINITY], "bfloat16");
    crosses(vec![0.5_f32, f32::INFINITY], "float32");
    crosses(vec![0.5_f64, f64::INFINITY], "float64");
    crosses(vec![Complex32::new(0.5, -1.0)], "complex64");
    crosses(vec![Complex64::new(0.5, -1.0)], "complex128");
}

#[test]
fn the_same_width_by_another_name_is_the_same_type() {
    let session = session();
    let array: Array1<i64> = session.eval("np.array([1, 2], dtype=np.longlong)").unwrap();
    assert_eq!(array.sum(), 3);
    let array: Array1<i64> = session.eval("np.array([1, 2], dtype=np.int_)").unwrap();
    assert_eq!(array.sum(), 3);
}

#[test]
fn a_cast_converts_and_a_copy_copies_only_where_they_must() {
    let session = session();
    let cast: Cast<Array1<f32>> = session.eval("[1, 2, 3]").unwrap();
    assert_eq!(**cast, *array![1.0_f32, 2.0, 3.0]);
    let cast: Cast<Array1<f32>> = session.eval("np.array([1, 2], dtype='>f8')").unwrap();
    assert_eq!(**cast, *array![1.0_f32, 2.0]);
    let cast: Cast<Array2<f64>> = session.eval("np.zeros((2, 3))[:, ::-1]").unwrap();
    assert!(
        cast.as_slice().is_none(),
        "what is right already stays as it is"
    );
    session.run("kept = np.ones(3)").unwrap();
    let copy: Copied<Array1<f64>> = session.get("kept").unwrap();
    assert_ne!(address_of(&copy), address(&session, "kept"));
    session.run("kept[0] = 5").unwrap();
    assert_eq!(copy.sum(), 3.0);
    session.set("frozen", &*copy).unwrap();
    let again: Copied<Array1<f64>> = session.get("frozen").unwrap();
    assert_eq!(address_of(&again), address_of(&copy));
    let mut written: Copied<ArrayMut1<f64>> = session.get("frozen").unwrap();
    written[0] = 9.0;
    assert_eq!(copy.sum(), 3.0);
    let unaligned: Copied<Array1<f32>> = session
        .eval("np.frombuffer(bytearray(9), dtype=np.uint8)[1:].view(np.float32)")
        .unwrap();
    assert_eq!(unaligned.sum(), 0.0);
}

#[test]
fn memory_of_bytes_is_frozen() {
    let session = session();
    session
        .run("raw = bytes(range(8)); kept = np.frombuffer(raw, dtype=np.uint8)")
        .unwrap();
    let array: Array1<u8> = session.get("kept").unwrap();
    session.run("del raw, kept; gc.collect()").unwrap();
    assert_eq!(array.as_slice(), Some(&[0, 1, 2, 3, 4, 5, 6, 7][..]));
}

#[test]
fn what_python_gave_away_and_got_back_crosses_for_ever() {
    let session = session();
    session
        .run("class Model: pass\nmodel = Model(); model.weights = np.ones((2, 2), np.float32)")
        .unwrap();
    let weights: Array2<f32> = session.eval("model.__dict__.pop('weights')").unwrap();
    python! { session => model.weights = 'weights }.unwrap();
    let again: Array2<f32> = session.eval("model.weights").unwrap();
    let part: Array1<f32> = session.eval("model.weights[1]").unwrap();
    assert_eq!(address_of(&again), address_of(&weights));
    assert_eq!(part.sum(), 2.0);
}

#[test]
fn other_numbers_of_dimensions_are_the_same_memory() {
    let array = Array2::from(arr2(&[[1, 2], [3, 4]]));
    let many: ArrayD<i32> = array.clone().into_dimensionality().unwrap();
    assert_eq!(many.shape(), [2, 2]);
    let many = many.into_dimensionality::<ndarray::Ix1>().unwrap_err();
    let two: Array2<i32> = many.into_dimensionality().unwrap();
    assert_eq!(address_of(&two), address_of(&array));
}
