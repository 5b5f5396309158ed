//! Who is let in, and who has to go for it.
//!
//! Loads come in the order in which they were asked for: one that waits for room on a device keeps back those behind it
//! that want the same device, so that small models cannot starve a large one. Nothing is evicted before it is sure that
//! there will be room then.

use std::collections::BTreeSet;

use super::event::Change;
use super::fail;
use super::loading::Run;
use super::report::Reason;
use super::state::{Failure, Job, LoadRun, Outcome, Phase, State, Told};
use crate::error::Error;
use crate::memory::Device;

/// What can be done for a load that waits.
enum Admission {
    Start,
    /// These have to go, and there will be room.
    Evict(Vec<usize>),
    /// Something is in the way that will be gone, or can be returned.
    Wait,
    Never(Error),
}

impl State {
    /// Does all that can be done now.
    pub(super) fn schedule(&mut self) {
        self.unload_what_was_asked();
        if !self.queue.is_empty() {
            self.admit();
        }
        self.trim();
    }

    fn unload_what_was_asked(&mut self) {
        for index in 0..self.entries.len() {
            let entry = &mut self.entries[index];
            if matches!(entry.phase, Phase::Absent) && !entry.unloads.is_empty() {
                // It did not come, so it need not go.
                let unloads = std::mem::take(&mut entry.unloads);
                self.settle(&unloads, || Outcome::Gone(None));
                continue;
            }
            if !entry.is_idle() {
                continue;
            }
            if !entry.unloads.is_empty() {
                self.unload(index, Reason::Asked);
            } else if self.clearing {
                self.unload(index, Reason::Shutdown);
            }
        }
    }

    fn admit(&mut self) {
        let mut kept_back = BTreeSet::new();
        for index in self.queue.clone() {
            let devices: Vec<_> = self.entries[index].spec.devices().collect();
            if devices.iter().any(|device| kept_back.contains(device)) {
                kept_back.extend(devices);
                continue;
            }
            match self.admission(index) {
                Admission::Start => self.start(index),
                Admission::Evict(victims) => {
                    let by = self.entries[index].name().clone();
                    for victim in victims {
                        self.unload(victim, Reason::Evicted { by: by.clone() });
                    }
                    kept_back.extend(devices);
                }
                Admission::Wait => kept_back.extend(devices),
                Admission::Never(error) => self.refuse(index, error),
            }
        }
    }

    fn admission(&self, index: usize) -> Admission {
        let entry = &self.entries[index];
        let mut victims = Vec::new();
        let mut must_wait = false;
        for need in &entry.spec.needs {
            let device = need.device;
            let Some(&budget) = self.budgets.get(&device) else {
                continue;
            };
            if self.is_being_measured(device) {
                return Admission::Wait;
            }
            let Some(size) = need.size.or_else(|| entry.measured.get(&device).copied()) else {
                // What it takes is told by the device's memory: nothing else may change that meanwhile.
                must_wait |= self.changes(device);
                continue;
            };
            let fixed = self.pinned_on(device);
            if size.saturating_add(fixed) > budget {
                let error = fail::too_big(entry.name(), device, size, budget, fixed);
                return Admission::Never(error);
            }
            let taken = self.taken(device);
            let lacks = taken.saturating_add(size).saturating_sub(budget);
            match self.victims(device, lacks, &victims) {
                Some(more) => victims.extend(more),
                None => must_wait = true,
            }
            // What is on its way out makes room only once it is out.
            must_wait |= lacks > 0 && victims.is_empty();
        }
        if must_wait {
            Admission::Wait
        } else if victims.is_empty() {
            Admission::Start
        } else {
            Admission::Evict(victims)
        }
    }

    /// Idle models that, with what is on its way out, give so much of a device; the least recently used first. `None`
    /// where that is not enough.
    fn victims(&self, device: Device, lacks: u64, chosen: &[usize]) -> Option<Vec<usize>> {
        let entries = self.entries.iter();
        let leaving = entries.enumerate().filter(|(index, entry)| {
            matches!(entry.phase, Phase::Unloading(_)) || chosen.contains(index)
        });
        let mut given: u64 = leaving.map(|(_, entry)| entry.bytes_on(device)).sum();
        let mut victims = Vec::new();
        for index in self.idle_on(device) {
            if given >= lacks {
                break;
            }
            let bytes = self.entries[index].bytes_on(device);
            if bytes > 0 && !chosen.contains(&index) {
                given += bytes;
                victims.push(index);
            }
        }
        (given >= lacks).then_some(victims)
    }

    /// Models on a device that may be evicted, the least recently used first.
    pub(super) fn idle_on(&self, device: Device) -> Vec<usize> {
        let all = 0..self.entries.len();
        let mut idle: Vec<_> = all
            .filter(|index| {
                let entry = &self.entries[*index];
                entry.is_idle() && !entry.pinned && entry.is_on(device)
            })
            .collect();
        idle.sort_by_key(|index| self.entries[*index].last_used);
        idle
    }

    /// What is taken by models that are never evicted.
    fn pinned_on(&self, device: Device) -> u64 {
        let entries = self.entries.iter();
        let pinned = entries.filter(|e| e.pinned && matches!(e.phase, Phase::Loaded(_)));
        pinned.map(|entry| entry.bytes_on(device)).sum()
    }

    fn is_being_measured(&self, device: Device) -> bool {
        self.entries.iter().any(
            |entry| matches!(&entry.phase, Phase::Loading(load) if load.unknown.contains(&device)),
        )
    }

    fn changes(&self, device: Device) -> bool {
        self.entries.iter().any(|entry| {
            let changes = matches!(entry.phase, Phase::Loading(_) | Phase::Unloading(_));
            changes && entry.is_on(device)
        })
    }

    fn start(&mut self, index: usize) {
        self.queue.retain(|queued| *queued != index);
        let run = Run::new(self.number());
        let entry = &mut self.entries[index];
        let (mut reserved, mut unknown) = (Vec::new(), Vec::new());
        for need in &entry.spec.needs {
            let learned = entry.measured.get(&need.device).copied();
            match need.size.or(learned) {
                Some(size) => reserved.push((need.device, size)),
                None => unknown.push(need.device),
            }
        }
        let timeout = entry.spec.load_timeout;
        entry.phase = Phase::Loading(LoadRun {
            run: run.clone(),
            reserved,
            unknown,
            deadline: timeout.and_then(|timeout| run.began.checked_add(timeout)),
            cancelled: false,
        });
        entry.progress = None;
        self.tell(index, Change::Loading);
        self.effects.jobs.push(Job::Load(index, run));
    }

    /// Ends the waiting for a model that can never be loaded as things are.
    fn refuse(&mut self, index: usize, error: Error) {
        self.queue.retain(|queued| *queued != index);
        let entry = &mut self.entries[index];
        entry.phase = Phase::Absent;
        let told = Told::from(error);
        let error = told.error.clone();
        let failure = Failure {
            told,
            in_a_row: 0,
            until: None,
        };
        self.fail_waiting(index, &failure);
        let retry_after = std::time::Duration::ZERO;
        self.tell(index, Change::Failed { error, retry_after });
    }

    /// Where models took more than was thought, idle ones go until the budget is kept.
    fn trim(&mut self) {
        let budgets: Vec<_> = self.budgets.iter().map(|(d, b)| (*d, *b)).collect();
        for (device, budget) in budgets {
            let leaving = self.entries.iter();
            let leaving = leaving.filter(|entry| matches!(entry.phase, Phase::Unloading(_)));
            let leaving: u64 = leaving.map(|entry| entry.bytes_on(device)).sum();
            let mut over = self
                .taken(device)
                .saturating_sub(leaving)
                .saturating_sub(budget);
            for index in self.idle_on(device) {
                if over == 0 {
                    break;
                }
                let bytes = self.entries[index].bytes_on(device);
                if bytes > 0 {
                    over = over.saturating_sub(bytes);
                    self.unload(index, Reason::OverBudget);
                }
            }
        }
    }
}
