//! Who is let in, who has to go for it, and who never does.

use std::thread;
use std::time::Duration;

use futures::FutureExt;
use futures::executor::block_on;
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Change, Models, Reason};
use ironbridge::{ErrorKind, Result};

use super::support::{Gate, LONG, is_loaded, number, told, until};

/// Models of a few megabytes that say so, in a budget of ten.
fn within_ten() -> Models {
    Models::builder()
        .budget(Device::Host, ByteSize::mib(10))
        .build()
}

fn sized(name: &str, mebibytes: u64) -> ironbridge::models::Model<i64> {
    number(name, 0).needs(Device::Host, ByteSize::mib(mebibytes))
}

fn use_once(models: &Models, name: &str) -> Result<()> {
    models.acquire_blocking::<i64>(name).map(drop)
}

fn loaded(models: &Models) -> Vec<String> {
    let table = models.table();
    let loaded = table.models.iter();
    let loaded = loaded.filter(|row| is_loaded(models, &row.name));
    loaded.map(|row| row.name.to_string()).collect()
}

#[test]
fn the_least_recently_used_goes_first() -> Result<()> {
    let models = within_ten();
    for (name, size) in [("a", 4), ("b", 4), ("c", 4), ("d", 8)] {
        models.add(sized(name, size))?;
    }
    use_once(&models, "a")?;
    use_once(&models, "b")?;
    use_once(&models, "a")?;
    use_once(&models, "c")?;
    assert_eq!(loaded(&models), ["a", "c"]);
    let mut events = models.events();
    use_once(&models, "d")?;
    assert_eq!(loaded(&models), ["d"]);
    let told = told(&mut events);
    assert_eq!(
        told["a"],
        ["unloading: evicted for d", "unloaded: evicted for d"]
    );
    assert_eq!(
        told["c"],
        ["unloading: evicted for d", "unloaded: evicted for d"]
    );
    assert_eq!(told["d"], ["queued", "loading", "loaded"]);
    Ok(())
}

#[test]
fn what_is_leased_or_pinned_is_never_evicted() -> Result<()> {
    let models = within_ten();
    models.add(sized("leased", 4))?;
    models.add(sized("pinned", 4).pinned().keep_alive(Duration::ZERO))?;
    models.add(sized("small", 2))?;
    models.add(sized("other", 6))?;
    use_once(&models, "pinned")?;
    let lease = models.acquire_blocking::<i64>("leased")?;
    use_once(&models, "small")?;
    let mut waits = models.acquire::<i64>("other");
    assert!((&mut waits).now_or_never().is_none());
    // There is no room for it before the lease is returned.
    assert_eq!(loaded(&models), ["leased", "pinned", "small"]);
    assert_eq!(
        models
            .table()
            .get("other")
            .map(|row| row.state.to_string())
            .as_deref(),
        Some("waits for room")
    );
    drop(lease);
    drop(block_on(waits)?);
    // The budget is full with these two; `leased` and `small` had to go.
    assert_eq!(loaded(&models), ["pinned", "other"]);
    Ok(())
}

#[test]
fn a_pinned_model_can_be_unpinned() -> Result<()> {
    let models = within_ten();
    models.add(sized("pinned", 8).pinned())?;
    models.add(sized("other", 8))?;
    use_once(&models, "pinned")?;
    let error = models.acquire_blocking::<i64>("other").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    assert!(
        error
            .to_string()
            .contains("`other` needs 8.0 MiB of host, whose budget is 10.0 MiB"),
        "{error}"
    );
    assert!(
        format!("{error:#}").contains("8.0 MiB of it are pinned models'"),
        "{error:#}"
    );
    models.pin("pinned", false)?;
    use_once(&models, "other")?;
    assert_eq!(loaded(&models), ["other"]);
    Ok(())
}

#[test]
fn a_model_larger_than_the_budget_is_refused_and_evicts_nobody() -> Result<()> {
    let models = within_ten();
    models.add(sized("small", 1))?;
    models.add(sized("large", 11))?;
    use_once(&models, "small")?;
    for _ in 0..2 {
        let error = models.acquire_blocking::<i64>("large").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        assert!(
            format!("{error:#}").contains("raise the budget"),
            "{error:#}"
        );
    }
    assert_eq!(loaded(&models), ["small"]);
    Ok(())
}

#[test]
fn loads_come_in_the_order_in_which_they_were_asked_for() -> Result<()> {
    let models = within_ten();
    models.add(sized("first", 8))?;
    models.add(sized("large", 9))?;
    models.add(sized("small", 1))?;
    let lease = models.acquire_blocking::<i64>("first")?;
    let mut large = models.acquire::<i64>("large");
    assert!((&mut large).now_or_never().is_none());
    // There would be room for it, but it must not starve the large one.
    let mut small = models.acquire::<i64>("small");
    assert!((&mut small).now_or_never().is_none());
    thread::sleep(Duration::from_millis(50));
    assert!((&mut small).now_or_never().is_none());
    let mut events = models.events();
    drop(lease);
    drop(block_on(large)?);
    drop(block_on(small)?);
    let loads = std::iter::from_fn(|| events.try_next());
    let loads = loads.filter(|event| matches!(event.change, Change::Loading));
    let loads: Vec<_> = loads.map(|event| event.model.to_string()).collect();
    assert_eq!(loads, ["large", "small"]);
    Ok(())
}

#[test]
fn devices_have_budgets_of_their_own() -> Result<()> {
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(4))
        .budget(Device::Gpu(0), ByteSize::mib(4))
        .build();
    let on = |name: &str, device| number(name, 0).needs(device, ByteSize::mib(4));
    models.add(on("host", Device::Host))?;
    models.add(on("gpu", Device::Gpu(0)))?;
    models.add(on("free", Device::Gpu(1)))?;
    models.add(on("both", Device::Host).needs(Device::Gpu(0), ByteSize::mib(1)))?;
    for name in ["host", "gpu", "free"] {
        use_once(&models, name)?;
    }
    assert_eq!(loaded(&models), ["host", "gpu", "free"]);
    use_once(&models, "both")?;
    assert_eq!(loaded(&models), ["free", "both"]);
    Ok(())
}

#[test]
fn an_idle_model_goes_after_its_time_and_a_leased_one_stays() -> Result<()> {
    let models = Models::builder()
        .keep_alive(Duration::from_millis(30))
        .build();
    models.add(number("short", 0))?;
    models.add(number("kept", 0).keep_alive(None))?;
    models.add(number("leased", 0))?;
    let mut events = models.events();
    let lease = models.acquire_blocking::<i64>("leased")?;
    use_once(&models, "kept")?;
    use_once(&models, "short")?;
    until("it is gone", || !is_loaded(&models, "short"));
    thread::sleep(Duration::from_millis(100));
    assert_eq!(loaded(&models), ["kept", "leased"]);
    drop(lease);
    until("it is gone", || loaded(&models) == ["kept"]);
    let mut reasons = Vec::new();
    until("both are told", || {
        while let Some(event) = events.try_next() {
            if let Change::Unloaded(unloaded) = event.change {
                reasons.push((unloaded.model.to_string(), unloaded.reason.clone()));
            }
        }
        reasons.len() == 2
    });
    assert_eq!(
        reasons,
        [
            ("short".to_owned(), Reason::KeepAlive),
            ("leased".to_owned(), Reason::KeepAlive)
        ]
    );
    Ok(())
}

#[test]
fn who_waits_for_room_is_told_who_has_it() -> Result<()> {
    let (models, gate) = (within_ten(), Gate::default());
    models.add(sized("leased", 5))?;
    models.add(
        gate.number("loading", 0)
            .needs(Device::Host, ByteSize::mib(5)),
    )?;
    models.add(sized("other", 5))?;
    let lease = models.acquire_blocking::<i64>("leased")?;
    let mut loading = models.acquire::<i64>("loading");
    assert!((&mut loading).now_or_never().is_none());
    let asked = models.acquire::<i64>("other");
    let error = asked.timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let story = format!("{error:#}");
    assert!(
        story.contains("`other` was not to be had within 50ms"),
        "{story}"
    );
    assert!(
        story.contains("host: 10.0 MiB of 10.0 MiB taken"),
        "{story}"
    );
    assert!(
        story.contains("leased: 5.0 MiB, leased at crates/ironbridge/tests/models/room.rs:"),
        "{story}"
    );
    assert!(story.contains("loading: 5.0 MiB, loading"), "{story}");
    gate.open(1);
    drop(block_on(loading.timeout(LONG))?);
    drop(lease);
    Ok(())
}
