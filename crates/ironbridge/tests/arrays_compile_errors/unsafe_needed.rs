//! What needs somebody's word needs `unsafe`.

use ironbridge::arrays::ndarray::Ix1;
use ironbridge::arrays::{Array1, Tensor, TensorRequest};
use ironbridge::pyo3::prelude::*;

fn looks_at_what_others_may_write(tensor: &Tensor) -> f32 {
    tensor.view::<f32, Ix1>().unwrap()[0]
}

fn takes_what_others_may_write(object: &Bound<'_, PyAny>) -> PyResult<Array1<f32>> {
    Array1::assume_frozen(object)
}

fn names_a_stream() -> TensorRequest {
    TensorRequest::new().stream(7)
}

fn main() {}
