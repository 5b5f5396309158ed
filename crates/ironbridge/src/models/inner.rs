//! The lock around the book of models, and what is done once it is open.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;
use std::time::Instant;

use async_broadcast::{InactiveReceiver, Sender};
use async_io::Timer;

use super::event::{Change, ModelEvent};
use super::loading::{Progress, Run};
use super::model::Defaults;
use super::state::{Effects, Grant, Job, Outcome, Phase, ProgressHook, State, Ticket};
use super::{end, interrupt, load, meter, unload};
use crate::aio;
use crate::error::Result;
use crate::memory::Device;

pub(super) struct Inner {
    state: Mutex<State>,
    outbox: Mutex<Outbox>,
    sender: Sender<ModelEvent>,
    pub(super) events: InactiveReceiver<ModelEvent>,
    pub(super) defaults: Defaults,
}

/// Events in their order, until they are sent. Sending calls wakers, which may do anything: so no lock is held for it, and
/// whoever comes meanwhile leaves its events to whoever sends.
#[derive(Default)]
struct Outbox {
    events: VecDeque<ModelEvent>,
    sent: u64,
    is_sending: bool,
}

/// What asking for a model comes to.
pub(super) enum Asked {
    Leased(Grant),
    Waits(u64),
}

impl Inner {
    pub(super) fn new(
        defaults: Defaults,
        budgets: impl IntoIterator<Item = (Device, u64)>,
        events: usize,
    ) -> Arc<Self> {
        let (mut sender, receiver) = async_broadcast::broadcast(events.max(1));
        sender.set_overflow(true);
        let state = State {
            budgets: budgets.into_iter().collect(),
            ..State::default()
        };
        let inner = Arc::new(Self {
            state: Mutex::new(state),
            outbox: Mutex::default(),
            sender,
            events: receiver.deactivate(),
            defaults,
        });
        end::register(&inner);
        inner
    }

    /// Held for moves of memory: so it may be taken attached.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the book.
    pub(super) fn look<R>(&self, f: impl FnOnce(&State) -> R) -> R {
        f(&self.lock())
    }

    /// Writes into the book, and does what follows from it.
    pub(super) fn update<R>(self: &Arc<Self>, f: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = f(&mut state);
        state.schedule();
        let mut effects = std::mem::take(&mut state.effects);
        let due = state.next_due();
        let ring = due.filter(|due| state.armed.is_none_or(|armed| *due < armed));
        if ring.is_some() {
            state.armed = ring;
        }
        // Under the lock, so that events are in order.
        self.post(effects.events.drain(..));
        drop(state);
        // Before anybody is woken: who has a lease finds the event that tells of the load.
        self.send();
        self.follow(effects);
        if let Some(at) = ring {
            self.ring(at);
        }
        result
    }

    fn follow(self: &Arc<Self>, effects: Effects) {
        let Effects {
            wakers,
            jobs,
            tickets,
            stale,
            failures,
            events: _,
        } = effects;
        for job in jobs {
            match job {
                Job::Load(index, run) => load::start(self, index, &run),
                Job::Unload(index, run, value, reason) => {
                    unload::start(self, index, &run, value, reason);
                }
                Job::Stop(run) => {
                    run.stop();
                    interrupt::interrupt(run);
                }
            }
        }
        drop((tickets, stale, failures));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Looks what is due, at that time.
    fn ring(self: &Arc<Self>, at: Instant) {
        let inner = Arc::downgrade(self);
        let ring = async move {
            Timer::at(at).await;
            if let Some(inner) = Weak::upgrade(&inner) {
                inner.update(|state| {
                    if state.armed.is_some_and(|armed| armed <= at) {
                        state.armed = None;
                    }
                    state.expire(Instant::now());
                });
            }
        };
        aio::spawn(ring).detach();
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, events: impl Iterator<Item = (Arc<str>, Change)>) {
        let mut outbox = self.outbox();
        for (model, change) in events {
            outbox.sent += 1;
            let number = outbox.sent;
            outbox.events.push_back(ModelEvent {
                number,
                model,
                change,
            });
        }
    }

    fn send(&self) {
        let mut outbox = self.outbox();
        if outbox.is_sending {
            return;
        }
        outbox.is_sending = true;
        while let Some(event) = outbox.events.pop_front() {
            drop(outbox);
            let tell = AssertUnwindSafe(|| {
                meter::record(self, &event);
                // Without listeners it is not sent; with overflow it is never full.
                let oldest = self.sender.try_broadcast(event);
                drop(oldest);
            });
            // A recorder or a listener that panics has said so, and must not keep back what follows.
            let _ = catch_unwind(tell);
            outbox = self.outbox();
        }
        outbox.is_sending = false;
    }

    /// Asks for a model: a lease, or a place among those who wait.
    pub(super) fn ask(
        self: &Arc<Self>,
        index: usize,
        at: &'static Location<'static>,
        waker: &Waker,
        on_progress: Option<&ProgressHook>,
    ) -> Result<Asked> {
        let ticket = Ticket {
            index,
            at,
            waker: Some(waker.clone()),
            on_progress: on_progress.cloned(),
            outcome: None,
        };
        self.update(move |state| {
            let asked = match state.grant_or_refuse(index, at) {
                Ok(None) => {
                    let number = state.take_ticket(ticket);
                    state.entries[index].waiting.push(number);
                    state.load_again_if_wanted(index);
                    return Ok(Asked::Waits(number));
                }
                Ok(Some(grant)) => Ok(Asked::Leased(grant)),
                Err(error) => Err(error),
            };
            // It holds what is a user's, which is not dropped under the lock.
            state.effects.tickets.push(ticket);
            asked
        })
    }

    pub(super) fn poll(self: &Arc<Self>, ticket: u64, waker: Waker) -> Option<Outcome> {
        self.update(|state| state.poll_ticket(ticket, waker))
    }

    /// Waits no more.
    pub(super) fn leave(self: &Arc<Self>, ticket: u64) {
        if let Some((index, grant)) = self.update(|state| state.leave(ticket)) {
            let Grant { value, lease } = grant;
            drop(value);
            self.update(|state| state.give_back(index, lease));
        }
    }

    /// Tells all who wait how far a load is.
    pub(super) fn progress(self: &Arc<Self>, index: usize, run: &Run, progress: &Progress) {
        let hooks: Vec<ProgressHook> = self.update(|state| {
            let entry = &mut state.entries[index];
            match &entry.phase {
                Phase::Loading(load) if load.run.number == run.number => {}
                _ => return Vec::new(),
            }
            entry.progress = Some(progress.clone());
            let waiting = entry.waiting.iter();
            let tickets = waiting.filter_map(|number| state.tickets.get(number));
            let hooks = tickets.filter_map(|ticket| ticket.on_progress.clone());
            let hooks = hooks.collect();
            state.tell(index, Change::Progress(progress.clone()));
            hooks
        });
        if !hooks.is_empty() {
            crate::detach(|| hooks.iter().for_each(|hook| hook(progress)));
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Models").finish_non_exhaustive()
    }
}
