//! Models within a memory budget: loaded on demand, once, leased while they are used, unloaded when they are idle or others
//! need the room.
//!
//! ```
//! use std::time::Duration;
//!
//! use ironbridge::memory::{ByteSize, Device};
//! use ironbridge::models::{Model, Models};
//! use ironbridge::{Result, Session};
//!
//! # fn main() -> Result<()> {
//! let models = Models::builder()
//!     .budget(Device::Host, ByteSize::gib(4))
//!     .keep_alive(Duration::from_secs(300))
//!     .build();
//! let embedder = models.add(
//!     Model::new("embedder")
//!         .load(|loading| {
//!             loading.progress(0.5, "reading weights")?;
//!             let session = Session::new()?;
//!             session.run("weights = [0.5, 1.5]")?;
//!             Ok(session)
//!         })
//!         .unload(|session| session.run("weights.clear()"))
//!         .needs(Device::Host, ByteSize::mib(600)),
//! )?;
//!
//! # pollster::block_on(async {
//! let lease = models.acquire(&embedder).timeout(Duration::from_secs(60)).await?;
//! assert_eq!(lease.eval::<f64>("sum(weights)")?, 2.0);
//! drop(lease); // returned; from now on it is idle
//! println!("{}", models.table());
//! models.shutdown().await?;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Loading
//!
//! A loader is any Rust closure: one that calls a function or a class of a typed module, or `python!`, or none of Python.
//! It runs on a thread of its own, detached from the interpreter. However many ask for a model at once, it is loaded once;
//! whoever drops out does not disturb the others, and when the last one does, the load is cancelled: its loader is told by
//! [`Loading::check`], and interrupted by `ironbridge.LoadInterrupted`, a `BaseException`, where it runs Python code.
//!
//! A load that fails leaves nothing: the frames of its traceback let go of what they hold, and garbage is collected. Those
//! who wait get its error, and so does whoever asks before the next attempt is allowed
//! ([`Model::backoff`], [`Models::retry_now`]). One that hangs gives its callers a
//! [`Timeout`](crate::ErrorKind::Timeout) on time ([`Model::load_timeout`]); its memory counts as taken until its thread
//! ends.
//!
//! # Room
//!
//! Where a device has a budget, models are let in while their sizes fit into it: what they say
//! ([`Model::needs`]), or what was measured ([`Model::device`]). Otherwise those that are idle go, the least recently used
//! first, and where these are not enough, loads wait, in order, until leases are returned. A model that is leased, or
//! pinned, is never evicted. A caller that holds a lease while it waits for another model can wait for itself:
//! [`Acquire::timeout`] tells who has what.
//!
//! Memory that runs out all the same is an error of kind [`OutOfMemory`](crate::ErrorKind::OutOfMemory).
//! [`Model::evict_and_retry`] and [`Lease::with_room`] answer it with evictions and one more attempt.
//!
//! # Unloading
//!
//! The hook is called, references are dropped, garbage is collected, torch's CUDA cache is emptied where torch uses CUDA
//! already, the C library gives free memory back. [`Unloaded`] tells what was returned, as measured, and [`Left`] what
//! still holds the model.
//!
//! # Seeing
//!
//! [`Models::table`] and [`Models::events`]. With the feature `metrics`: `ironbridge_models_loaded`,
//! `ironbridge_model_bytes`, `ironbridge_model_loads_total`, `ironbridge_model_load_failures_total`,
//! `ironbridge_model_unloads_total`, `ironbridge_model_load_seconds`. With the feature `tracing`: events of the target
//! `ironbridge::models`.
//!
//! # The end
//!
//! [`Models::shutdown`] has all models returned and unloaded. [`Interpreter::shutdown`](crate::Interpreter::shutdown) makes
//! no more loads, lets those under way finish within its grace, interrupts them then, and unloads what is idle. Leaving
//! `main` only interrupts loads. When the last `Models`, lease and load are dropped, handles are dropped without their
//! hooks.

mod acquire;
mod aside;
mod builder;
mod clear;
mod end;
mod event;
mod fail;
mod inner;
mod interrupt;
mod lease;
mod leaving;
mod load;
mod loading;
mod measure;
mod meter;
mod model;
mod report;
mod room;
mod schedule;
mod state;
mod table;
mod transitions;
mod unload;

use std::any::{TypeId, type_name};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use acquire::Acquire;
pub use builder::ModelsBuilder;
pub(crate) use end::end;
pub use event::{Change, ModelEvent, ModelEvents};
pub use lease::Lease;
pub use leaving::{Shutdown, Unload};
pub use loading::{Loading, Progress};
pub use model::{Model, ModelId, Named};
pub use report::{Cleared, Left, Reason, Unloaded};
pub use table::{BudgetRow, ModelRow, ModelState, ModelTable};

use crate::error::Result;
use inner::Inner;
use state::Entry;

/// Named models; see [`models`](crate::models). Clones are the same models.
#[derive(Clone)]
pub struct Models(Arc<Inner>);

impl Models {
    /// Models without budgets.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Budgets, and what models do that do not say otherwise.
    pub fn builder() -> ModelsBuilder {
        ModelsBuilder::default()
    }

    /// Adds a model. It is not loaded yet.
    ///
    /// # Errors
    ///
    /// [`Model`](crate::ErrorKind::Model): it has no loader; its name is empty, or taken, or holds a NUL.
    pub fn add<H: Send + Sync + 'static>(&self, model: Model<H>) -> Result<ModelId<H>> {
        let name = model.name.clone();
        if name.is_empty() || name.contains('\0') {
            return Err(fail::not_added(&name, "a name has text, and no NUL in it"));
        }
        let Some(spec) = model.spec(&self.0.defaults) else {
            return Err(fail::not_added(&name, "it has no loader: `Model::load`"));
        };
        let name = spec.name.clone();
        let mut entry = Some(Entry::new(spec));
        let is_new = self.0.update(|state| {
            if state.by_name.contains_key(&name) {
                return false;
            }
            if let Some(entry) = entry.take() {
                let index = state.entries.len();
                state.by_name.insert(name.clone(), index);
                state.entries.push(entry);
            }
            true
        });
        if is_new {
            Ok(ModelId::new(name))
        } else {
            Err(fail::not_added(&name, "there is one of that name"))
        }
    }

    /// A lease of a model, which is loaded for it where it is not there: a future. `model` is what [`add`](Self::add) gave,
    /// or the name as text; then the type has to be said: `models.acquire::<Embedder>("embedder")`.
    ///
    /// # Errors
    ///
    /// [`Model`](crate::ErrorKind::Model): there is none of that name, or it is of another type.
    /// [`Timeout`](crate::ErrorKind::Timeout): of this call, or of the load.
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory): it is larger than the budget.
    /// [`Cancelled`](crate::ErrorKind::Cancelled): no more loads are made. A load that fails gives its own kind.
    #[track_caller]
    pub fn acquire<H: Send + Sync + 'static>(&self, model: impl Named<H>) -> Acquire<H> {
        let index = self.index::<H>(model.model_name());
        Acquire::new(&self.0, index, Location::caller())
    }

    /// [`acquire`](Self::acquire), waited for here, detached from the interpreter. Not for threads of a runtime.
    #[track_caller]
    pub fn acquire_blocking<H: Send + Sync + 'static>(
        &self,
        model: impl Named<H>,
    ) -> Result<Lease<H>> {
        self.acquire(model).wait()
    }

    /// A lease of a model that is there; `None` where it is not, without loading it.
    #[track_caller]
    pub fn try_acquire<H: Send + Sync + 'static>(
        &self,
        model: impl Named<H>,
    ) -> Result<Option<Lease<H>>> {
        let at = Location::caller();
        let index = self.index::<H>(model.model_name())?;
        let grant = self.0.update(|state| {
            if state.closed.is_some() || !state.entries[index].unloads.is_empty() {
                return None;
            }
            state.grant(index, at)
        });
        grant
            .map(|grant| Lease::new(&self.0, index, grant))
            .transpose()
    }

    /// Has a model unloaded, pinned or not, when its leases are returned; those who ask for it meanwhile wait until it is
    /// loaded again. A future; `None` where it is not loaded.
    #[track_caller]
    pub fn unload(&self, name: impl AsRef<str>) -> Unload {
        Unload::new(&self.0, self.find(name.as_ref()), Location::caller())
    }

    /// Allows the next attempt to load a model at once, after loads that failed; also beside the thread of one that was
    /// given up and does not end.
    pub fn retry_now(&self, name: impl AsRef<str>) -> Result<()> {
        let index = self.find(name.as_ref())?;
        self.0.update(|state| state.retry_now(index));
        Ok(())
    }

    /// Whether a model is never evicted, nor unloaded when it is idle, from now on.
    pub fn pin(&self, name: impl AsRef<str>, pinned: bool) -> Result<()> {
        let index = self.find(name.as_ref())?;
        self.0.update(|state| state.entries[index].pinned = pinned);
        Ok(())
    }

    /// How all models stand.
    pub fn table(&self) -> ModelTable {
        self.0.look(ModelTable::of)
    }

    /// What happens from now on.
    pub fn events(&self) -> ModelEvents {
        ModelEvents(self.0.events.activate_cloned())
    }

    /// Ends all: no more leases are given, loads are cancelled, idle models are unloaded now and others when they are
    /// returned. A future; dropped, the end goes on.
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::ErrorKind::Timeout): within [`grace`](Shutdown::grace) not all were unloaded. It lists those that
    /// are left, and who has them.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown::new(&self.0)
    }

    fn find(&self, name: &str) -> Result<usize> {
        self.0.look(|state| {
            let index = state.by_name.get(name).copied();
            index.ok_or_else(|| fail::unknown(name, state))
        })
    }

    fn index<H: 'static>(&self, name: &str) -> Result<usize> {
        let index = self.find(name)?;
        let spec = self.0.look(|state| state.entries[index].spec.clone());
        if spec.handle == TypeId::of::<H>() {
            Ok(index)
        } else {
            Err(fail::wrong_type(&spec, type_name::<H>()))
        }
    }
}

impl Default for Models {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self
            .0
            .look(|state| state.entries.iter().map(|e| e.name().clone()).collect());
        f.debug_tuple("Models").field(&names).finish()
    }
}
