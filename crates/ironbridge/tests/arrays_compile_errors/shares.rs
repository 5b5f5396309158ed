//! What is written has one name.

use ironbridge::arrays::ArrayMut1;
use ironbridge::pyo3::prelude::*;

fn two_writers(array: ArrayMut1<f32>) -> (ArrayMut1<f32>, ArrayMut1<f32>) {
    (array.clone(), array)
}

fn lent_to_python_and_kept(py: Python<'_>, array: &ArrayMut1<f32>) {
    array.into_pyobject(py).unwrap();
}

fn main() {}
