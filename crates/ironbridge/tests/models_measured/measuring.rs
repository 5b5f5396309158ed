//! Sizes that are measured: of models that do not say theirs, and of what comes back.

use futures::FutureExt;
use futures::executor::block_on;
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Change, Model, ModelEvents, ModelState, Models, Reason};
use ironbridge::{ErrorKind, Result};

use crate::support::{Gate, number, state, until};
use crate::{alone, is_about, unsaid};

fn counted(models: &Models, name: &str) -> ByteSize {
    let table = models.table();
    let row = table.get(name).expect("it was added");
    row.bytes.first().map_or(ByteSize::b(0), |(_, size)| *size)
}

/// Why models went so far.
fn gone(events: &mut ModelEvents) -> Vec<(String, Reason)> {
    let gone = std::iter::from_fn(|| events.try_next()).filter_map(|event| match event.change {
        Change::Unloading { reason, .. } => Some((event.model.to_string(), reason)),
        _ => None,
    });
    gone.collect()
}

#[test]
fn a_model_counts_with_what_it_took_and_unloading_tells_what_came_back() -> Result<()> {
    let _alone = alone();
    let models = Models::new();
    let embedder = unsaid(&models, "embedder", 96)?;
    assert_eq!(counted(&models, "embedder"), ByteSize::b(0), "nobody knows");
    drop(models.acquire_blocking(&embedder)?);
    let size = counted(&models, "embedder");
    assert!(is_about(size, 96), "{size}");

    let unloaded = models.unload("embedder").wait()?.expect("it was loaded");
    let returned = unloaded.returned_of(Device::Host);
    assert!(is_about(returned, 96), "{unloaded}");
    assert!(unloaded.to_string().contains("MiB returned"), "{unloaded}");
    assert_eq!(unloaded.left, None);
    // It is known from now on.
    assert_eq!(counted(&models, "embedder"), size);
    Ok(())
}

#[test]
fn what_is_held_elsewhere_does_not_come_back() -> Result<()> {
    let _alone = alone();
    let models = Models::new();
    let embedder = unsaid(&models, "embedder", 96)?;
    let held = (*models.acquire_blocking(&embedder)?).clone();
    let unloaded = models.unload("embedder").wait()?.expect("it was loaded");
    let returned = unloaded.returned_of(Device::Host);
    assert!(returned < ByteSize::mib(24), "{unloaded}");
    assert!(unloaded.left.is_some(), "{unloaded}");
    drop(held);
    Ok(())
}

#[test]
fn who_took_more_than_there_is_has_others_go_and_is_known_then() -> Result<()> {
    let _alone = alone();
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(240))
        .build();
    for name in ["a", "b", "c"] {
        unsaid(&models, name, 96)?;
    }
    let mut events = models.events();
    let use_once = |name: &str| models.acquire_blocking::<crate::Embedder>(name).map(drop);
    use_once("a")?;
    use_once("b")?;
    assert_eq!(gone(&mut events), []);
    // Nobody knows how large it is before it is there.
    use_once("c")?;
    until("the budget is kept", || {
        models.table().budgets[0].used <= ByteSize::mib(240)
    });
    assert_eq!(gone(&mut events), [("a".to_owned(), Reason::OverBudget)]);
    assert_eq!(state(&models, "c"), ModelState::Loaded);

    // What was measured is known: room is made before the load.
    let mut over = models.events();
    use_once("a")?;
    let by_a = |reason: &Reason| reason.to_string() == "evicted for a";
    let went = gone(&mut events);
    assert!(
        matches!(went.as_slice(), [(name, reason)] if name == "b" && by_a(reason)),
        "{went:?}"
    );
    let mut said = std::iter::from_fn(|| over.try_next());
    assert!(!said.any(|event| matches!(event.change, Change::OverBudget { .. })));
    block_on(models.shutdown())
}

#[test]
fn one_load_at_a_time_is_measured_within_a_budget() -> Result<()> {
    let _alone = alone();
    let gate = Gate::default();
    let models = Models::builder()
        .budget(Device::Host, ByteSize::gib(64))
        .build();
    models.add(gate.number("measured", 1).device(Device::Host))?;
    models.add(number("said", 2).needs(Device::Host, ByteSize::mib(1)))?;
    models.add(number("elsewhere", 3))?;
    let mut measured = models.acquire::<i64>("measured");
    assert!((&mut measured).now_or_never().is_none());
    until("it loads", || gate.came() == 1);
    let mut said = models.acquire::<i64>("said");
    assert!((&mut said).now_or_never().is_none());
    // What is not on the device does not disturb it.
    drop(models.acquire_blocking::<i64>("elsewhere")?);
    assert_eq!(state(&models, "said"), ModelState::Queued);
    gate.open(1);
    assert_eq!(*block_on(measured)?, 1);
    assert_eq!(*block_on(said)?, 2);
    Ok(())
}

#[test]
fn a_device_that_cannot_be_measured_wants_the_size_said() -> Result<()> {
    let _alone = alone();
    // No machine has so many.
    let nowhere = Device::Gpu(4711);
    let models = Models::builder().budget(nowhere, ByteSize::gib(1)).build();
    models.add(number("unsaid", 1).device(nowhere))?;
    models.add(number("said", 2).needs(nowhere, ByteSize::mib(1)))?;
    let error = models.acquire_blocking::<i64>("unsaid").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    let story = format!("{error:#}");
    assert!(
        story.contains("say its size with `Model::needs`"),
        "{story}"
    );
    assert_eq!(*models.acquire_blocking::<i64>("said")?, 2);

    // Without a budget it does not matter.
    let models = Models::new();
    models.add(Model::new("unsaid").load(|_| Ok(1_i64)).device(nowhere))?;
    assert_eq!(*models.acquire_blocking::<i64>("unsaid")?, 1);
    Ok(())
}
