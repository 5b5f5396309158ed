//! The rule by which Rust gets at an array's memory: it is frozen already, or it has exactly one holder and is frozen
//! or taken here. The module's page says why.

use std::ptr;

use ndarray::Dimension;
use numpy::npyffi::flags::{NPY_ARRAY_OWNDATA, NPY_ARRAY_WRITEABLE, NPY_ARRAY_WRITEBACKIFCOPY};
use numpy::{PyArray, PyArrayMethods};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use super::capsule::{self, FROZEN, OWNED};
use super::element::Element;
use super::header::{self, Header, NumPy};
use super::mismatch::{Expected, Held, Mismatch, type_name};

/// What stands at the end of a chain of bases.
enum End<'a, 'py> {
    /// An array that owns its memory.
    Owner(Header<'a, 'py>),
    /// Memory with a holder of ours that nobody else can write.
    Owned(*mut ffi::PyObject),
    /// Memory that nobody can write, and what keeps it alive.
    Frozen(*mut ffi::PyObject),
}

/// The longest chain that is looked at; NumPy makes no longer ones than two or three.
const LONGEST: usize = 64;

/// An array and what it is a view of.
struct Chain<'a, 'py> {
    array: Header<'a, 'py>,
    /// The references to one of its members beside that which the member before it has; zero where there are none.
    others: usize,
    end: End<'a, 'py>,
}

impl<'a, 'py> Chain<'a, 'py> {
    #[inline]
    fn walk(array: Header<'a, 'py>) -> Result<Self, Held> {
        let mut member = array;
        let mut others = 0;
        for _ in 0..LONGEST {
            if member.has(NPY_ARRAY_WRITEBACKIFCOPY) {
                return Err(Held::WriteBack);
            }
            others = others.max(other_references(member.object().as_ptr()));
            if cfg!(Py_GIL_DISABLED) && member.has_weak_references() {
                // Another thread may make a reference of one at any time.
                others = others.max(1);
            }
            let base = member.base();
            if base.is_null() {
                if !member.has(NPY_ARRAY_OWNDATA) {
                    return Err(Held::Foreign("unknown".to_owned()));
                }
                return Ok(Self {
                    array,
                    others,
                    end: End::Owner(member),
                });
            }
            // SAFETY: a base lives as long as the array that refers to it, and the first is borrowed for `'a`, attached.
            unsafe {
                if let Some(next) = member.of_base(base) {
                    member = next;
                    continue;
                }
                if capsule::is(base, FROZEN) || ffi::PyBytes_Check(base) != 0 {
                    return Ok(Self {
                        array,
                        others,
                        end: End::Frozen(base),
                    });
                }
                if capsule::is(base, OWNED) {
                    let others = others.max(other_references(base));
                    return Ok(Self {
                        array,
                        others,
                        end: End::Owned(base),
                    });
                }
                let base = Borrowed::from_ptr(array.py(), base);
                return Err(Held::Foreign(type_name(&base)));
            }
        }
        Err(Held::Foreign("a long chain of views".to_owned()))
    }

    /// Nobody but the one holder can get at the memory, not through an array nor through rust-numpy.
    fn require_unique<T: Element, D: Dimension>(&self) -> Result<(), Held> {
        if self.others > 0 {
            return Err(Held::Shared(self.others));
        }
        if is_borrowed::<T, D>(&self.array) {
            return Err(Held::Borrowed);
        }
        Ok(())
    }

    /// Makes all arrays of the chain read-only; tells which of them were not, by their bits.
    fn make_read_only(&self) -> u64 {
        self.change_flags(|flags, _| {
            let was = *flags & NPY_ARRAY_WRITEABLE != 0;
            *flags &= !NPY_ARRAY_WRITEABLE;
            was
        })
    }

    /// Undoes [`Chain::make_read_only`].
    fn make_writeable(&self, which: u64) {
        self.change_flags(|flags, bit| {
            if which & bit != 0 {
                *flags |= NPY_ARRAY_WRITEABLE;
            }
            false
        });
    }

    fn change_flags(&self, mut change: impl FnMut(&mut i32, u64) -> bool) -> u64 {
        let (mut member, mut bit, mut result) = (self.array, 1, 0);
        loop {
            // SAFETY: attached; the chain's arrays are alive, and nobody else has them.
            unsafe {
                if change(&mut (*member.fields()).public.flags, bit) {
                    result |= bit;
                }
                bit <<= 1;
                let base = member.base();
                match (!base.is_null()).then(|| member.of_base(base)).flatten() {
                    Some(next) => member = next,
                    None => return result,
                }
            }
        }
    }

    /// The chain's memory with a capsule as its holder, which replaces an owner that Python can reach.
    fn into_capsule(self, name: &'static std::ffi::CStr) -> PyResult<Bound<'py, PyAny>> {
        let py = self.array.py();
        match self.end {
            End::Owner(owner) => {
                let hidden = header::split_owner(&owner)?;
                let capsule = capsule::hold_object(hidden, name)?;
                // SAFETY: the owner had no base; it refers to the capsule from here on, and NumPy drops the reference.
                unsafe { (*owner.fields()).public.base = capsule.clone().into_ptr() };
                Ok(capsule)
            }
            End::Owned(base) | End::Frozen(base) => {
                // SAFETY: the chain keeps it alive; attached.
                let capsule = unsafe { Bound::from_borrowed_ptr(py, base) };
                capsule::rename(&capsule, name);
                Ok(capsule)
            }
        }
    }
}

/// What keeps the memory of `array` alive, after which nobody can write it: frozen before, or frozen here.
#[inline]
pub(super) fn freeze<'py, T: Element, D: Dimension>(
    array: Header<'_, 'py>,
) -> Result<Bound<'py, PyAny>, Mismatch> {
    let held = |held| Mismatch::Held(Expected::of::<T, D>(), held);
    let chain = Chain::walk(array).map_err(held)?;
    if let End::Frozen(owner) = chain.end
        && !array.has(NPY_ARRAY_WRITEABLE)
    {
        // SAFETY: the chain keeps it alive; attached.
        return Ok(unsafe { Bound::from_borrowed_ptr(array.py(), owner) });
    }
    if matches!(chain.end, End::Frozen(_)) {
        return Err(held(Held::Foreign("bytes".to_owned())));
    }
    chain.require_unique::<T, D>().map_err(held)?;
    let were_writeable = chain.make_read_only();
    if cfg!(Py_GIL_DISABLED) {
        // Another thread may have got at the array through what holds it, since it was looked at. Who did after this
        // finds it read-only; who did before is seen now.
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        match Chain::walk(array) {
            Ok(again) if again.others == 0 => {}
            _ => {
                chain.make_writeable(were_writeable);
                return Err(held(Held::Shared(1)));
            }
        }
    }
    Ok(chain.into_capsule(FROZEN)?)
}

/// What keeps the memory of `array` alive, after which Python cannot get at it: its only holder is left with an empty
/// array.
pub(super) fn take<'py, T: Element, D: Dimension>(
    array: Header<'_, 'py>,
) -> Result<Bound<'py, PyAny>, Mismatch> {
    let held = |held| Mismatch::Held(Expected::of::<T, D>().mutable(), held);
    let chain = Chain::walk(array).map_err(held)?;
    if !array.has(NPY_ARRAY_WRITEABLE) || matches!(chain.end, End::Frozen(_)) {
        return Err(held(Held::ReadOnly));
    }
    chain.require_unique::<T, D>().map_err(held)?;
    if cfg!(Py_GIL_DISABLED) {
        // There is no way to take it from a thread that is just reading it.
        let were_writeable = chain.make_read_only();
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        if !matches!(Chain::walk(array), Ok(again) if again.others == 0) {
            chain.make_writeable(were_writeable);
            return Err(held(Held::Shared(1)));
        }
    }
    let capsule = chain.into_capsule(OWNED)?;
    empty(&array);
    Ok(capsule)
}

/// Leaves an array without elements, so that its holder cannot get at them: every axis has length zero. One without
/// axes has a zero.
fn empty(array: &Header<'_, '_>) {
    /// Larger and better aligned than any element.
    #[repr(align(64))]
    struct Nothing([u8; 64]);
    static NOTHING: Nothing = Nothing([0; 64]);

    let fields = array.fields();
    // SAFETY: attached; nobody else has the array. It owns no memory (its end was split off), has the shape that NumPy
    // allocated, is read-only, and refers to `None`, which no array over it can be made writable through. The base is
    // dropped last: that may run code of others.
    unsafe {
        let public = &mut (*fields).public;
        public.data = ptr::from_ref(&NOTHING.0).cast_mut().cast();
        public.flags &= !(NPY_ARRAY_WRITEABLE | NPY_ARRAY_OWNDATA);
        for axis in 0..array.ndim() {
            *public.dimensions.add(axis) = 0;
        }
        let base = std::mem::replace(&mut public.base, ffi::Py_None());
        ffi::Py_INCREF(ffi::Py_None());
        ffi::Py_XDECREF(base);
    }
}

/// How many references there are beside one.
#[cfg(not(Py_GIL_DISABLED))]
fn other_references(object: *mut ffi::PyObject) -> usize {
    // SAFETY: a live object, attached.
    let references = unsafe { ffi::Py_REFCNT(object) };
    usize::try_from(references)
        .unwrap_or(usize::MAX)
        .saturating_sub(1)
}

/// None, or at least one: references of other threads count, even a single one.
#[cfg(Py_GIL_DISABLED)]
fn other_references(object: *mut ffi::PyObject) -> usize {
    // SAFETY: a live object, attached.
    usize::from(unsafe { ffi::PyUnstable_Object_IsUniquelyReferenced(object) } == 0)
}

/// Does a borrow by rust-numpy cover the array? Its holder may be our one holder.
#[inline]
fn is_borrowed<T: Element, D: Dimension>(array: &Header<'_, '_>) -> bool {
    let py = array.py();
    let Ok(numpy) = NumPy::get(py) else {
        return true;
    };
    let table = intern!(py, "_RUST_NUMPY_BORROW_CHECKING_API");
    // Without the table nobody has borrowed anything.
    match numpy.namespace.bind(py).contains(table) {
        Ok(false) => false,
        _ => is_in_table::<T, D>(array),
    }
}

fn is_in_table<T: Element, D: Dimension>(array: &Header<'_, '_>) -> bool {
    let read_only = !array.has(NPY_ARRAY_WRITEABLE);
    let flags = array.fields();
    // SAFETY: nobody else has the array, and this thread stays attached until the flag is as it was. rust-numpy refuses
    // read-only arrays before it looks for readers.
    unsafe { (*flags).public.flags |= NPY_ARRAY_WRITEABLE };
    // SAFETY: `Header::view` has seen that it is an array of `T` with the dimensions of `D`.
    let free = unsafe { array.object().cast_unchecked::<PyArray<T, D>>() }
        .try_readwrite()
        .is_ok();
    if read_only {
        // SAFETY: as above.
        unsafe { (*flags).public.flags &= !NPY_ARRAY_WRITEABLE };
    }
    !free
}
