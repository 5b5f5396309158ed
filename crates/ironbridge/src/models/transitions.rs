//! How models go from phase to phase: loads that end, models that go, time that passes.

use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesize::ByteSize;

use super::event::Change;
use super::fail;
use super::loading::Run;
use super::model::Value;
use super::report::{Reason, Unloaded};
use super::state::{
    Bytes, Failure, Grant, Job, LoadRun, Loaded, Outcome, Phase, State, Told, UnloadRun, Verdict,
    sizes,
};

impl State {
    /// A lease, where the model is there. `None`: it is to be waited for.
    pub(super) fn grant_or_refuse(
        &mut self,
        index: usize,
        at: &'static Location<'static>,
    ) -> crate::Result<Option<Grant>> {
        let entry = &self.entries[index];
        if let Some(why) = self.closed {
            return Err(fail::closed(entry.name(), why));
        }
        if matches!(entry.phase, Phase::Loaded(_)) && entry.unloads.is_empty() {
            return Ok(self.grant(index, at));
        }
        if matches!(entry.phase, Phase::Absent)
            && let Some(failure) = &entry.failure
        {
            let now = Instant::now();
            let must_wait = failure.until.is_none_or(|until| now < until);
            if must_wait || !entry.abandoned.is_empty() {
                return Err(fail::refused(entry, failure, now));
            }
        }
        Ok(None)
    }

    /// A load has ended.
    pub(super) fn finished(
        &mut self,
        index: usize,
        run: &Run,
        outcome: Result<(Value, Bytes), Told>,
    ) -> Verdict {
        let is_this = |load: &LoadRun| load.run.number == run.number;
        let closed = self.closed.is_some();
        let entry = &mut self.entries[index];
        if entry.abandoned.iter().any(is_this) {
            if let Ok((value, _)) = outcome {
                return Verdict::ThrowAway(value);
            }
            self.forget_abandoned(index, run);
            return Verdict::Settled;
        }
        let phase = mem::replace(&mut entry.phase, Phase::Absent);
        let Phase::Loading(load) = phase else {
            entry.phase = phase;
            return match outcome {
                Ok((value, _)) => Verdict::ThrowAway(value),
                Err(_) => Verdict::Settled,
            };
        };
        entry.progress = None;
        let is_unwanted = closed || (load.cancelled && entry.waiting.is_empty());
        match outcome {
            Ok((value, measured)) if !is_unwanted => {
                self.loaded(index, load, value, measured);
                Verdict::Settled
            }
            Ok((value, _)) => {
                self.send_off(index, load.reserved, value, Reason::Unwanted);
                Verdict::Settled
            }
            Err(_) if load.cancelled || closed => {
                self.tell(index, Change::Cancelled);
                self.load_again_if_wanted(index);
                self.wake_watchers();
                Verdict::Settled
            }
            Err(told) => {
                self.failed(index, told);
                Verdict::Settled
            }
        }
    }

    fn loaded(&mut self, index: usize, load: LoadRun, value: Value, measured: Bytes) {
        let took = load.run.began.elapsed();
        let mut bytes = load.reserved;
        for (device, size) in measured {
            self.entries[index].measured.insert(device, size);
            bytes.retain(|(on, _)| *on != device);
            bytes.push((device, size));
        }
        let entry = &mut self.entries[index];
        let told = sizes(&bytes);
        self.effects.failures.extend(entry.failure.take());
        entry.is_forced = false;
        entry.loads += 1;
        entry.phase = Phase::Loaded(Loaded {
            value,
            bytes,
            idle_since: Some(Instant::now()),
        });
        self.tell(index, Change::Loaded { took, bytes: told });
        self.serve(index);
        let budgets: Vec<_> = self.budgets.iter().map(|(d, b)| (*d, *b)).collect();
        for (device, budget) in budgets {
            let used = self.taken(device);
            if used > budget && self.entries[index].is_on(device) {
                let (used, budget) = (ByteSize::b(used), ByteSize::b(budget));
                self.tell(
                    index,
                    Change::OverBudget {
                        device,
                        used,
                        budget,
                    },
                );
            }
        }
    }

    /// Puts down that a load failed, and when the next may be tried.
    pub(super) fn failed(&mut self, index: usize, told: Told) {
        let entry = &mut self.entries[index];
        let in_a_row = entry.failure.as_ref().map_or(0, |last| last.in_a_row) + 1;
        let wait = entry.spec.backoff.after(in_a_row);
        let failure = Failure {
            told: told.clone(),
            in_a_row,
            until: Instant::now().checked_add(wait),
        };
        let before = entry.failure.replace(failure.clone());
        self.effects.failures.extend(before);
        entry.is_forced = false;
        entry.progress = None;
        self.fail_waiting(index, &failure);
        self.tell(
            index,
            Change::Failed {
                error: told.error,
                retry_after: wait,
            },
        );
        self.wake_watchers();
    }

    /// A thread of a load that was given up is done.
    pub(super) fn forget_abandoned(&mut self, index: usize, run: &Run) {
        let abandoned = &mut self.entries[index].abandoned;
        abandoned.retain(|load| load.run.number != run.number);
        self.load_again_if_wanted(index);
        self.wake_watchers();
    }

    /// Forgets that loads failed, and does not wait for those that were given up.
    pub(super) fn retry_now(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        self.effects.failures.extend(entry.failure.take());
        entry.is_forced = true;
        self.load_again_if_wanted(index);
    }

    /// Puts a model into the queue that somebody waits for, unless a load of it is under way.
    pub(super) fn load_again_if_wanted(&mut self, index: usize) {
        let entry = &self.entries[index];
        if self.closed.is_none()
            && !entry.waiting.is_empty()
            && (entry.is_forced || entry.abandoned.is_empty())
            && matches!(entry.phase, Phase::Absent)
        {
            self.enqueue(index);
        }
    }

    /// A model is gone.
    pub(super) fn gone(&mut self, index: usize, run: &Run, unloaded: &Arc<Unloaded>) {
        let entry = &mut self.entries[index];
        if !matches!(&entry.phase, Phase::Unloading(unload) if unload.run.number == run.number) {
            return;
        }
        entry.phase = Phase::Absent;
        let unloads = mem::take(&mut entry.unloads);
        self.settle(&unloads, || Outcome::Gone(Some(unloaded.clone())));
        self.tell(index, Change::Unloaded(unloaded.clone()));
        self.load_again_if_wanted(index);
        self.wake_watchers();
    }

    /// Begins to unload an idle model.
    pub(super) fn unload(&mut self, index: usize, reason: Reason) {
        let entry = &mut self.entries[index];
        if !entry.is_idle() {
            return;
        }
        if let Phase::Loaded(loaded) = mem::replace(&mut entry.phase, Phase::Absent) {
            self.send_off(index, loaded.bytes, loaded.value, reason);
        }
    }

    fn send_off(&mut self, index: usize, bytes: Bytes, value: Value, reason: Reason) {
        let run = Run::new(self.number());
        let entry = &mut self.entries[index];
        entry.phase = Phase::Unloading(UnloadRun {
            run: run.clone(),
            bytes,
            deadline: run.began.checked_add(entry.spec.unload_timeout),
        });
        self.tell(
            index,
            Change::Unloading {
                reason: reason.clone(),
            },
        );
        let job = Job::Unload(index, run, value, reason);
        self.effects.jobs.push(job);
    }

    /// Does what is due.
    pub(super) fn expire(&mut self, now: Instant) {
        for index in 0..self.entries.len() {
            let entry = &mut self.entries[index];
            let keep_alive = entry.keep_alive();
            match &mut entry.phase {
                Phase::Loading(load) if load.deadline.is_some_and(|at| at <= now) => {
                    self.give_up(index);
                }
                Phase::Unloading(unload) if unload.deadline.is_some_and(|at| at <= now) => {
                    unload.deadline = None;
                    let run = unload.run.clone();
                    self.effects.jobs.push(Job::Stop(run));
                }
                Phase::Loaded(loaded) => {
                    let idle_until = idle_until(loaded, keep_alive);
                    if idle_until.is_some_and(|at| at <= now) {
                        self.unload(index, Reason::KeepAlive);
                    }
                }
                _ => {}
            }
        }
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let entries = self.entries.iter();
        let due = entries.filter_map(|entry| match &entry.phase {
            Phase::Loading(load) => load.deadline,
            Phase::Unloading(unload) => unload.deadline,
            Phase::Loaded(loaded) => idle_until(loaded, entry.keep_alive()),
            Phase::Absent | Phase::Queued { .. } => None,
        });
        due.min()
    }

    /// A load takes too long: its callers get their error, its thread is told and interrupted.
    fn give_up(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        let phase = mem::replace(&mut entry.phase, Phase::Absent);
        let Phase::Loading(load) = phase else {
            entry.phase = phase;
            return;
        };
        let given = entry.spec.load_timeout.unwrap_or_default();
        let error = fail::load_timed_out(entry.name(), given, entry.progress.as_ref());
        if !load.cancelled {
            self.effects.jobs.push(Job::Stop(load.run.clone()));
        }
        self.entries[index].abandoned.push(load);
        self.failed(index, error.into());
    }

    /// Takes no more loads, and ends those that wait. Those under way are stopped by `stop_loads`.
    pub(super) fn close(&mut self, why: &'static str, clearing: bool) {
        self.closed.get_or_insert(why);
        self.clearing |= clearing;
        self.queue.clear();
        for index in 0..self.entries.len() {
            let entry = &mut self.entries[index];
            let waiting = mem::take(&mut entry.waiting);
            if matches!(entry.phase, Phase::Queued { .. }) {
                entry.phase = Phase::Absent;
            }
            self.settle(&waiting, || Outcome::Closed);
        }
        self.wake_watchers();
    }

    /// Stops and interrupts the loads under way.
    pub(super) fn stop_loads(&mut self) {
        for entry in &mut self.entries {
            if let Phase::Loading(load) = &mut entry.phase
                && !load.cancelled
            {
                load.cancelled = true;
                let run = load.run.clone();
                self.effects.jobs.push(Job::Stop(run));
            }
        }
    }
}

impl super::state::Entry {
    /// How long it stays when nobody has it. A pinned one stays.
    fn keep_alive(&self) -> Option<Duration> {
        self.spec.keep_alive.filter(|_| !self.pinned)
    }
}

fn idle_until(loaded: &Loaded, keep_alive: Option<Duration>) -> Option<Instant> {
    loaded.idle_since?.checked_add(keep_alive?)
}
