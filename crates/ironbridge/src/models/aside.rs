//! Short work that takes the interpreter, for futures, which may not wait for it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

/// Done when its work is.
pub(super) struct Aside(Arc<Mutex<Progress>>);

#[derive(Default)]
struct Progress {
    is_done: bool,
    waker: Option<Waker>,
}

/// Ends the waiting however the work ends.
struct Done(Arc<Mutex<Progress>>);

impl Drop for Done {
    fn drop(&mut self) {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        progress.is_done = true;
        let waker = progress.waker.take();
        drop(progress);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Does it on a thread of its own. Without a thread it is not done.
pub(super) fn aside(work: impl FnOnce() + Send + 'static) -> Aside {
    let progress = Arc::new(Mutex::default());
    let done = Done(progress.clone());
    let _ = thread::Builder::new()
        .name("ironbridge-models".into())
        .spawn(move || {
            let _done = done;
            work();
        });
    Aside(progress)
}

impl Future for Aside {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.is_done {
            return Poll::Ready(());
        }
        let before = progress.waker.replace(waker);
        drop(progress);
        drop(before);
        Poll::Pending
    }
}
