//! What is only read is not written.

use ironbridge::arrays::{Array1, ArrayMut1, Buffer, Copied};

fn writes(mut array: Array1<f32>) {
    array[0] = 1.0;
}

fn writes_through_a_view(mut array: Array1<f32>) {
    array.view_mut().fill(1.0);
}

fn writes_a_copy_that_may_be_none(mut array: Copied<Array1<f32>>) {
    array.fill(1.0);
}

fn writes_bytes(buffer: Buffer<u8>) {
    buffer.as_slice().unwrap()[0] = 1;
}

fn written_while_it_is_read(mut array: ArrayMut1<f32>) -> f32 {
    let first = array.first().unwrap();
    array[0] = 2.0;
    *first
}

fn main() {}
