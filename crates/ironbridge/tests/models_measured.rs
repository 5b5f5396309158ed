//! What models take, as measured, and what is recorded of them: alone in a process, since both are the whole process's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ironbridge::Result;
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Model, ModelId, Models};
use ironbridge::module::TypedClass;

#[path = "models_measured/measuring.rs"]
mod measuring;
#[path = "models_measured/recording.rs"]
mod recording;
#[path = "models/support.rs"]
#[allow(dead_code, reason = "others need more of it")]
mod support;

use support::{Bridge, Embedder};

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());

    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Started, and the module is there, before anything is measured.
    Bridge::load().expect("the module loads");
    guard
}

/// A model that takes so many MiB of the host, which it does not say.
fn unsaid(models: &Models, name: &str, mebibytes: usize) -> Result<ModelId<Embedder>> {
    models.add(
        Model::new(name)
            .load(move |_| Bridge::load()?.embedder(1, mebibytes))
            .object(TypedClass::object)
            .device(Device::Host),
    )
}

/// Whether it is about so many MiB: a process takes and gives back a little besides.
fn is_about(size: ByteSize, mebibytes: u64) -> bool {
    let slack = mebibytes / 4;
    (ByteSize::mib(mebibytes - slack)..=ByteSize::mib(mebibytes + slack)).contains(&size)
}
