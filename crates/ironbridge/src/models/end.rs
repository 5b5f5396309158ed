//! The end of Python: loads under way are let finish, or stopped, and what is left is named.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::inner::Inner;
use super::state::Phase;

/// All that there are.
static ALL: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// What loads that were stopped get to end in.
const GRACE: Duration = Duration::from_secs(1);
/// How often is looked whether they did.
const LOOK: Duration = Duration::from_millis(2);

const WHY: &str = "Python's end was played";

pub(super) fn register(inner: &Arc<Inner>) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|inner| inner.strong_count() > 0);
    all.push(Arc::downgrade(inner));
}

/// Makes no more loads, lets those under way finish within `drain`, and interrupts them then. Where there is time, idle
/// models are unloaded. Gives the loads that go on nevertheless.
pub(crate) fn end(py: Python<'_>, drain: Duration) -> Vec<String> {
    let all: Vec<_> = {
        let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(Weak::upgrade).collect()
    };
    if all.is_empty() {
        return Vec::new();
    }
    py.detach(|| {
        for inner in &all {
            inner.update(|state| state.close(WHY, !drain.is_zero()));
        }
        wait(&all, drain);
        for inner in &all {
            inner.update(super::state::State::stop_loads);
        }
        wait(&all, GRACE);
        all.iter().flat_map(|inner| busy(inner)).collect()
    })
}

/// Models whose threads run.
fn busy(inner: &Inner) -> Vec<String> {
    inner.look(|state| {
        let entries = state.entries.iter();
        let busy = entries.filter(|entry| {
            matches!(entry.phase, Phase::Loading(_) | Phase::Unloading(_))
                || !entry.abandoned.is_empty()
        });
        busy.map(|entry| entry.name().to_string()).collect()
    })
}

fn wait(all: &[Arc<Inner>], most: Duration) {
    let until = Instant::now() + most;
    while all.iter().any(|inner| !busy(inner).is_empty()) && Instant::now() < until {
        thread::sleep(LOOK);
    }
}
