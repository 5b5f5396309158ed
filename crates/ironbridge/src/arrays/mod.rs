//! NumPy arrays, buffers, tensors and tables, looked at in place.
//!
//! | type | what |
//! | --- | --- |
//! | [`Array`] | a NumPy array that is only read, shared by Rust and Python |
//! | [`ArrayMut`] | a NumPy array that one side at a time has and writes |
//! | [`Copied`], [`Cast`] | asks for a copy, or for a conversion, where the array as it is will not do |
//! | [`Buffer`] | the memory of `bytes`, `bytearray`, `array.array`, `memoryview` |
//! | [`Tensor`] | a tensor of torch, jax, cupy, …, on any device, by DLPack |
//! | `arrow` | tables of pandas, polars, pyarrow, … by Arrow (feature `arrow`) |
//!
//! Rust's `Vec` and [`ndarray::Array`] become NumPy arrays by `Array::from` and `ArrayMut::from`; NumPy then owns their
//! memory. Nothing is copied either way, whatever the size.
//!
//! # A view is read-only unless it is unique
//!
//! Rust takes it that what a `&[T]` shows does not change, and that what a `&mut [T]` shows is seen by nobody else.
//! Python promises neither: any number of arrays may look at the same memory. So memory crosses in one of two states:
//!
//! - **Frozen**: nobody can write it, for good. An [`Array`] is over frozen memory, and so is what Python gets of one.
//!   NumPy refuses to write it (`assignment destination is read-only`) and to make it writable again
//!   (`cannot set WRITEABLE flag to True of this array`).
//! - **Owned**: one holder has it, and may write it. An [`ArrayMut`] is over owned memory; given to Python it is gone
//!   from Rust, and taken from Python it is gone there.
//!
//! An array from Python becomes an [`Array`] if its memory is frozen already, or if it is *unique*: then it is frozen,
//! where it stands. It becomes an [`ArrayMut`] only if it is unique. It is unique if
//!
//! - the object has a single reference, and so has each array that it is a view of. A view refers to its base, as do
//!   `memoryview`s, DLPack capsules and whatever else exports the memory; so an array with a single reference has no
//!   view that could write it;
//! - the array at the end of those bases owns its memory;
//! - rust-numpy (`PyReadonlyArray`, `PyReadwriteArray`) has no borrow of it.
//!
//! That is what a function's new result is, and also a slice or a transposed array of one. An array that a variable, an
//! attribute or a list holds as well is not, and is an error that says so. There are three ways on:
//!
//! - Ask for [`Copied<Array2<f32>>`](Copied), which copies where it must, and only there.
//! - Let Python give it away, then give it back frozen; from then on it crosses as often as you like without a copy:
//!   `let weights: Array2<f32> = session.eval("model.__dict__.pop('weights')")?`, then `model.weights = 'weights`.
//! - Vouch for it: [`Array::assume_frozen`] is `unsafe`.
//!
//! Frozen memory is also that of `bytes` (`numpy.frombuffer`). Memory of another library (an array that
//! `torch.Tensor.numpy()` or `pandas` gave) is never taken for unique, since NumPy does not know who else has it.
//!
//! # What this cannot see
//!
//! Addresses: `ctypes`, `numpy.ctypeslib`, an extension that keeps a pointer without a reference, or a hand-made
//! `__array_interface__`. They can write anything in the process; so can `unsafe` code of Rust.
//!
//! # Elements
//!
//! See [`Element`]. An array of `bool` is looked through once when it comes in, since NumPy lets `view(bool)` make one
//! of any bytes. Arrays of `datetime64`, strings and objects have no counterpart; the error says what to do.
//!
//! # Threads
//!
//! All types here are `Send` and `Sync`, and can be used and dropped anywhere, attached or not: an object that is
//! dropped while its thread is detached is given back at the next occasion.
//!
//! On builds without the global lock, a reference of another thread counts as another holder, and so does a weak one; an
//! array that another thread gets at while it is being frozen is refused. An [`ArrayMut`] must not be taken out of a
//! tuple or the like that another thread reads at that moment: there NumPy itself has no defence against a change of the
//! array object.

mod array;
mod array_mut;
#[cfg(feature = "arrow")]
pub mod arrow;
mod buffer;
mod capsule;
mod cast;
mod element;
mod header;
mod mismatch;
mod rule;
mod tensor;
mod view;

use ndarray::{Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

pub use array::Array;
pub use array_mut::ArrayMut;
pub use buffer::Buffer;
pub use cast::{Cast, Copied};
pub use element::Element;
pub use half::{bf16, f16};
pub use ndarray;
pub use numpy::{Complex32, Complex64};
pub use tensor::{DataType, Device, Tensor, TensorRequest};

macro_rules! aliases {
    ($($array:ident, $array_mut:ident, $dimension:ident, $rank:literal;)*) => {$(
        #[doc = concat!("An [`Array`] with ", $rank, ".")]
        pub type $array<T> = Array<T, $dimension>;
        #[doc = concat!("An [`ArrayMut`] with ", $rank, ".")]
        pub type $array_mut<T> = ArrayMut<T, $dimension>;
    )*};
}

aliases! {
    Array0, ArrayMut0, Ix0, "no dimensions: one element";
    Array1, ArrayMut1, Ix1, "one dimension";
    Array2, ArrayMut2, Ix2, "two dimensions";
    Array3, ArrayMut3, Ix3, "three dimensions";
    Array4, ArrayMut4, Ix4, "four dimensions";
    Array5, ArrayMut5, Ix5, "five dimensions";
    Array6, ArrayMut6, Ix6, "six dimensions";
    ArrayD, ArrayMutD, IxDyn, "as many dimensions as it has";
}
