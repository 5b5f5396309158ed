//! From NumPy's description of an array, in bytes, to `ndarray`'s, in elements.

use std::ptr;

use ndarray::{ArrayBase, Axis, Dimension, RawArrayView, RawData, ShapeBuilder, StrideShape};
use numpy::npyffi::types::npy_intp;

use super::element::Element;

/// Whether no two elements are at one address.
pub(super) fn is_injective(shape: &[npy_intp], strides: &[npy_intp], size: usize) -> bool {
    if shape.contains(&0) {
        return true;
    }
    let axes = shape.iter().zip(strides).filter(|(length, _)| **length > 1);
    let mut axes: Vec<(usize, usize)> = axes
        .map(|(length, stride)| (stride.unsigned_abs(), length.unsigned_abs()))
        .collect();
    axes.sort_unstable();
    let mut extent = size;
    axes.iter().all(|&(stride, length)| {
        let apart = stride >= extent;
        extent += stride * (length - 1);
        apart
    })
}

/// A view from NumPy's description: bytes as strides, negative ones too. `None` where elements are not aligned, where
/// a stride is no multiple of their size, or where neither `ndarray` nor NumPy has such a shape.
///
/// `make` gets what `ndarray` asks of its callers: whole strides that are not negative, an aligned pointer that is not
/// null, sizes that fit.
///
/// # Safety
///
/// All elements that the shape and the strides lead to are in one allocation with `data`.
pub(super) unsafe fn raw_view<T, S: RawData<Elem = T>, D: Dimension>(
    data: *mut T,
    shape: &[npy_intp],
    strides: &[npy_intp],
    make: impl Fn(StrideShape<D>, *mut T) -> ArrayBase<S, D>,
) -> Option<ArrayBase<S, D>> {
    if shape.len() > 64 {
        return None;
    }
    let size = size_of::<T>().cast_signed();
    let mut start = data;
    let mut inverted = 0_u64;
    let (mut dim, mut steps) = (D::zeros(shape.len()), D::zeros(shape.len()));
    let mut nonzero = 1_usize;
    let is_empty = shape.contains(&0);
    for (axis, (&length, &stride)) in shape.iter().zip(strides).enumerate() {
        let length = usize::try_from(length).ok()?;
        dim[axis] = length;
        nonzero = nonzero.checked_mul(length.max(1))?;
        if is_empty || length == 1 {
            continue;
        }
        if stride % size != 0 {
            return None;
        }
        steps[axis] = stride.unsigned_abs() / size_of::<T>();
        if stride < 0 {
            // SAFETY: the last element of this axis, within the allocation.
            start = unsafe { start.byte_offset(stride * (length - 1).cast_signed()) };
            inverted |= 1 << axis;
        }
    }
    if isize::try_from(nonzero).is_err() {
        return None;
    }
    if is_empty {
        return Some(make(
            dim.into_shape_with_order().into(),
            ptr::dangling_mut(),
        ));
    }
    if !start.is_aligned() || start.is_null() {
        return None;
    }
    // An axis of length one has a stride too, which says nothing; that of a contiguous array is as good as any.
    let mut view = make(dim.strides(steps), start);
    while inverted != 0 {
        let axis = inverted.trailing_zeros() as usize;
        inverted &= inverted - 1;
        view.invert_axis(Axis(axis));
    }
    Some(view)
}

/// Whether every element of a view is a `T` and not just as large.
///
/// # Safety
///
/// Nobody writes the elements during this call.
pub(super) unsafe fn holds_values<T: Element, D: Dimension>(view: &RawArrayView<T, D>) -> bool {
    if !T::PICKY {
        return true;
    }
    // SAFETY: as the caller promises; bytes have no invalid patterns, and `PICKY` types are one byte.
    let bytes = unsafe { view.clone().cast::<u8>().deref_into_view() };
    match bytes.as_slice_memory_order() {
        Some(bytes) => T::are_values(bytes),
        None => bytes
            .iter()
            .all(|byte| T::are_values(std::slice::from_ref(byte))),
    }
}
