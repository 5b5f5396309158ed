//! A load under way, as its loader sees it, and how it is stopped.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use super::fail;
use super::inner::Inner;
use crate::Callback;
use crate::error::Result;
use crate::interpreter::{attach_if_running, send_async_exception, thread_ident};

/// How far a load has come.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// From 0 to 1, where the loader knows it.
    pub fraction: Option<f64>,
    /// What it is doing.
    pub text: String,
    /// Since the load began.
    pub after: Duration,
}

impl fmt::Display for Progress {
    /// `40 % reading weights`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fraction {
            Some(fraction) if self.text.is_empty() => write!(f, "{:.0} %", fraction * 100.0),
            Some(fraction) => write!(f, "{:.0} % {}", fraction * 100.0, self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// What a loader is given: it tells how far it has come, and learns whether anybody still waits.
#[derive(Clone)]
pub struct Loading {
    pub(super) inner: Weak<Inner>,
    pub(super) index: usize,
    pub(super) name: Arc<str>,
    pub(super) run: Arc<Run>,
    pub(super) attempt: u32,
}

impl Loading {
    /// The model's name.
    pub fn model(&self) -> &str {
        &self.name
    }

    /// 1, or 2 where the first attempt ran out of memory and others were evicted for it.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Tells all who wait how far it is: from 0 to 1, or `None` where that is not known. May be called attached.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](crate::ErrorKind::Cancelled): nobody waits for the model any more, or its time is over. Hand it on.
    pub fn progress(
        &self,
        fraction: impl Into<Option<f64>>,
        text: impl Into<String>,
    ) -> Result<()> {
        self.check()?;
        let fraction = fraction.into().filter(|fraction| !fraction.is_nan());
        let progress = Progress {
            fraction: fraction.map(|fraction| fraction.clamp(0.0, 1.0)),
            text: text.into(),
            after: self.run.began.elapsed(),
        };
        if let Some(inner) = self.inner.upgrade() {
            inner.progress(self.index, &self.run, &progress);
        }
        Ok(())
    }

    /// [`progress`](Self::progress) as a Python callable, `progress(fraction, text)`. When nobody waits any more it raises,
    /// which ends a loader that does not catch it.
    pub fn callback(&self) -> Callback {
        let loading = self.clone();
        Callback::new(move |fraction: Option<f64>, text: String| loading.progress(fraction, text))
    }

    /// Whether nobody waits for the model any more, or its time is over. A loader written in Rust should look now and then:
    /// it cannot be interrupted.
    pub fn is_cancelled(&self) -> bool {
        self.run.is_stopped()
    }

    /// [`is_cancelled`](Self::is_cancelled) as an error of kind [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(fail::stopped(&self.name));
        }
        Ok(())
    }
}

impl fmt::Debug for Loading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loading")
            .field("model", &self.name)
            .field("attempt", &self.attempt)
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// A thread that loads or unloads, as others see it.
pub(super) struct Run {
    pub(super) number: u64,
    pub(super) began: Instant,
    /// As Python numbers it; 0 before it runs.
    thread: AtomicUsize,
    stopped: AtomicBool,
    /// No exception may be raised in the thread any more. Locked for moves of memory, by attached threads.
    over: Mutex<bool>,
    /// Of a loader that is a future.
    waker: Mutex<Option<Waker>>,
}

impl Run {
    pub(super) fn new(number: u64) -> Arc<Self> {
        Arc::new(Self {
            number,
            began: Instant::now(),
            thread: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            over: Mutex::new(false),
            waker: Mutex::new(None),
        })
    }

    /// Called by the thread itself, before it uses Python.
    pub(super) fn begin(&self) {
        self.thread.store(thread_ident(), Ordering::Release);
    }

    pub(super) fn thread(&self) -> usize {
        self.thread.load(Ordering::Acquire)
    }

    /// Called by the thread itself: what runs on it now is not to be interrupted. An exception that it has not seen is
    /// taken back.
    pub(super) fn end(&self) {
        let ended = attach_if_running(|py| {
            *self.over() = true;
            send_async_exception(py, self.thread(), None);
        });
        if ended.is_none() {
            *self.over() = true;
        }
    }

    pub(super) fn over(&self) -> MutexGuard<'_, bool> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells it that nobody waits. Raising in the thread is another matter.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let waker = self.waker().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Whether it is stopped; if not, the context is woken when it is.
    pub(super) fn is_stopped_or_wake(&self, context: &Context<'_>) -> bool {
        let waker = context.waker().clone();
        let before = self.waker().replace(waker);
        drop(before);
        self.is_stopped()
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
