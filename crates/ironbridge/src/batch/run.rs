//! One batch: its function is called, for parts of it again where it failed, and each item gets its outcome.

use std::any::Any;
use std::future::poll_fn;
use std::hash::Hash;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use async_io::Timer;

use super::core::Core;
use super::items::Items;
use super::slot::{Life, Slot};
use crate::error::{Error, ErrorKind, Report, Result};

/// Items on their way. However it ends, each of them gets an outcome, and the next batch may begin.
pub(super) struct Batch<I, O, K>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    core: Arc<Core<I, O, K>>,
    slots: Vec<Arc<Slot<I, O>>>,
    /// Until they are given to the function for the last time.
    items: Option<Items<I>>,
    life: Arc<Life>,
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

/// Why a call failed.
enum Failure {
    /// The batch function's own error.
    Function(Error),
    /// What calling it again cannot mend.
    Final(Error),
    /// Nobody waits any more.
    Abandoned,
}

/// The outcome of a call for a range of the items.
type Outcome<O> = Result<Vec<Result<O>>, Failure>;

impl<I, O, K> Batch<I, O, K>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    pub(super) fn new(
        core: Arc<Core<I, O, K>>,
        slots: Vec<Arc<Slot<I, O>>>,
        items: Items<I>,
        life: Arc<Life>,
    ) -> Self {
        #[cfg(feature = "tracing")]
        let span = tracing::debug_span!(
            parent: None,
            "batch",
            batcher = &*core.settings.name,
            size = slots.len(),
        );
        Self {
            core,
            slots,
            items: Some(items),
            life,
            #[cfg(feature = "tracing")]
            span,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    #[cfg_attr(
        not(feature = "tracing"),
        allow(clippy::unused_self, reason = "there are no spans")
    )]
    fn in_span<R>(&self, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        return self.span.in_scope(f);
        #[cfg(not(feature = "tracing"))]
        f()
    }

    /// The items of a range. Where they are needed only once the batch does not keep them, so that they need not be
    /// copied.
    fn items(&mut self, range: &Range<usize>) -> Option<Items<I>> {
        let settings = &self.core.settings;
        if settings.bisect || settings.halve {
            self.items.as_ref().map(|items| items.part(range))
        } else {
            self.items.take()
        }
    }

    /// Calls the function for a range of the items.
    async fn call(&mut self, range: &Range<usize>) -> Outcome<O> {
        let Some(items) = self.items(range) else {
            return Err(Failure::Abandoned);
        };
        let count = items.len();
        let begun = Instant::now();
        let mut future = self.in_span(|| (self.core.function)(items));
        let limit = self.core.settings.timeout;
        let mut timer = limit.map(Timer::after);
        let outcome = poll_fn(|context| {
            if self.life.poll_over(context) {
                return Poll::Ready(Err(Failure::Abandoned));
            }
            let polled =
                self.in_span(|| catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))));
            match polled {
                Ok(Poll::Ready(outcome)) => {
                    return Poll::Ready(outcome.map_err(Failure::Function));
                }
                Ok(Poll::Pending) => {}
                Err(panic) => return Poll::Ready(Err(self.panicked(&*panic))),
            }
            match &mut timer {
                Some(timer) => Pin::new(timer).poll(context).map(|_| Err(self.late(count))),
                None => Poll::Pending,
            }
        })
        .await;
        // Here, where a panic of it does no more harm.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
        self.core.called(begun.elapsed());
        let outcomes = outcome?;
        if outcomes.len() != count {
            return Err(self.miscounted(outcomes.len(), count));
        }
        Ok(outcomes)
    }

    #[cold]
    fn panicked(&self, panic: &(dyn Any + Send)) -> Failure {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("of another type than text");
        let name = &self.core.settings.name;
        let report = Report::new(format!("the batch function of {name} panicked: {text}"));
        Failure::Final(Error::report(ErrorKind::Cancelled, report))
    }

    #[cold]
    fn late(&self, count: usize) -> Failure {
        let name = &self.core.settings.name;
        let given = self.core.settings.timeout.unwrap_or_default();
        let report = Report::new(format!(
            "a batch of {name} took longer than the {given:?} it was given"
        ))
        .detail("items", count.to_string());
        Failure::Final(Error::report(ErrorKind::Timeout, report))
    }

    #[cold]
    fn miscounted(&self, found: usize, count: usize) -> Failure {
        let name = &self.core.settings.name;
        let (items, results) = (plural(count, "item"), plural(found, "result"));
        let report = Report::new(format!(
            "the batch function of {name} gave {results} for {items}"
        ))
        .help("it must give one result for each item, in their order; `None` or an exception where an item has none");
        Failure::Final(Error::report(ErrorKind::Conversion, report))
    }

    /// Calls the function for the range, and for halves of it where it fails and its settings say so.
    async fn run(&mut self) {
        // What is still to be called, the last first.
        let mut parts = Vec::new();
        parts.push(0..self.slots.len());
        while let Some(part) = parts.pop() {
            if self.is_abandoned(&part) {
                continue;
            }
            let error = match self.call(&part).await {
                Ok(outcomes) => {
                    self.deliver(&part, outcomes);
                    continue;
                }
                Err(Failure::Abandoned) => return,
                Err(Failure::Final(error)) => {
                    self.fail(&part, error);
                    continue;
                }
                Err(Failure::Function(error)) => error,
            };
            if part.len() > 1 && self.is_worth_halving(&error) {
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            } else {
                self.fail(&part, error);
            }
        }
    }

    fn is_worth_halving(&self, error: &Error) -> bool {
        if error.kind() == ErrorKind::OutOfMemory {
            return self.core.settings.halve;
        }
        self.core.settings.bisect
            && !matches!(
                error.kind(),
                ErrorKind::Timeout
                    | ErrorKind::Cancelled
                    | ErrorKind::QueueFull
                    | ErrorKind::Start
                    | ErrorKind::SystemExit
                    | ErrorKind::KeyboardInterrupt
            )
    }

    /// Whether all callers of these items have left.
    fn is_abandoned(&self, part: &Range<usize>) -> bool {
        !self.slots[part.clone()]
            .iter()
            .any(|slot| slot.is_under_way())
    }

    fn deliver(&mut self, part: &Range<usize>, outcomes: Vec<Result<O>>) {
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        if failed > 0 {
            self.core.failed(failed);
        }
        self.core.answering(part.len());
        let slots = self.slots[part.clone()].iter();
        let woken = slots.zip(outcomes);
        let wakers: Vec<Waker> = woken
            .filter_map(|(slot, outcome)| slot.end(outcome))
            .collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The one error for all of a part that have no outcome.
    fn fail(&mut self, part: &Range<usize>, error: Error) {
        if part.len() == 1 {
            self.deliver(part, vec![Err(error)]);
            return;
        }
        let error = Arc::new(error);
        let all = part.clone().map(|_| Err(Error::shared(&error)));
        self.deliver(part, all.collect());
    }
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Runs the batch to its end.
pub(super) async fn run<I, O, K>(mut batch: Batch<I, O, K>)
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    batch.run().await;
}

impl<I, O, K> Drop for Batch<I, O, K>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    fn drop(&mut self) {
        let all = 0..self.slots.len();
        if !self.is_abandoned(&all) {
            let name = &self.core.settings.name;
            let report = Report::new(format!("a batch of {name} was given up"))
                .detail("cause", "whatever ran it dropped it before its end");
            self.fail(&all, Error::report(ErrorKind::Cancelled, report));
        }
        self.slots = Vec::new();
        self.items = None;
        self.core.finished();
    }
}
