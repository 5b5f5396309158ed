//! Unloading, on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::event::Change;
use super::inner::Inner;
use super::load::{STACK, panicked};
use super::loading::Run;
use super::model::{Spec, Value};
use super::report::{Cleared, Reason, Unloaded};
use super::{clear, fail, measure};
use crate::interpreter::attach_if_running;
use crate::memory::Device;

/// Has a thread unload it.
pub(super) fn start(
    inner: &Arc<Inner>,
    index: usize,
    run: &Arc<Run>,
    value: Value,
    reason: Reason,
) {
    let spec = inner.look(|state| state.entries[index].spec.clone());
    let made = {
        let (inner, run, spec, reason) = (inner.clone(), run.clone(), spec.clone(), reason.clone());
        let builder = thread::Builder::new()
            .name(format!("ironbridge-unload-{}", spec.name))
            .stack_size(STACK);
        builder.spawn(move || {
            run.begin();
            let unloaded = Arc::new(unload(&run, &spec, value, reason));
            inner.update(|state| state.gone(index, &run, &unloaded));
        })
    };
    if let Err(error) = made {
        // With the thread's closure, the references went.
        let unloaded = Arc::new(Unloaded {
            model: spec.name.clone(),
            reason,
            took: run.began.elapsed(),
            returned: Vec::new(),
            cleared: Cleared::default(),
            left: None,
            hook_error: Some(Arc::new(fail::no_thread(&error))),
        });
        inner.update(|state| state.gone(index, run, &unloaded));
    }
}

/// Unloads what was loaded too late.
pub(super) fn throw_away(inner: &Arc<Inner>, index: usize, run: &Run, spec: &Spec, value: Value) {
    let unloaded = Arc::new(unload(run, spec, value, Reason::Unwanted));
    inner.update(|state| {
        state.tell(index, Change::Unloaded(unloaded.clone()));
        state.forget_abandoned(index, run);
    });
}

fn unload(run: &Run, spec: &Spec, value: Value, reason: Reason) -> Unloaded {
    let began = Instant::now();
    let mut devices: Vec<_> = spec.devices().collect();
    if devices.is_empty() {
        devices.push(Device::Host);
    }
    let before = measure::read(&devices);
    let watched = spec.object.as_ref().and_then(|object| {
        attach_if_running(|py| clear::watch(&object(&value, py)?).ok()).flatten()
    });
    let hook_error = spec.unload.as_ref().and_then(|unload| {
        let unload = AssertUnwindSafe(|| unload(&value));
        catch_unwind(unload)
            .unwrap_or_else(|panic| Err(panicked("the unload hook", panic)))
            .err()
    });
    run.end();
    if let Some(error) = &hook_error {
        clear::settle(error);
    }
    // It runs a user's `Drop`, which may panic.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(value)));
    let hook_error = hook_error.or_else(|| {
        dropped
            .err()
            .map(|panic| panicked("dropping the handle", panic))
    });
    let (cleared, left) = clear::clear(watched.as_ref());
    let after = measure::read(&devices);
    Unloaded {
        model: spec.name.clone(),
        reason,
        took: began.elapsed(),
        returned: measure::returned(&before, &after),
        cleared,
        left,
        hook_error: hook_error.map(Arc::new),
    }
}
