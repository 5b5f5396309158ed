//! A load, on a thread of its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::inner::Inner;
use super::loading::{Loading, Run};
use super::measure::Reading;
use super::model::{Spec, Value};
use super::room::MakeRoom;
use super::state::{Bytes, Phase, Told, Verdict};
use super::{clear, fail, unload};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::Device;

/// Python wants room for deep recursion and for imports of big libraries.
pub(super) const STACK: usize = 16 << 20;

/// Has a thread load it.
pub(super) fn start(inner: &Arc<Inner>, index: usize, run: &Arc<Run>) {
    let spec = inner.look(|state| state.entries[index].spec.clone());
    let name = format!("ironbridge-load-{}", spec.name);
    let made = {
        let (inner, run) = (inner.clone(), run.clone());
        let builder = thread::Builder::new().name(name).stack_size(STACK);
        builder.spawn(move || load(&inner, index, &run, &spec))
    };
    if let Err(error) = made {
        let told = fail::no_thread(&error).into();
        inner.update(|state| {
            state.finished(index, run, Err(told));
        });
    }
}

fn load(inner: &Arc<Inner>, index: usize, run: &Arc<Run>, spec: &Spec) {
    run.begin();
    let mut loading = Loading {
        inner: Arc::downgrade(inner),
        index,
        name: spec.name.clone(),
        run: run.clone(),
        attempt: 1,
    };
    let unknown = unknown(inner, index);
    let mut loaded = attempt(spec, &loading, &unknown);
    if let Err(error) = &loaded
        && error.kind() == ErrorKind::OutOfMemory
        && spec.evict_and_retry
        && !run.is_stopped()
    {
        clear::settle(error);
        drop(loaded);
        async_io::block_on(MakeRoom::for_model(inner, index));
        clear::clear(None);
        loading.attempt = 2;
        loaded = attempt(spec, &loading, &unknown);
    }
    run.end();
    let loaded = loaded.map_err(|error| {
        clear::settle(&error);
        clear::clear(None);
        Told::from(error)
    });
    // What is dropped is dropped here, not under the lock.
    let _error = loaded.as_ref().err().cloned();
    match inner.update(|state| state.finished(index, run, loaded)) {
        Verdict::Settled => {}
        Verdict::ThrowAway(value) => unload::throw_away(inner, index, run, spec, value),
    }
}

/// Devices whose share is to be measured, and whether it must be.
fn unknown(inner: &Inner, index: usize) -> Vec<(Device, bool)> {
    inner.look(|state| {
        let Phase::Loading(load) = &state.entries[index].phase else {
            return Vec::new();
        };
        let devices = load.unknown.iter();
        let must = |device| state.budgets.contains_key(device);
        devices.map(|device| (*device, must(device))).collect()
    })
}

fn attempt(spec: &Spec, loading: &Loading, unknown: &[(Device, bool)]) -> Result<(Value, Bytes)> {
    let mut before = Vec::new();
    for (device, must) in unknown {
        match Reading::of(*device) {
            Ok(reading) => before.push((*device, reading)),
            Err(error) if *must => return Err(fail::not_measured(&spec.name, *device, error)),
            Err(_) => {}
        }
    }
    let load = AssertUnwindSafe(|| (spec.load)(loading));
    let value = catch_unwind(load).unwrap_or_else(|panic| Err(panicked("the loader", panic)))?;
    let grown = before.into_iter().filter_map(|(device, before)| {
        let after = Reading::of(device).ok()?;
        Some((device, before.growth_until(&after)))
    });
    Ok((value, grown.collect()))
}

/// The error that a panic is.
pub(super) fn panicked(what: &str, panic: Box<dyn Any + Send>) -> Error {
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast::<&str>() {
            Ok(text) => (*text).to_owned(),
            Err(_) => "a panic without text".to_owned(),
        },
    };
    fail::panicked(what, &text)
}
