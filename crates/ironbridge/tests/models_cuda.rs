//! Models on a GPU, in real torch: what they take, what comes back, and memory that runs out.
//!
//! `cargo test --all-features --test models_cuda -- --ignored --test-threads 1`, where Python has torch and sees a GPU.

use std::sync::Arc;

use ironbridge::memory::{self, ByteSize, Device};
use ironbridge::models::{Change, Model, ModelId, Models, Reason, Unloaded};
use ironbridge::pyo3::prelude::*;
use ironbridge::{ErrorKind, Result, Session, python};

const GPU: Device = Device::Gpu(0);

/// A session with torch, whose use of the GPU has begun: that takes memory which no model has.
fn torch() -> Result<Session> {
    let session = Session::new()?;
    python! { session =>
        import torch
        torch.zeros(1, device="cuda")

        class Weights:
            def __init__(self, bytes):
                self.tensor = torch.ones(bytes, dtype=torch.uint8, device="cuda")
                torch.cuda.synchronize()

            def run(self, bytes):
                return int(torch.ones(bytes, dtype=torch.uint8, device="cuda")[-1])
    }?;
    Ok(session)
}

fn weights(models: &Models, session: &Session, name: &str, size: ByteSize) -> ModelId<Py<PyAny>> {
    let (session, size) = (session.clone(), size.as_u64());
    let model = Model::new(name)
        .load(move |_| session.call::<Py<PyAny>, _>("Weights", (size,)))
        .object(|object| object)
        .device(GPU)
        .evict_and_retry(name.starts_with("greedy"));
    models.add(model).expect("there is none of that name")
}

fn counted(models: &Models, name: &str) -> ByteSize {
    let table = models.table();
    let row = table.get(name).expect("it was added");
    row.bytes.first().map_or(ByteSize::b(0), |(_, size)| *size)
}

/// Six tenths of what is free: it fits once, and not twice.
fn most() -> Result<ByteSize> {
    Ok(ByteSize::b(memory::read(GPU)?.free.as_u64() / 10 * 6))
}

fn is_about(size: ByteSize, wanted: ByteSize) -> bool {
    size.as_u64().abs_diff(wanted.as_u64()) < ByteSize::mib(128).as_u64()
}

fn unload(models: &Models, name: &str) -> Result<Arc<Unloaded>> {
    Ok(models.unload(name).wait()?.expect("it was loaded"))
}

#[test]
#[ignore = "wants torch and a GPU"]
fn a_model_is_measured_and_its_memory_leaves_the_cache_of_torch() -> Result<()> {
    let (models, session) = (Models::new(), torch()?);
    let model = weights(&models, &session, "weights", ByteSize::gib(2));
    drop(models.acquire_blocking(&model)?);
    let size = counted(&models, "weights");
    assert!(is_about(size, ByteSize::gib(2)), "{size}");
    println!("{}", models.table());
    let unloaded = unload(&models, "weights")?;
    println!("{unloaded}");
    assert!(unloaded.cleared.cuda_cache, "{unloaded}");
    assert!(is_about(unloaded.returned_of(GPU), size), "{unloaded}");
    assert_eq!(unloaded.left, None);
    Ok(())
}

#[test]
#[ignore = "wants torch and a GPU"]
fn memory_of_the_gpu_that_runs_out_is_had_from_idle_models() -> Result<()> {
    let (models, session) = (Models::new(), torch()?);
    let most = most()?;
    for name in ["idle", "meek", "greedy"] {
        weights(&models, &session, name, most);
    }
    drop(models.acquire_blocking::<Py<PyAny>>("idle")?);
    let error = models.acquire_blocking::<Py<PyAny>>("meek").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error:#}");
    let exception = error.exception().expect("torch raised it");
    assert!(
        exception.type_name().ends_with("OutOfMemoryError"),
        "{error}"
    );
    println!("{error}");

    let mut events = models.events();
    let greedy = models.acquire_blocking::<Py<PyAny>>("greedy")?;
    let said: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    for event in &said {
        println!("{event}");
    }
    assert!(said.iter().any(|event| matches!(
        &event.change,
        Change::Unloaded(unloaded) if &*unloaded.model == "idle" && unloaded.reason == Reason::OutOfMemory
    )));
    drop(greedy);
    unload(&models, "greedy")?;

    // A call too, while its own model stays.
    let small = weights(&models, &session, "small", ByteSize::mib(256));
    let small = models.acquire_blocking(&small)?;
    drop(models.acquire_blocking::<Py<PyAny>>("idle")?);
    let bytes = most.as_u64();
    let call = |weights: &Py<PyAny>| python! { session -> i64 => 'weights.run('bytes) };
    assert_eq!(call(&small).unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(small.with_room(call)?, 1);
    drop(small);
    models.shutdown().wait()
}

#[test]
#[ignore = "wants torch and a GPU"]
fn a_budget_of_the_gpu_is_kept_by_what_is_measured() -> Result<()> {
    let session = torch()?;
    let models = Models::builder().budget(GPU, ByteSize::gib(5)).build();
    for name in ["a", "b", "c"] {
        weights(&models, &session, name, ByteSize::gib(2));
    }
    let mut loads = Vec::new();
    // The third is more than was thought. From then on all are known.
    for name in ["a", "b", "c", "a", "b"] {
        let before = memory::read(GPU)?.used;
        drop(models.acquire_blocking::<Py<PyAny>>(name)?);
        while models.table().budgets[0].used > ByteSize::gib(5) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        loads.push((name, before, memory::read(GPU)?.used));
    }
    println!("{}", models.table());
    let loaded = models.table().models.into_iter();
    let loaded = loaded.filter(|row| row.state == ironbridge::models::ModelState::Loaded);
    let loaded: Vec<_> = loaded.map(|row| row.name.to_string()).collect();
    assert_eq!(loaded, ["a", "b"], "{loads:?}");
    models.shutdown().wait()?;
    let used = memory::read(GPU)?.used;
    assert!(used < loads[0].1 + ByteSize::gib(1), "{used} of {loads:?}");
    Ok(())
}
