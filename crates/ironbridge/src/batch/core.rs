//! The batcher itself: who waits, what is under way, what begins next.
//!
//! There is no task that waits for items. Whoever submits one begins a batch if there is room for it, and the end of a
//! batch begins the next. The lock is held for moves of memory, never while the user's code runs or somebody is woken.

use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_io::Timer;

use super::driver::Driver;
use super::items::Items;
use super::measure::Meters;
use super::queue::{Next, Queue};
use super::run::{self, Batch};
use super::slot::{Left, Life, Slot};
use super::stats::Stats;
use crate::error::{Error, ErrorKind, Report, Result};
use crate::turns::Turns;

/// One call of the batch function, which runs none of the user's code before it is polled: an outcome for each item.
pub(super) type Call<O> = Pin<Box<dyn Future<Output = Result<Vec<Result<O>>>> + Send>>;
pub(super) type Function<I, O> = Box<dyn Fn(Items<I>) -> Call<O> + Send + Sync>;

/// How a batcher behaves.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) name: Arc<str>,
    pub(super) max: usize,
    pub(super) wait: Duration,
    pub(super) wait_for_answered: Duration,
    pub(super) queue: usize,
    pub(super) concurrency: usize,
    pub(super) timeout: Option<Duration>,
    pub(super) bisect: bool,
    pub(super) halve: bool,
}

pub(super) struct Core<I, O, K> {
    pub(super) settings: Settings,
    pub(super) function: Function<I, O>,
    key: Box<dyn Fn(&I) -> K + Send + Sync>,
    driver: Driver,
    state: Mutex<State<I, O, K>>,
    /// Somebody may have left the queue.
    room: Arc<Turns>,
    /// Nothing waits and nothing is under way any more.
    idle: Arc<Turns>,
    meters: Meters,
}

struct State<I, O, K> {
    queue: Queue<I, O, K>,
    in_flight: usize,
    is_closed: bool,
    answered: Answered,
    /// For when a timer is set.
    alarm: Option<Instant>,
    stats: Stats,
}

/// Those whose batch is just over: they may come again at once.
#[derive(Default)]
struct Answered {
    /// How many items wait when all of them have.
    expected: usize,
    /// They are waited for no longer.
    until: Option<Instant>,
}

impl Answered {
    /// Until when those who wait are to wait for more of them, if they are.
    fn due(&mut self, waiting: usize) -> Option<Instant> {
        let until = self.until?;
        if waiting == 0 {
            return None;
        }
        if waiting >= self.expected || until <= Instant::now() {
            self.until = None;
            return None;
        }
        Some(until)
    }
}

/// Why an item was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Full,
    Closed,
}

/// A batcher, whatever its keys are.
pub(super) trait Batching<I, O>: Send + Sync {
    fn settings(&self) -> &Settings;
    fn stats(&self) -> Stats;
    /// Takes an item into the queue, if there is room.
    fn enter(self: Arc<Self>, item: I) -> Result<Arc<Slot<I, O>>, (Refusal, I)>;
    /// The item's caller is gone. Whether it waited for its batch still.
    fn leave(self: Arc<Self>, slot: &Slot<I, O>) -> bool;
    /// Given when there may be room.
    fn room(&self) -> Arc<Turns>;
    /// No more items are taken.
    fn close(self: Arc<Self>);
    fn is_idle(&self) -> bool;
    /// Given when it may be idle.
    fn idle(&self) -> Arc<Turns>;
}

impl<I, O, K> Core<I, O, K>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    pub(super) fn new(
        settings: Settings,
        function: Function<I, O>,
        key: Box<dyn Fn(&I) -> K + Send + Sync>,
        driver: Driver,
    ) -> Self {
        let meters = Meters::new(&settings.name);
        Self {
            settings,
            function,
            key,
            driver,
            state: Mutex::new(State {
                queue: Queue::new(),
                in_flight: 0,
                is_closed: false,
                answered: Answered::default(),
                alarm: None,
                stats: Stats::default(),
            }),
            room: Arc::new(Turns::new()),
            idle: Arc::new(Turns::new()),
            meters,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<I, O, K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the batches that are ready, as many as may be under way.
    fn launch(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            if state.in_flight >= self.settings.concurrency {
                return;
            }
            match self.next(&mut state) {
                Next::Ready(key) => {
                    let batch = self.form(&mut state, &key);
                    drop(state);
                    let Some(batch) = batch else { continue };
                    self.room.give(batch.len());
                    self.driver.spawn(run::run(batch), true);
                }
                Next::At(due) => {
                    let is_set = state.alarm.is_some_and(|alarm| alarm <= due);
                    if !is_set {
                        state.alarm = Some(due);
                    }
                    drop(state);
                    if !is_set {
                        self.set_alarm(due);
                    }
                    return;
                }
                Next::Nothing => return,
            }
        }
    }

    /// Nobody waits for company where none can come: with a full queue, or after the close.
    fn next(&self, state: &mut State<I, O, K>) -> Next<K> {
        let Settings {
            max, wait, queue, ..
        } = self.settings;
        let has_room = !state.is_closed && state.queue.len() < queue;
        if has_room && let Some(due) = state.answered.due(state.queue.len()) {
            return Next::At(due);
        }
        let waits = !wait.is_zero() && has_room;
        state.queue.next(max, wait, waits.then(Instant::now))
    }

    /// Takes items of the key out of the queue. `None` where all of them had left.
    fn form(self: &Arc<Self>, state: &mut State<I, O, K>, key: &K) -> Option<Batch<I, O, K>> {
        let life = Arc::new(Life::new());
        let expected = self.settings.max.min(state.queue.len());
        let mut slots = Vec::with_capacity(expected);
        let mut items = Vec::with_capacity(expected);
        let now = Instant::now();
        let mut waited = Duration::ZERO;
        state.queue.take(key, self.settings.max, |slot| {
            let Some(item) = slot.take(&life) else {
                return false;
            };
            let wait = now.saturating_duration_since(slot.since);
            self.meters.waited(wait);
            waited += wait;
            items.push(item);
            slots.push(slot);
            true
        });
        if slots.is_empty() {
            return None;
        }
        life.begin(slots.len());
        state.in_flight += 1;
        let totals = &mut state.stats;
        totals.batches += 1;
        totals.items += slots.len() as u64;
        totals.largest = totals.largest.max(slots.len());
        totals.waited += waited;
        self.meters.queued(state.queue.len());
        self.meters.batch(slots.len());
        Some(Batch::new(Arc::clone(self), slots, Items::new(items), life))
    }

    fn set_alarm(self: &Arc<Self>, due: Instant) {
        let core = Arc::downgrade(self);
        let ring = async move {
            Timer::at(due).await;
            let Some(core) = core.upgrade() else { return };
            let mut state = core.state();
            if state.alarm == Some(due) {
                state.alarm = None;
            }
            drop(state);
            core.launch();
        };
        self.driver.spawn(ring, false);
    }

    /// The function was called.
    pub(super) fn called(&self, took: Duration) {
        self.state().stats.calls += 1;
        self.meters.called(took);
    }

    /// Items ended with errors.
    pub(super) fn failed(&self, items: usize) {
        self.state().stats.errors += items as u64;
        self.meters.errors(items as u64);
    }

    /// Items are about to get their outcomes, and their callers may come again.
    pub(super) fn answering(&self, items: usize) {
        if self.settings.wait_for_answered.is_zero() {
            return;
        }
        let mut state = self.state();
        state.answered.expected = (state.queue.len() + items).min(self.settings.max);
    }

    /// A batch is over: the next may begin.
    pub(super) fn finished(self: &Arc<Self>) {
        let wait = self.settings.wait_for_answered;
        let mut state = self.state();
        state.in_flight -= 1;
        state.answered.until = (!wait.is_zero()).then(|| Instant::now() + wait);
        drop(state);
        self.launch();
        self.tell_idle();
    }

    fn tell_idle(&self) {
        if self.is_idle() {
            self.idle.give(usize::MAX);
        }
    }
}

impl<I, O, K> Batching<I, O> for Core<I, O, K>
where
    I: Send + Sync + 'static,
    O: Send + 'static,
    K: Hash + Eq + Clone + Send + 'static,
{
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn stats(&self) -> Stats {
        let state = self.state();
        Stats {
            queued: state.queue.len(),
            in_flight: state.in_flight,
            ..state.stats
        }
    }

    fn enter(self: Arc<Self>, item: I) -> Result<Arc<Slot<I, O>>, (Refusal, I)> {
        let key = (self.key)(&item);
        let mut state = self.state();
        let refusal = if state.is_closed {
            Some(Refusal::Closed)
        } else if state.queue.len() >= self.settings.queue {
            Some(Refusal::Full)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            drop(state);
            return Err((refusal, item));
        }
        let slot = Arc::new(Slot::new(item));
        state.queue.push(key, Arc::clone(&slot));
        self.meters.queued(state.queue.len());
        let may_begin = state.in_flight < self.settings.concurrency;
        drop(state);
        if may_begin {
            self.launch();
        }
        Ok(slot)
    }

    fn leave(self: Arc<Self>, slot: &Slot<I, O>) -> bool {
        // Under the lock, so that no batch is formed in between.
        let mut state = self.state();
        let left = slot.leave();
        if matches!(left, Left::Waiting(_)) {
            state.queue.forget_one();
            self.meters.queued(state.queue.len());
        }
        drop(state);
        match left {
            Left::Waiting(item) => {
                drop(item);
                self.room.give(1);
                self.tell_idle();
                return true;
            }
            Left::UnderWay(life) => life.leave(),
            Left::Over => {}
        }
        false
    }

    fn room(&self) -> Arc<Turns> {
        Arc::clone(&self.room)
    }

    fn close(self: Arc<Self>) {
        self.state().is_closed = true;
        self.room.give(usize::MAX);
        self.launch();
    }

    fn is_idle(&self) -> bool {
        let state = self.state();
        state.in_flight == 0 && state.queue.len() == 0
    }

    fn idle(&self) -> Arc<Turns> {
        Arc::clone(&self.idle)
    }
}

impl Settings {
    /// The error of an item that was not taken.
    #[cold]
    pub(super) fn refuse(&self, refusal: Refusal) -> Error {
        let name = &self.name;
        match refusal {
            Refusal::Full => {
                let queue = self.queue;
                let report = Report::new(format!("{name} took no more items: its queue is full"))
                    .detail("waiting", format!("{queue} of {queue} allowed"))
                    .help("await `submit`, which waits for room; or allow more with `queue(…)`");
                Error::report(ErrorKind::QueueFull, report)
            }
            Refusal::Closed => {
                let report = Report::new(format!("{name} took no more items: it was closed"));
                Error::report(ErrorKind::Cancelled, report)
            }
        }
    }
}
