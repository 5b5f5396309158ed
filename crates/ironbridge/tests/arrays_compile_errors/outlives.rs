//! Nothing that an array shows outlives it.

use ironbridge::arrays::ndarray::{ArrayView1, ArrayViewMut1};
use ironbridge::arrays::{Array1, ArrayMut1, Buffer, Tensor};

fn view(array: Array1<f32>) -> ArrayView1<'static, f32> {
    array.view()
}

fn slice(array: Array1<f32>) -> &'static [f32] {
    array.as_slice().unwrap()
}

fn view_mut(mut array: ArrayMut1<f32>) -> ArrayViewMut1<'static, f32> {
    array.view_mut()
}

fn of_bytes(buffer: Buffer<u8>) -> &'static [u8] {
    buffer.as_slice().unwrap()
}

fn moved_while_borrowed(array: ArrayMut1<f32>) -> f32 {
    let first = array.first().unwrap();
    let frozen = Array1::from(array);
    *first + frozen[0]
}

fn of_tensor(tensor: Tensor) -> ArrayView1<'static, f32> {
    // SAFETY: nothing writes it.
    unsafe { tensor.view() }.unwrap()
}

fn main() {}
