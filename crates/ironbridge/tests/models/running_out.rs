//! Memory that runs out: in loads, and in calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::executor::block_on;
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Model, Models};
use ironbridge::pyo3::exceptions::PyMemoryError;
use ironbridge::{ErrorKind, Result, Session, python};

use super::support::{is_loaded, number, told};

/// A model whose first attempt runs out of memory.
fn greedy(name: &str) -> Model<i64> {
    Model::new(name).load(|loading| {
        let session = Session::new()?;
        let asked = if loading.attempt() == 1 {
            1_i64 << 62
        } else {
            8
        };
        session.set("asked", asked)?;
        session.eval("len(bytearray(asked))")
    })
}

#[test]
fn memory_that_runs_out_is_an_error_of_its_own_kind() -> Result<()> {
    let models = Models::new();
    models.add(number("idle", 0))?;
    drop(models.acquire_blocking::<i64>("idle")?);
    models.add(greedy("greedy"))?;
    let error = models.acquire_blocking::<i64>("greedy").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    let exception = error.exception().expect("it began as one");
    assert!(exception.is_instance_of::<PyMemoryError>());
    // Nobody asked for evictions.
    assert!(is_loaded(&models, "idle"));
    Ok(())
}

#[test]
fn memory_that_runs_out_evicts_what_is_idle_and_loads_once_more() -> Result<()> {
    let models = Models::new();
    for name in ["idle", "leased", "elsewhere"] {
        let on = if name == "elsewhere" {
            Device::Gpu(7)
        } else {
            Device::Host
        };
        models.add(number(name, 0).needs(on, ByteSize::mib(1)))?;
        drop(models.acquire_blocking::<i64>(name)?);
    }
    models.add(
        number("pinned", 0)
            .needs(Device::Host, ByteSize::mib(1))
            .pinned(),
    )?;
    drop(models.acquire_blocking::<i64>("pinned")?);
    let lease = models.acquire_blocking::<i64>("leased")?;
    let greedy = greedy("greedy").needs(Device::Host, ByteSize::mib(1));
    models.add(greedy.evict_and_retry(true))?;
    let mut events = models.events();
    assert_eq!(*models.acquire_blocking::<i64>("greedy")?, 8);
    drop(lease);
    let told = told(&mut events);
    assert_eq!(
        told["idle"],
        ["unloading: memory ran out", "unloaded: memory ran out"]
    );
    assert_eq!(told["greedy"], ["queued", "loading", "loaded"]);
    assert_eq!(told.len(), 2, "{told:?}");
    Ok(())
}

#[test]
fn a_retry_that_runs_out_too_is_the_last() -> Result<()> {
    let models = Models::builder()
        .backoff(Duration::from_hours(1), Duration::from_hours(1))
        .build();
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = attempts.clone();
    let model = Model::new("greedy").load(move |loading| {
        counted.fetch_add(1, Ordering::Relaxed);
        assert_eq!(loading.attempt(), counted.load(Ordering::Relaxed));
        Session::new()?.eval::<i64>("len(bytearray(1 << 62))")
    });
    models.add(model.evict_and_retry(true))?;
    let error = models.acquire_blocking::<i64>("greedy").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    Ok(())
}

#[test]
fn a_call_that_runs_out_of_memory_gets_room() -> Result<()> {
    let models = Models::new();
    models.add(number("idle", 0))?;
    models.add(number("used", 0))?;
    drop(models.acquire_blocking::<i64>("idle")?);
    let lease = models.acquire_blocking::<i64>("used")?;
    let session = Session::new()?;
    // The error of torch, as it is: a `RuntimeError`, known by its name.
    python! { session =>
        class OutOfMemoryError(RuntimeError):
            __module__ = "torch"
        def compute(rooms):
            if not rooms:
                raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
            return 42
    }?;
    let has_room = || !is_loaded(&models, "idle");
    let call = |_: &i64| session.call::<i64, _>("compute", (has_room(),));
    let refused = call(&0).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::OutOfMemory);
    assert_eq!(
        refused.to_string(),
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB."
    );
    assert_eq!(lease.with_room(call)?, 42);

    drop(models.acquire_blocking::<i64>("idle")?);
    let call = |_: &i64| {
        let outcome = session.call::<i64, _>("compute", (has_room(),));
        async move { outcome }
    };
    assert_eq!(block_on(lease.with_room_async(call))?, 42);
    // Another error is passed on as it is, and evicts nobody.
    drop(models.acquire_blocking::<i64>("idle")?);
    let error = lease.with_room(|_| session.run("1 // 0")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exception);
    assert!(is_loaded(&models, "idle"));
    Ok(())
}
