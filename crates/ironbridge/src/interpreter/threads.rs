//! What is kept for each Rust thread that uses Python: a slot that says whether a call is in flight, and the
//! thread's Python state, which is made once and kept until the thread ends.
//!
//! Making a Python thread state for every call costs some 7 µs once Python code runs in it; a kept one costs 0.1 µs.
//! The state of a thread that ended is not deleted by that thread: deleting takes the interpreter lock, and whoever
//! joins the thread may be holding it. It goes to a list that the next thread to join, or the signal watcher, empties.
//!
//! Slots are never freed, only handed to later threads, so that a signal handler may walk them at any time.

use std::{
    cell::{Cell, OnceCell},
    ptr,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering},
};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyType};

/// One thread's record. `ident` is Python's number for the thread; 0 marks a slot that is free.
pub(super) struct Slot {
    ident: AtomicUsize,
    /// Calls in flight, nested ones counted. Written by the owner alone, while it is attached.
    depth: AtomicU32,
    /// An asynchronous `KeyboardInterrupt` was sent to the call that is in flight, or is to be.
    interrupted: AtomicBool,
    next: *const Slot,
}

// SAFETY: `next` is set before the slot is published and never changes; all else is atomic.
unsafe impl Sync for Slot {}

static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

/// A state whose thread ended, waiting to be deleted.
struct Ended {
    state: *mut ffi::PyThreadState,
    next: *mut Ended,
}

static ENDED: AtomicPtr<Ended> = AtomicPtr::new(ptr::null_mut());

/// The thread that started the interpreter, as Python numbers it: the one that runs Python's signal handlers.
static PYTHON_MAIN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// This thread's slot, where the hot path finds it; null before the first call and after the last.
    static CURRENT: Cell<*const Slot> = const { Cell::new(ptr::null()) };
    /// Ends the membership when the thread ends.
    static MEMBERSHIP: OnceCell<Membership> = const { OnceCell::new() };
}

impl Slot {
    /// Marks a call in flight until the guard is dropped. Call it while attached and drop it before detaching, so
    /// that whoever holds the interpreter lock reads a depth that does not change under it.
    #[inline]
    pub(super) fn enter(&self) -> InFlight<'_> {
        // Only this thread writes: a load and a store, no locked instruction.
        let depth = self.depth.load(Ordering::Relaxed);
        self.depth.store(depth + 1, Ordering::Relaxed);
        InFlight(self)
    }

    pub(super) fn in_flight(&self) -> bool {
        self.ident.load(Ordering::Acquire) != 0 && self.depth.load(Ordering::Relaxed) > 0
    }

    pub(super) fn ident(&self) -> usize {
        self.ident.load(Ordering::Acquire)
    }

    pub(super) fn is_python_main(&self) -> bool {
        self.ident() == PYTHON_MAIN.load(Ordering::Relaxed)
    }

    /// Raises `KeyboardInterrupt` in the Python code of this slot's thread at its next bytecode. Whether that could be
    /// done, or is to be tried again as long as [`wants_interrupt`](Self::wants_interrupt).
    pub(super) fn interrupt(&self, py: Python<'_>) -> bool {
        self.interrupted.store(true, Ordering::Relaxed);
        if is_importing(py, self.ident()) {
            return false;
        }
        let interrupt = py.get_type::<PyKeyboardInterrupt>();
        send_async_exception(py, self.ident(), Some(&interrupt));
        true
    }

    /// The call that was to be interrupted is in flight still.
    pub(super) fn wants_interrupt(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// A call in flight on this thread.
pub(super) struct InFlight<'slot>(&'slot Slot);

impl Drop for InFlight<'_> {
    #[inline]
    fn drop(&mut self) {
        let depth = self.0.depth.load(Ordering::Relaxed) - 1;
        self.0.depth.store(depth, Ordering::Relaxed);
        if depth == 0 && self.0.interrupted.load(Ordering::Relaxed) {
            forget_interrupt(self.0);
        }
    }
}

/// An interrupt belongs to the call that was in flight: one that came too late must not hit the thread's next call.
#[cold]
fn forget_interrupt(slot: &Slot) {
    slot.interrupted.store(false, Ordering::Relaxed);
    Python::attach(|py| send_async_exception(py, slot.ident(), None));
}

/// Raises an exception in the Python code of a thread, at its next bytecode; `None` takes back one that it has not seen.
/// Not while the thread [is importing](is_importing).
pub(crate) fn send_async_exception(
    _py: Python<'_>,
    ident: usize,
    exception: Option<&Bound<'_, PyType>>,
) {
    let exception = exception.map_or(ptr::null_mut(), Bound::as_ptr);
    // SAFETY: attached (`_py`); CPython takes a reference of its own to the type; null clears a pending one; an ident
    // that no thread has is ignored by CPython.
    unsafe {
        // CPython declares the parameter unsigned; PyO3 declares it signed. The bits are the same.
        ffi::PyThreadState_SetAsyncExc(ident.cast_signed() as _, exception);
    }
}

/// Whether a thread is inside Python's import system. An exception that came there just after a lock was taken would
/// leave it taken for ever, and with it all imports.
pub(crate) fn is_importing(py: Python<'_>, ident: usize) -> bool {
    innermost_file(py, ident).is_ok_and(|file| file.is_some_and(|file| is_of_imports(&file)))
}

/// Whether a thread runs Python code, and is not inside the import system: an exception reaches it, and does no harm.
/// One that is sent while it runs none could reach it inside an import that comes next.
#[cfg(feature = "models")]
pub(crate) fn is_interruptible(py: Python<'_>, ident: usize) -> bool {
    innermost_file(py, ident).is_ok_and(|file| file.is_some_and(|file| !is_of_imports(&file)))
}

fn is_of_imports(file: &str) -> bool {
    file.starts_with("<frozen importlib")
}

fn innermost_file(py: Python<'_>, ident: usize) -> PyResult<Option<PyBackedStr>> {
    let frames = py.import("sys")?.call_method0("_current_frames")?;
    let Some(frame) = frames.cast::<PyDict>()?.get_item(ident)? else {
        return Ok(None);
    };
    let file = frame.getattr("f_code")?.getattr("co_filename")?;
    Ok(Some(file.extract()?))
}

/// This thread's slot, if it has used Python before and is not ending.
#[inline]
pub(super) fn current() -> Option<&'static Slot> {
    let slot = CURRENT.get();
    // SAFETY: a non-null `CURRENT` points to a slot, and slots are never freed.
    (!slot.is_null()).then(|| unsafe { &*slot })
}

/// All slots, free ones too. Async-signal-safe.
pub(super) fn slots() -> impl Iterator<Item = &'static Slot> {
    let mut next: *const Slot = SLOTS.load(Ordering::Acquire);
    std::iter::from_fn(move || {
        // SAFETY: what the list links was leaked on purpose, and is never freed.
        let slot = unsafe { next.as_ref()? };
        next = slot.next;
        Some(slot)
    })
}

/// Python's number for this thread. Async-signal-safe: it is `pthread_self`.
pub(crate) fn ident() -> usize {
    // SAFETY: callable at any time, from any thread.
    let ident = unsafe { ffi::PyThread_get_thread_ident() };
    usize::try_from(ident).unwrap_or(usize::MAX)
}

/// Makes this thread the one that Python takes for the main thread: after the start, and in a forked child.
pub(super) fn set_python_main() {
    PYTHON_MAIN.store(ident(), Ordering::Relaxed);
}

/// Is this the thread that Python takes for the main thread?
pub(super) fn is_python_main() -> bool {
    ident() == PYTHON_MAIN.load(Ordering::Relaxed)
}

/// Gives this thread a slot and keeps its Python state from now on. `None` when the thread is ending already: then
/// Python can be called still, unmarked, at the price of a new state for each call.
///
/// The interpreter must be running.
#[cold]
pub(super) fn join() -> Option<&'static Slot> {
    if let Some(slot) = current() {
        return Some(slot);
    }
    let slot = MEMBERSHIP
        .try_with(|membership| membership.get_or_init(Membership::new).slot)
        .ok()?;
    CURRENT.set(slot);
    super::exit::watch_this_thread();
    #[cfg(unix)]
    super::signals::watch_for_this_thread();
    Some(slot)
}

/// In a forked child only the forking thread is left: the others' slots are freed, and CPython has deleted all states
/// but this thread's.
pub(super) fn forget_other_threads() {
    let own = CURRENT.get();
    for slot in slots().filter(|slot| !ptr::eq(*slot, own)) {
        slot.depth.store(0, Ordering::Relaxed);
        slot.interrupted.store(false, Ordering::Relaxed);
        slot.ident.store(0, Ordering::Release);
    }
    ENDED.store(ptr::null_mut(), Ordering::Relaxed);
}

/// A thread's slot and its kept state.
struct Membership {
    slot: &'static Slot,
    kept: Option<Kept>,
}

struct Kept {
    state: *mut ffi::PyThreadState,
    #[cfg(any(Py_GIL_DISABLED, py_sys_config = "Py_DEBUG"))]
    before: ffi::PyGILState_STATE,
}

impl Membership {
    fn new() -> Self {
        Self {
            slot: claim_slot(),
            kept: Kept::new(),
        }
    }
}

impl Kept {
    fn new() -> Option<Self> {
        // SAFETY: the interpreter runs (`join`'s condition).
        let existing = unsafe { ffi::PyGILState_GetThisThreadState() };
        if !existing.is_null() {
            // Python's own thread, or someone else's work: whoever made the state deletes it.
            return None;
        }
        delete_ended();
        // SAFETY: the interpreter runs and this thread has no state, so it is not attached; the state that `Ensure`
        // makes is left without the matching `Release`, which is what keeps it. `SaveThread` detaches again.
        unsafe {
            let _before = ffi::PyGILState_Ensure();
            let state = ffi::PyEval_SaveThread();
            Some(Self {
                state,
                #[cfg(any(Py_GIL_DISABLED, py_sys_config = "Py_DEBUG"))]
                before: _before,
            })
        }
    }

    /// Ends the keeping, on the thread that is ending.
    #[cfg(not(any(Py_GIL_DISABLED, py_sys_config = "Py_DEBUG")))]
    fn end(self) {
        // SAFETY: reads this thread's storage; null once the interpreter or the state is gone.
        if unsafe { ffi::PyGILState_GetThisThreadState() } != self.state {
            return;
        }
        bury(self.state);
        #[cfg(unix)]
        super::signals::wake_to_delete();
    }

    /// Ends the keeping, on the thread that is ending. Without a global lock nobody can be made to wait; and a debug
    /// build of CPython asserts that a thread deletes its own state.
    #[cfg(any(Py_GIL_DISABLED, py_sys_config = "Py_DEBUG"))]
    fn end(self) {
        // SAFETY: the state is this thread's, kept by `Kept::new` and detached; the interpreter is not ending
        // (checked by the caller), so restoring it returns.
        unsafe {
            if ffi::PyGILState_GetThisThreadState() == self.state {
                ffi::PyEval_RestoreThread(self.state);
                ffi::PyGILState_Release(self.before);
            }
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.set(ptr::null()));
        self.slot.depth.store(0, Ordering::Relaxed);
        self.slot.interrupted.store(false, Ordering::Relaxed);
        self.slot.ident.store(0, Ordering::Release);
        if let Some(kept) = self.kept.take()
            && !super::is_ending()
        {
            kept.end();
        }
    }
}

fn claim_slot() -> &'static Slot {
    let ident = ident();
    for slot in slots() {
        if slot
            .ident
            .compare_exchange(0, ident, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            return slot;
        }
    }
    let slot = Box::leak(Box::new(Slot {
        ident: AtomicUsize::new(ident),
        depth: AtomicU32::new(0),
        interrupted: AtomicBool::new(false),
        next: ptr::null(),
    }));
    let mut first = SLOTS.load(Ordering::Relaxed);
    loop {
        slot.next = first;
        match SLOTS.compare_exchange_weak(
            first,
            ptr::from_mut(slot),
            Ordering::AcqRel,
            Ordering::Relaxed,
        ) {
            Ok(_) => return slot,
            Err(other) => first = other,
        }
    }
}

#[cfg(not(any(Py_GIL_DISABLED, py_sys_config = "Py_DEBUG")))]
fn bury(state: *mut ffi::PyThreadState) {
    let ended = Box::into_raw(Box::new(Ended {
        state,
        next: ptr::null_mut(),
    }));
    let mut first = ENDED.load(Ordering::Relaxed);
    loop {
        // SAFETY: `ended` is ours until the exchange publishes it.
        unsafe { (*ended).next = first };
        match ENDED.compare_exchange_weak(first, ended, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => first = other,
        }
    }
}

/// Deletes the states of threads that ended. This thread must have no Python state of its own.
///
/// From CPython 3.12 on, deleting a state empties the *deleting* thread's entry for `PyGILState`. So all that can run
/// Python code (`Clear`) comes first, and the state that the entry belongs to is a throw-away.
pub(super) fn delete_ended() {
    let mut ended = ENDED.swap(ptr::null_mut(), Ordering::Acquire);
    if ended.is_null() {
        return;
    }
    let mut states = Vec::new();
    while !ended.is_null() {
        // SAFETY: made by `Box::into_raw` in `bury`; the swap made this thread the only one that sees it.
        let Ended { state, next } = *unsafe { Box::from_raw(ended) };
        states.push(state);
        ended = next;
    }
    // SAFETY: the interpreter runs and never ends in an owned process (`Membership::drop` buries nothing once it is
    // ending). This thread has no state, so the new one may be made current and is deleted when it no longer is. The
    // ended states run nothing, their threads are gone, and the list handed each out once.
    unsafe {
        let own = ffi::PyThreadState_New(ffi::PyInterpreterState_Main());
        if own.is_null() {
            return;
        }
        ffi::PyEval_RestoreThread(own);
        for state in &states {
            ffi::PyThreadState_Clear(*state);
        }
        ffi::PyThreadState_Clear(own);
        for state in states {
            ffi::PyThreadState_Delete(state);
        }
        ffi::PyEval_SaveThread();
        ffi::PyThreadState_Delete(own);
    }
}
