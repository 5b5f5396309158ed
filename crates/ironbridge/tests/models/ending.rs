//! The end of models, while the program goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::executor::block_on;
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Model, Models};
use ironbridge::{ErrorKind, Result, Session, python};

use super::support::{Gate, is_loaded, number, state, told, until};

#[test]
fn shutdown_unloads_what_is_idle_stops_loads_and_waits_for_leases() -> Result<()> {
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(10))
        .build();
    let hooks = Arc::new(AtomicU32::new(0));
    for name in ["idle", "leased"] {
        let hooks = hooks.clone();
        models.add(number(name, 1).unload(move |_| {
            hooks.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }))?;
    }
    let session = Session::new()?;
    session.run("import time")?;
    models.add(
        Model::new("loads")
            .load(move |_| {
                python! { session -> i64 =>
                    while True:
                        time.sleep(0.01)
                    1
                }
            })
            .needs(Device::Host, ByteSize::mib(6)),
    )?;
    models.add(number("queued", 1).needs(Device::Host, ByteSize::mib(6)))?;
    drop(models.acquire_blocking::<i64>("idle")?);
    let lease = models.acquire_blocking::<i64>("leased")?;
    let mut loads = models.acquire::<i64>("loads");
    assert!((&mut loads).now_or_never().is_none());
    let mut queued = models.acquire::<i64>("queued");
    assert!((&mut queued).now_or_never().is_none());
    let mut events = models.events();

    let mut shutdown = models.shutdown();
    assert!((&mut shutdown).now_or_never().is_none());
    for waits in [loads, queued] {
        let error = block_on(waits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(
            error.to_string().contains("`Models::shutdown` was called"),
            "{error}"
        );
    }
    let late = models.acquire_blocking::<i64>("idle").unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Cancelled);
    assert!(models.try_acquire::<i64>("leased")?.is_none());
    until("the idle one has gone", || !is_loaded(&models, "idle"));
    until("the load was stopped", || {
        state(&models, "loads").to_string() == "unloaded"
    });
    assert!(is_loaded(&models, "leased"));
    assert!((&mut shutdown).now_or_never().is_none());
    assert_eq!(*lease, 1, "it can be used to the end");
    drop(lease);
    block_on(shutdown)?;
    assert_eq!(hooks.load(Ordering::Relaxed), 2);
    let told = told(&mut events);
    assert_eq!(told["loads"], ["cancelled"]);
    assert_eq!(
        told["leased"],
        ["unloading: shutdown", "unloaded: shutdown"]
    );
    // Once more, it is over at once.
    block_on(models.shutdown())
}

#[test]
fn shutdown_names_the_loads_that_do_not_end() -> Result<()> {
    let (models, gate) = (Models::new(), Gate::default());
    models.add(gate.number("stuck", 1))?;
    let mut stuck = models.acquire::<i64>("stuck");
    assert!((&mut stuck).now_or_never().is_none());
    let grace = Duration::from_millis(50);
    let error = models.shutdown().grace(grace).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        format!("{error:#}").contains("stuck: its load has run for "),
        "{error:#}"
    );
    assert_eq!(block_on(stuck).unwrap_err().kind(), ErrorKind::Cancelled);
    // It comes too late, and goes at once.
    gate.open(1);
    block_on(models.shutdown())?;
    assert_eq!(models.table().get("stuck").map(|row| row.loads), Some(0));
    Ok(())
}

#[test]
fn a_shutdown_that_is_dropped_goes_on() -> Result<()> {
    let models = Models::new();
    models.add(number("idle", 1))?;
    drop(models.acquire_blocking::<i64>("idle")?);
    let mut shutdown = models.shutdown();
    let _ = (&mut shutdown).now_or_never();
    drop(shutdown);
    until("it has gone", || !is_loaded(&models, "idle"));
    assert_eq!(
        models.acquire_blocking::<i64>("idle").unwrap_err().kind(),
        ErrorKind::Cancelled
    );
    Ok(())
}

#[test]
fn without_their_models_handles_are_dropped() -> Result<()> {
    struct Counts(Arc<AtomicU32>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let dropped = Arc::new(AtomicU32::new(0));
    let models = Models::builder()
        .keep_alive(Duration::from_hours(1))
        .build();
    let counts = dropped.clone();
    let model = models.add(Model::new("counts").load(move |_| Ok(Counts(counts.clone()))))?;
    let lease = models.acquire_blocking(&model)?;
    drop(models);
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    drop(lease);
    until("it was dropped", || dropped.load(Ordering::Relaxed) == 1);
    Ok(())
}
