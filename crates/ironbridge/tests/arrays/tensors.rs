//! DLPack with NumPy, and with another library that has tensors of its own.

use ironbridge::arrays::{
    Array1, Array2, ArrayD, ArrayMut1, ArrayMut2, Element, Tensor, TensorRequest, bf16, f16,
};
use ironbridge::pyo3::prelude::*;
use ndarray::arr2;

use crate::support::{address, address_of, raises, session};

#[test]
fn a_tensor_of_another_library_is_described_where_it_is() {
    let session = session();
    session.run("import tvm_ffi\nsource = np.arange(6, dtype=np.float32).reshape(2, 3)\ntensor = tvm_ffi.from_dlpack(source)").unwrap();
    for name in ["tensor", "source"] {
        let tensor: Tensor = session.get(name).unwrap();
        assert_eq!(tensor.as_ptr() as usize, address(&session, "source"));
        assert_eq!(
            (tensor.shape(), tensor.strides()),
            (&[2, 3][..], &[3, 1][..])
        );
        assert!(tensor.device().is_cpu());
        assert_eq!(
            format!("{} {}", tensor.device(), tensor.dtype()),
            "cpu float32"
        );
        assert!(!tensor.is_copied());
        // SAFETY: nothing writes `source` here.
        let view = unsafe { tensor.view::<f32, ndarray::Ix2>() }.unwrap();
        assert_eq!(view.as_ptr() as usize, address(&session, "source"));
        let array: Array2<f32> = tensor.into_array().unwrap();
        assert_eq!(*array, arr2(&[[0., 1., 2.], [3., 4., 5.]]));
        assert_ne!(
            address_of(&array),
            address(&session, "source"),
            "others may write that"
        );
    }
}

#[test]
fn a_copy_that_was_asked_for_is_taken_in_place() {
    let session = session();
    session
        .run("source = np.ones((2, 3)); sources = [source.T]")
        .unwrap();
    let (array, at) = ironbridge::attach(|py| {
        let source = session.module(py).getattr("sources")?.get_item(0)?;
        let tensor = TensorRequest::new().copy(true).import(&source)?;
        assert!(tensor.is_copied());
        let at = tensor.as_ptr() as usize;
        PyResult::Ok((tensor.into_array::<f64, ndarray::Ix2>(), at))
    })
    .unwrap()
    .unwrap();
    let array = array.unwrap();
    assert_eq!(address_of(&array), at);
    session.run("source[:] = 5").unwrap();
    assert_eq!(array.sum(), 6.0);
    session.set("back", &array).unwrap();
    assert_eq!(address(&session, "back"), at);
    assert!(raises(&session, "back.flags.writeable = True").contains("WRITEABLE"));
}

#[test]
fn arrays_of_rust_go_out_as_tensors() {
    let session = session();
    session.run("import tvm_ffi").unwrap();
    let array = Array2::from(arr2(&[[1_i32, 2], [3, 4]]));
    let at = address_of(&array);
    session.set("tensor", Tensor::from(array)).unwrap();
    session
        .run("assert tensor.__dlpack_device__() == (1, 0)\nview = np.from_dlpack(tensor)")
        .unwrap();
    assert_eq!(address(&session, "view"), at);
    assert!(
        session
            .eval::<bool>("view.tolist() == [[1, 2], [3, 4]] and not view.flags.writeable")
            .unwrap()
    );
    assert!(raises(&session, "view.flags.writeable = True").contains("WRITEABLE"));
    // Without versions there is no flag that says read-only.
    assert!(raises(&session, "tensor.__dlpack__()").contains("BufferError"));
    session
        .run("copy = np.from_dlpack(tensor, copy=True); copy[0, 0] = 9; assert view[0, 0] == 1")
        .unwrap();
    assert!(
        session
            .eval::<bool>("copy.tolist() == [[9, 2], [3, 4]]")
            .unwrap()
    );

    let mut written = ArrayMut2::from(arr2(&[[1.0_f64, 2.0], [3.0, 4.0]]));
    let at = written.as_mut_ptr() as usize;
    session.set("tensor", Tensor::from(written)).unwrap();
    session.run("view = np.from_dlpack(tensor); view[0, 0] = 9\nother = tvm_ffi.from_dlpack(tensor)\nassert np.from_dlpack(other)[0, 0] == 9").unwrap();
    assert_eq!(address(&session, "view"), at);
    // The old form of the protocol.
    let old: Tensor = session.eval("tensor.__dlpack__()").unwrap();
    assert_eq!(old.as_ptr() as usize, at);
    session
        .set("tensor", Tensor::from(ArrayMut1::from(Vec::<f32>::new())))
        .unwrap();
    assert!(
        session
            .eval::<bool>("np.from_dlpack(tensor).shape == (0,)")
            .unwrap()
    );
}

#[test]
fn a_tensor_from_python_goes_back_as_what_it_was() {
    let session = session();
    session.run("source = np.ones(3)").unwrap();
    let tensor: Tensor = session.get("source").unwrap();
    session.set("back", tensor).unwrap();
    assert!(session.eval::<bool>("back is source").unwrap());
    let copy: Tensor = session
        .eval("source.__dlpack__(max_version=(1, 0), copy=True)")
        .unwrap();
    assert!(copy.is_copied());
    session.set("back", copy).unwrap();
    session
        .run("np.from_dlpack(back)[0] = 5; assert source[0] == 1 and np.from_dlpack(back)[0] == 5")
        .unwrap();
}

fn crosses<T: Element>(values: Vec<T>, name: &str) {
    let session = session();
    let tensor = Tensor::from(Array1::from(values.clone()));
    assert_eq!(tensor.dtype().to_string(), name);
    let array: ArrayD<T> = tensor.into_array().unwrap();
    session
        .set("tensor", Tensor::from(ArrayMut1::from(values.clone())))
        .unwrap();
    let back: Tensor = session.get("tensor").unwrap();
    assert_eq!(*back.into_array::<T, ndarray::IxDyn>().unwrap(), *array);
}

#[test]
fn every_type_has_its_words_in_dlpack() {
    crosses(vec![true, false], "bool");
    crosses(vec![i8::MIN], "int8");
    crosses(vec![u16::MAX], "uint16");
    crosses(vec![f16::from_f32(0.5)], "float16");
    crosses(vec![bf16::from_f32(0.5)], "bfloat16");
    crosses(vec![0.5_f64], "float64");
    crosses(
        vec![ironbridge::arrays::Complex64::new(1.0, 2.0)],
        "complex128",
    );
}

#[test]
fn what_does_not_fit_names_both_sides() {
    let session = session();
    let tensor = || session.eval::<Tensor>("np.zeros((2, 3))").unwrap();
    let error = tensor()
        .into_array::<f32, ndarray::Ix2>()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "expected a 2-dimensional tensor of float32, found a 2-dimensional one of float64"
        ),
        "{error}"
    );
    let error = tensor()
        .into_array::<f64, ndarray::Ix1>()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a 1-dimensional tensor of float64, found a 2-dimensional"),
        "{error}"
    );
    let error = session.eval::<Tensor>("[1]").unwrap_err().to_string();
    assert!(
        error.contains("expected a tensor with `__dlpack__`, found an object of type list"),
        "{error}"
    );
    session.run("class Bad:\n    def __dlpack__(self, **_): raise RuntimeError('no')\n    def __dlpack_device__(self): return (1, 0)").unwrap();
    assert!(session.eval::<Tensor>("Bad()").is_err());
    session.run("used = np.zeros(3).__dlpack__(); np.from_dlpack(type('X', (), {'__dlpack__': lambda s, **k: used, '__dlpack_device__': lambda s: (1, 0)})())").unwrap();
    assert!(
        session.eval::<Tensor>("used").is_err(),
        "a capsule can be taken once"
    );
}

/// A producer on another device: a hand-made capsule, since there is no such device here.
const ELSEWHERE: &str = "
import ctypes
api = ctypes.pythonapi
api.PyCapsule_New.restype = ctypes.py_object
api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
class Tensor(ctypes.Structure):
    _fields_ = [('data', ctypes.c_void_p), ('device', ctypes.c_int32), ('id', ctypes.c_int32), ('ndim', ctypes.c_int32),
                ('code', ctypes.c_uint8), ('bits', ctypes.c_uint8), ('lanes', ctypes.c_uint16),
                ('shape', ctypes.c_void_p), ('strides', ctypes.c_void_p), ('byte_offset', ctypes.c_uint64)]
class Managed(ctypes.Structure):
    _fields_ = [('tensor', Tensor), ('context', ctypes.c_void_p), ('deleter', ctypes.c_void_p)]
deleted = []
@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def delete(pointer): deleted.append(pointer)
class Elsewhere:
    def __init__(self, name=b'dltensor'):
        self.shape = (ctypes.c_int64 * 2)(2, 3)
        tensor = Tensor(0x1000, 2, 1, 2, 2, 32, 1, ctypes.addressof(self.shape), None, 16)
        self.managed = Managed(tensor, None, ctypes.cast(delete, ctypes.c_void_p))
        self.streams, self.name = [], name
    def __dlpack_device__(self): return (2, 1)
    def __dlpack__(self, stream=None, **_):
        self.streams.append(stream)
        return api.PyCapsule_New(ctypes.addressof(self.managed), self.name, None)
";

#[test]
fn device_and_stream_are_kept_and_the_deleter_runs_once() {
    let session = session();
    session.run(ELSEWHERE).unwrap();
    session.run("cuda = Elsewhere()").unwrap();
    let tensor = ironbridge::attach(|py| {
        let object = session.module(py).getattr("cuda")?;
        // SAFETY: the producer does not use it.
        unsafe { TensorRequest::new().stream(7) }.import(&object)
    })
    .unwrap()
    .unwrap();
    assert_eq!(
        (tensor.device().to_string(), tensor.stream()),
        ("cuda:1".to_owned(), Some(7))
    );
    assert!(tensor.device().is_cuda());
    assert_eq!(tensor.as_ptr() as usize, 0x1010);
    assert_eq!(tensor.strides(), [3, 1]);
    assert!(
        session
            .eval::<bool>("cuda.streams == [7] and deleted == []")
            .unwrap()
    );
    // SAFETY: it is refused.
    let refused = unsafe { tensor.view::<f32, ndarray::Ix2>() };
    let error = format!("{:#}", refused.unwrap_err());
    assert!(
        error.contains("on the CPU, found one on cuda:1") && error.contains("x.cpu()"),
        "{error}"
    );
    // Dropped where no Python is: the deleter is Python code, and runs at the next occasion.
    std::thread::spawn(move || drop(tensor)).join().unwrap();
    assert!(
        session
            .eval::<bool>("deleted == [ctypes.addressof(cuda.managed)]")
            .unwrap()
    );
    let error = session.eval::<Tensor>("Elsewhere(b'other')").unwrap_err();
    assert_eq!(error.kind(), ironbridge::ErrorKind::Conversion);
    assert!(session.eval::<bool>("len(deleted) == 1").unwrap());
}

#[test]
fn memory_that_went_out_lives_as_long_as_who_took_it() {
    let session = session();
    session.run("import tracemalloc").unwrap();
    session
        .set("tensor", Tensor::from(ArrayMut1::from(vec![3.0_f64; 1000])))
        .unwrap();
    session.run("view = np.from_dlpack(tensor); unused = tensor.__dlpack__(max_version=(1, 0))\ndel tensor, unused\ngc.collect()\njunk = [np.full(1000, 9.0) for _ in range(20)]\nassert (view == 3).all()\ndel view").unwrap();
}
