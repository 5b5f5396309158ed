//! What is told of models: events in their order, and the table.

use std::time::Duration;

use futures::executor::block_on;
use futures::{FutureExt, StreamExt};
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Change, Model, Models};
use ironbridge::{Result, Session};

use super::support::{Gate, number, until, words_of};

#[test]
fn events_come_in_order_and_are_numbered() -> Result<()> {
    let models = Models::new();
    let mut events = models.events();
    let mut later = models.events();
    let model = Model::new("model").load(|loading| {
        loading.progress(0.5, "half")?;
        loading.progress(None, "nearly")?;
        Ok(1_i64)
    });
    models.add(model)?;
    drop(models.acquire_blocking::<i64>("model")?);
    models.unload("model").wait()?;
    let told: Vec<_> = block_on((&mut events).take(7).collect());
    let numbers: Vec<u64> = told.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    let words: Vec<_> = told.iter().map(|event| words_of(&event.change)).collect();
    let expected = [
        "queued",
        "loading",
        "50 % half",
        "nearly",
        "loaded",
        "unloading: asked for",
        "unloaded: asked for",
    ];
    assert_eq!(words, expected);
    assert!(events.try_next().is_none());
    assert_eq!(told[2].to_string(), "model: 50 % half");
    // Each listener has all of them.
    let again: Vec<_> = std::iter::from_fn(|| later.try_next()).collect();
    assert_eq!(again.len(), 7);

    drop(models);
    assert!(
        block_on(events.next()).is_none(),
        "they end with their models"
    );
    Ok(())
}

#[test]
fn a_slow_listener_misses_the_oldest_and_can_tell() -> Result<()> {
    let models = Models::builder().events_capacity(4).build();
    models.add(Model::new("model").load(|loading| {
        for n in 0..10 {
            loading.progress(None, n.to_string())?;
        }
        Ok(1_i64)
    }))?;
    let mut events = models.events();
    drop(models.acquire_blocking::<i64>("model")?);
    let told: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    let numbers: Vec<u64> = told.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [10, 11, 12, 13]);
    assert!(matches!(told[3].change, Change::Loaded { .. }));
    Ok(())
}

#[test]
fn a_listener_is_woken() -> Result<()> {
    let (models, gate) = (Models::new(), Gate::default());
    models.add(gate.number("model", 1))?;
    let mut events = models.events();
    let waits = std::thread::spawn(move || {
        let loaded = events.by_ref().filter(|event| {
            let is_loaded = matches!(event.change, Change::Loaded { .. });
            futures::future::ready(is_loaded)
        });
        block_on(loaded.map(|event| event.model.to_string()).boxed().next())
    });
    let mut asked = models.acquire::<i64>("model");
    assert!((&mut asked).now_or_never().is_none());
    gate.open(1);
    drop(block_on(asked)?);
    assert_eq!(waits.join().expect("no failure").as_deref(), Some("model"));
    Ok(())
}

#[test]
fn the_table_shows_how_all_stand() -> Result<()> {
    let hour = Duration::from_hours(1);
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(10))
        .backoff(hour, hour)
        .build();
    let (gate, loading) = gate_that_tells();
    let sized = |name: &str, size| number(name, 1).needs(Device::Host, ByteSize::mib(size));
    models.add(sized("pinned", 1).pinned())?;
    models.add(sized("leased", 2).needs(Device::Gpu(1), ByteSize::gib(3)))?;
    models.add(number("unloaded", 1))?;
    models.add(loading.needs(Device::Host, ByteSize::mib(4)))?;
    models.add(sized("queued", 7))?;
    models.add(Model::new("failed").load(|_| Session::new()?.eval::<i64>("1 // 0")))?;
    drop(models.acquire_blocking::<i64>("pinned")?);
    let _leases = [
        models.acquire_blocking::<i64>("leased")?,
        models.acquire_blocking::<i64>("leased")?,
    ];
    let _failed = models.acquire_blocking::<i64>("failed").unwrap_err();
    let mut loading = models.acquire::<i64>("loading");
    assert!((&mut loading).now_or_never().is_none());
    until("it told how far it is", || gate.came() == 1);
    let mut queued = models.acquire::<i64>("queued");
    assert!((&mut queued).now_or_never().is_none());
    let mut table = models.table();
    for row in &mut table.models {
        // It is idle for some microseconds.
        row.idle = row.idle.map(|_| Duration::from_secs(42));
    }
    insta::assert_snapshot!(table);
    assert_eq!(table.budgets[0].used, ByteSize::mib(7));
    gate.open(1);
    Ok(())
}

/// A loader that tells how far it is, and then waits.
fn gate_that_tells() -> (Gate, Model<i64>) {
    let gate = Gate::default();
    let waits = gate.clone();
    let model = Model::new("loading").load(move |loading| {
        loading.progress(0.4, "reading weights")?;
        waits.pass();
        Ok(1_i64)
    });
    (gate, model)
}
