//! Where batches are polled: their first time wherever they are launched, then on a thread of the batcher's own.
//!
//! Not in the waker, as Python's thread calls that, attached; and what an item waits for may hold a lock then.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use async_task::Runnable;

/// What a batcher runs: it ends with `()`, and its end means nothing.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// Runs the batches of one batcher.
pub(super) enum Driver {
    Own(Arc<Thread>),
    /// The user's executor.
    Given(Box<dyn Fn(Work) + Send + Sync>),
}

/// A thread that is made when it is needed, and ends with the batcher.
#[derive(Default)]
pub(super) struct Thread {
    /// Its process too: a forked child has the memory, but not the thread.
    sender: Mutex<Option<(u32, mpsc::Sender<Runnable>)>>,
}

thread_local! {
    /// A batch is being polled where it was launched.
    static INLINE: Cell<bool> = const { Cell::new(false) };
}

impl Driver {
    pub(super) fn own() -> Self {
        Self::Own(Arc::default())
    }

    /// Runs the work. `at_once` lets this thread poll it first, if it is not polling another.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static, at_once: bool) {
        let thread = match self {
            Self::Own(thread) => Arc::clone(thread),
            Self::Given(spawn) => return spawn(Box::pin(work)),
        };
        let (runnable, task) = async_task::spawn(work, move |runnable| thread.schedule(runnable));
        task.detach();
        // Batches that end at once launch each other: not one on the stack of the other.
        if at_once && !INLINE.replace(true) {
            let _reset = Reset;
            runnable.run();
        } else {
            runnable.schedule();
        }
    }
}

struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        INLINE.set(false);
    }
}

impl Thread {
    fn schedule(&self, runnable: Runnable) {
        let process = std::process::id();
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sender)) = sender.as_ref().filter(|(of, _)| *of == process) {
            // Its thread receives as long as there is a sender.
            let _ = sender.send(runnable);
            return;
        }
        let (new, receiver) = mpsc::channel::<Runnable>();
        let made = thread::Builder::new()
            .name("ironbridge-batch".into())
            .spawn(move || {
                for runnable in receiver {
                    runnable.run();
                }
            });
        if made.is_ok() {
            let _ = new.send(runnable);
            std::mem::forget(sender.replace((process, new)));
        }
        // Else the batch is dropped, which fails its items.
    }
}
