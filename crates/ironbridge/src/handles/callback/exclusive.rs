//! A closure that one thread at a time may use, and that may be gone.
//!
//! Callbacks run detached from the interpreter, so waiting here keeps no other thread from Python. What would wait for
//! itself, a call from within a call on the same thread, is refused.

use std::marker::PhantomData;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::interpreter::detach;

pub(super) struct Exclusive<F> {
    function: Mutex<Option<F>>,
    /// The thread that is in a call, by [`this_thread`]; 0 where none is.
    user: AtomicUsize,
}

/// Why a closure could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Reentered,
    Panicked,
    Gone,
}

impl<F> Exclusive<F> {
    pub(super) fn new(function: F) -> Self {
        Self {
            function: Mutex::new(Some(function)),
            user: AtomicUsize::new(0),
        }
    }

    /// Uses it, after whoever does now.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut F) -> R) -> Result<R, Refusal> {
        let this = this_thread();
        // Only this thread writes its own mark, so it sees it if it is there.
        if self.user.load(Ordering::Relaxed) == this {
            return Err(Refusal::Reentered);
        }
        let mut function = self.function.lock().map_err(|_| Refusal::Panicked)?;
        let function = function.as_mut().ok_or(Refusal::Gone)?;
        let _mark = Mark::set(&self.user, this);
        Ok(f(function))
    }

    /// Takes it away, after whoever uses it now.
    pub(super) fn take(&self) -> Option<F> {
        self.function
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Says which thread is in a call, until dropped.
struct Mark<'a>(&'a AtomicUsize);

impl<'a> Mark<'a> {
    fn set(user: &'a AtomicUsize, thread: usize) -> Self {
        user.store(thread, Ordering::Relaxed);
        Self(user)
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

/// A closure that is lent: whoever holds a handle may use it until the loan is dropped.
pub(super) struct Loan<'f, A, T> {
    lent: Arc<Exclusive<Lent<A, T>>>,
    /// The closure may borrow for `'f`.
    borrows: PhantomData<Box<dyn FnMut(A) -> T + Send + 'f>>,
}

type Lent<A, T> = Box<dyn FnMut(A) -> T + Send + 'static>;

impl<'f, A: 'static, T: 'static> Loan<'f, A, T> {
    /// Lends `function` to `body`, and takes it back when `body` is left, by a panic too.
    pub(super) fn during<O>(
        function: impl FnMut(A) -> T + Send + 'f,
        body: impl FnOnce(&Arc<Exclusive<Lent<A, T>>>) -> O,
    ) -> O {
        let function: Box<dyn FnMut(A) -> T + Send + 'f> = Box::new(function);
        // SAFETY: only the lifetime changes, and the closure is used and dropped within `'f`: it lives in the
        // `Exclusive` alone, which lets it be used under its lock and gives it to nobody. `Loan` is a local of this
        // function, so that its `drop` runs before the function is left, thus within `'f`; it takes the closure out
        // under that same lock, so no call is in it and none comes after. The handles that are left hold nothing. The
        // test `a_scoped_callback_borrows_and_ends_with_its_scope` keeps one; `a_scope_waits_for_the_call_that_is_in_it` has a
        // thread in one while the scope ends.
        let function: Lent<A, T> = unsafe { mem::transmute(function) };
        let loan = Loan::<'f, A, T> {
            lent: Arc::new(Exclusive::new(function)),
            borrows: PhantomData,
        };
        body(&loan.lent)
    }
}

impl<A, T> Drop for Loan<'_, A, T> {
    fn drop(&mut self) {
        // A call that has to be waited for may need the interpreter.
        detach(|| drop(self.lent.take()));
    }
}

impl From<Refusal> for Box<dyn std::error::Error + Send + Sync> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Reentered => {
                "this callback is running already on this thread, and cannot be called from within itself"
            }
            Refusal::Panicked => "an earlier call of this callback has panicked",
            Refusal::Gone => "this callback was lent for a time that is over",
        }
        .into()
    }
}
