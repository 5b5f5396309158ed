//! What is known of each model: the book that everything else reads and writes, under one lock.
//!
//! Nothing here waits, runs Python or a user's code, or drops what is a user's. What has to happen outside of the lock is
//! put down in [`Effects`].

use std::collections::{BTreeMap, HashMap};
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use bytesize::ByteSize;

use super::event::Change;
use super::loading::{Progress, Run};
use super::model::{Spec, Value};
use super::report::{Reason, Unloaded};
use crate::error::Error;
use crate::memory::Device;

/// So many bytes of each device.
pub(super) type Bytes = Vec<(Device, u64)>;
pub(super) type ProgressHook = Arc<dyn Fn(&Progress) + Send + Sync>;

#[derive(Default)]
pub(super) struct State {
    pub(super) entries: Vec<Entry>,
    pub(super) by_name: HashMap<Arc<str>, usize>,
    pub(super) budgets: BTreeMap<Device, u64>,
    /// Models that wait for room, in the order in which they came.
    pub(super) queue: Vec<usize>,
    pub(super) tickets: HashMap<u64, Ticket>,
    /// Futures that look again whenever a model has gone.
    pub(super) watchers: Vec<Waker>,
    /// No more loads: why.
    pub(super) closed: Option<&'static str>,
    /// Closed, and idle models are to go.
    pub(super) clearing: bool,
    /// When the timer rings that is set.
    pub(super) armed: Option<Instant>,
    pub(super) numbers: u64,
    pub(super) effects: Effects,
}

/// What is to be done once the lock is open.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) wakers: Vec<Waker>,
    pub(super) jobs: Vec<Job>,
    /// Only to be dropped: what is a user's is not dropped under the lock.
    pub(super) tickets: Vec<Ticket>,
    pub(super) stale: Vec<Waker>,
    pub(super) failures: Vec<Failure>,
    pub(super) events: Vec<(Arc<str>, Change)>,
}

pub(super) enum Job {
    Load(usize, Arc<Run>),
    Unload(usize, Arc<Run>, Value, Reason),
    /// Tells it to stop, and interrupts it.
    Stop(Arc<Run>),
}

pub(super) struct Entry {
    pub(super) spec: Arc<Spec>,
    pub(super) pinned: bool,
    pub(super) phase: Phase,
    /// Tickets of those who wait for it, in order.
    pub(super) waiting: Vec<u64>,
    pub(super) leases: BTreeMap<u64, Holder>,
    /// Tickets of those who wait for it to go.
    pub(super) unloads: Vec<u64>,
    pub(super) failure: Option<Failure>,
    /// The next load does not wait for the threads of those that were given up.
    pub(super) is_forced: bool,
    /// Loads that were given up, whose threads are not done.
    pub(super) abandoned: Vec<LoadRun>,
    /// What it was found to take, where it does not say.
    pub(super) measured: BTreeMap<Device, u64>,
    pub(super) progress: Option<Progress>,
    pub(super) loads: u64,
    /// Rises with each use, over all models.
    pub(super) last_used: u64,
}

pub(super) enum Phase {
    Absent,
    Queued { since: Instant },
    Loading(LoadRun),
    Loaded(Loaded),
    Unloading(UnloadRun),
}

pub(super) struct LoadRun {
    pub(super) run: Arc<Run>,
    pub(super) reserved: Bytes,
    /// Devices of which it takes what will be measured.
    pub(super) unknown: Vec<Device>,
    pub(super) deadline: Option<Instant>,
    pub(super) cancelled: bool,
}

pub(super) struct Loaded {
    pub(super) value: Value,
    pub(super) bytes: Bytes,
    pub(super) idle_since: Option<Instant>,
}

pub(super) struct UnloadRun {
    pub(super) run: Arc<Run>,
    pub(super) bytes: Bytes,
    /// When its hook is to be interrupted.
    pub(super) deadline: Option<Instant>,
}

/// Who has a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) at: &'static Location<'static>,
    pub(super) since: Instant,
}

/// Somebody who waits.
pub(super) struct Ticket {
    pub(super) index: usize,
    pub(super) at: &'static Location<'static>,
    pub(super) waker: Option<Waker>,
    pub(super) on_progress: Option<ProgressHook>,
    pub(super) outcome: Option<Outcome>,
}

pub(super) enum Outcome {
    Leased(Grant),
    Failed(Failure),
    Closed,
    /// `None`: it was not there.
    Gone(Option<Arc<Unloaded>>),
}

pub(super) struct Grant {
    pub(super) value: Value,
    pub(super) lease: u64,
}

/// An error with its story, which was read outside of the lock: reading it can take the interpreter.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) error: Arc<Error>,
    pub(super) story: Arc<str>,
}

impl From<Error> for Told {
    fn from(error: Error) -> Self {
        let story = format!("{error:#}").into();
        let error = Arc::new(error);
        Self { error, story }
    }
}

/// A load that failed.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) told: Told,
    pub(super) in_a_row: u32,
    /// When the next attempt may be made.
    pub(super) until: Option<Instant>,
}

/// What becomes of a load that has ended.
pub(super) enum Verdict {
    Settled,
    /// It came too late: it is to be unloaded.
    ThrowAway(Value),
}

impl Entry {
    pub(super) fn new(spec: Spec) -> Self {
        Self {
            pinned: spec.pinned,
            spec: Arc::new(spec),
            phase: Phase::Absent,
            waiting: Vec::new(),
            leases: BTreeMap::new(),
            unloads: Vec::new(),
            failure: None,
            is_forced: false,
            abandoned: Vec::new(),
            measured: BTreeMap::new(),
            progress: None,
            loads: 0,
            last_used: 0,
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.spec.name
    }

    /// Whether it is loaded, and nobody has it.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Loaded(_)) && self.leases.is_empty()
    }

    /// What it takes of a device, or may take.
    pub(super) fn bytes_on(&self, device: Device) -> u64 {
        let bytes = match &self.phase {
            Phase::Absent | Phase::Queued { .. } => &[],
            Phase::Loading(load) => load.reserved.as_slice(),
            Phase::Loaded(loaded) => loaded.bytes.as_slice(),
            Phase::Unloading(unload) => unload.bytes.as_slice(),
        };
        let abandoned = self.abandoned.iter().flat_map(|load| &load.reserved);
        let all = bytes.iter().chain(abandoned);
        all.filter(|(on, _)| *on == device).map(|(_, n)| n).sum()
    }

    pub(super) fn is_on(&self, device: Device) -> bool {
        self.spec.needs.iter().any(|need| need.device == device)
    }
}

impl State {
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn tell(&mut self, index: usize, change: Change) {
        let name = self.entries[index].name().clone();
        self.effects.events.push((name, change));
    }

    /// Has a future look again when a model has gone.
    pub(super) fn watch(&mut self, waker: Waker) {
        if self.watchers.iter().any(|known| known.will_wake(&waker)) {
            self.effects.stale.push(waker);
        } else {
            self.watchers.push(waker);
        }
    }

    pub(super) fn wake_watchers(&mut self) {
        let watchers = self.watchers.drain(..);
        self.effects.wakers.extend(watchers);
    }

    /// Gives a lease of a loaded model.
    pub(super) fn grant(&mut self, index: usize, at: &'static Location<'static>) -> Option<Grant> {
        let lease = self.number();
        let used = self.number();
        let entry = &mut self.entries[index];
        let Phase::Loaded(loaded) = &mut entry.phase else {
            return None;
        };
        loaded.idle_since = None;
        entry.last_used = used;
        let since = Instant::now();
        entry.leases.insert(lease, Holder { at, since });
        Some(Grant {
            value: loaded.value.clone(),
            lease,
        })
    }

    /// Takes a lease back. Its value was dropped before.
    pub(super) fn give_back(&mut self, index: usize, lease: u64) {
        let used = self.number();
        let entry = &mut self.entries[index];
        entry.leases.remove(&lease);
        entry.last_used = used;
        if entry.leases.is_empty()
            && let Phase::Loaded(loaded) = &mut entry.phase
        {
            loaded.idle_since = Some(Instant::now());
        }
        if entry.leases.is_empty() {
            self.wake_watchers();
        }
    }

    /// Puts somebody on the list of those who wait.
    pub(super) fn take_ticket(&mut self, ticket: Ticket) -> u64 {
        let number = self.number();
        self.tickets.insert(number, ticket);
        number
    }

    /// Has those on the list have their outcomes.
    pub(super) fn settle(&mut self, tickets: &[u64], mut outcome: impl FnMut() -> Outcome) {
        for number in tickets {
            if let Some(ticket) = self.tickets.get_mut(number) {
                ticket.outcome = Some(outcome());
                self.effects.wakers.extend(ticket.waker.take());
            }
        }
    }

    /// What a ticket has come to; else its waker is kept.
    pub(super) fn poll_ticket(&mut self, number: u64, waker: Waker) -> Option<Outcome> {
        let ticket = self.tickets.get_mut(&number)?;
        if ticket.outcome.is_none() {
            let before = ticket.waker.replace(waker);
            self.effects.stale.extend(before);
            return None;
        }
        let mut ticket = self.tickets.remove(&number)?;
        let outcome = ticket.outcome.take();
        self.effects.tickets.push(ticket);
        outcome
    }

    /// Somebody waits no more. Gives a lease that had been granted meanwhile.
    pub(super) fn leave(&mut self, number: u64) -> Option<(usize, Grant)> {
        let mut ticket = self.tickets.remove(&number)?;
        let index = ticket.index;
        let granted = match ticket.outcome.take() {
            Some(Outcome::Leased(grant)) => Some((index, grant)),
            other => {
                ticket.outcome = other;
                None
            }
        };
        self.effects.tickets.push(ticket);
        let entry = &mut self.entries[index];
        entry.waiting.retain(|waiting| *waiting != number);
        let unloads = entry.unloads.len();
        entry.unloads.retain(|waiting| *waiting != number);
        if unloads > 0 && entry.unloads.is_empty() {
            self.serve(index);
        }
        self.cancel_if_unwanted(index);
        granted
    }

    /// Gives leases of a loaded model to those who wait for it.
    pub(super) fn serve(&mut self, index: usize) {
        if !matches!(self.entries[index].phase, Phase::Loaded(_)) {
            return;
        }
        for number in std::mem::take(&mut self.entries[index].waiting) {
            let Some(at) = self.tickets.get(&number).map(|ticket| ticket.at) else {
                continue;
            };
            if let Some(grant) = self.grant(index, at) {
                let mut grant = Some(grant);
                self.settle(&[number], || {
                    grant.take().map_or(Outcome::Closed, Outcome::Leased)
                });
            }
        }
    }

    /// Ends a load that nobody waits for.
    pub(super) fn cancel_if_unwanted(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        if !entry.waiting.is_empty() {
            return;
        }
        match &mut entry.phase {
            Phase::Queued { .. } => {
                entry.phase = Phase::Absent;
                self.queue.retain(|queued| *queued != index);
                self.tell(index, Change::Cancelled);
            }
            Phase::Loading(load) if !load.cancelled => {
                load.cancelled = true;
                let run = load.run.clone();
                self.effects.jobs.push(Job::Stop(run));
            }
            _ => {}
        }
    }

    pub(super) fn enqueue(&mut self, index: usize) {
        let since = Instant::now();
        self.entries[index].phase = Phase::Queued { since };
        self.queue.push(index);
        self.tell(index, Change::Queued);
    }

    /// How much of a device is taken, by what.
    pub(super) fn taken(&self, device: Device) -> u64 {
        let entries = self.entries.iter();
        entries.map(|entry| entry.bytes_on(device)).sum()
    }

    /// Ends the waiting of all who wait for a model to be loaded.
    pub(super) fn fail_waiting(&mut self, index: usize, failure: &Failure) {
        let waiting = std::mem::take(&mut self.entries[index].waiting);
        self.settle(&waiting, || Outcome::Failed(failure.clone()));
    }
}

pub(super) fn sizes(bytes: &[(Device, u64)]) -> Vec<(Device, ByteSize)> {
    let bytes = bytes.iter();
    bytes
        .map(|(device, n)| (*device, ByteSize::b(*n)))
        .collect()
}
