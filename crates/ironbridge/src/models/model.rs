//! What a model is: its loader, what it needs, how it goes.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytesize::ByteSize;
use pyo3::prelude::*;

use super::fail;
use super::loading::Loading;
use crate::error::Result;
use crate::memory::Device;

/// A loaded model, whatever its type.
pub(super) type Value = Arc<dyn Any + Send + Sync>;

type Load = Box<dyn Fn(&Loading) -> Result<Value> + Send + Sync>;
type Unload = Box<dyn Fn(&Value) -> Result<()> + Send + Sync>;
type Object = Box<dyn for<'py> Fn(&Value, Python<'py>) -> Option<Bound<'py, PyAny>> + Send + Sync>;

/// A model that [`Models`](super::Models) keeps, as a program describes it. `H` is what its loader gives: a handle of a
/// typed class, a `Py<PyAny>`, or whatever else.
///
/// ```
/// use std::time::Duration;
///
/// use ironbridge::memory::{ByteSize, Device};
/// use ironbridge::models::{Model, Models};
/// use ironbridge::{Result, Session};
///
/// let models = Models::new();
/// let answers = models.add(
///     Model::new("answers")
///         .load(|_| Session::new()?.eval::<Vec<i64>>("[42]"))
///         .needs(Device::Host, ByteSize::mib(1))
///         .keep_alive(Duration::from_secs(60)),
/// )?;
/// assert_eq!(models.acquire_blocking(&answers)?[0], 42);
/// # Ok::<(), ironbridge::Error>(())
/// ```
#[must_use = "a model does nothing until it is added to `Models`"]
pub struct Model<H> {
    pub(super) name: String,
    pub(super) load: Option<Load>,
    unload: Option<Unload>,
    object: Option<Object>,
    needs: Vec<Need>,
    pinned: bool,
    evict_and_retry: bool,
    keep_alive: Option<Limit>,
    load_timeout: Option<Limit>,
    unload_timeout: Option<Duration>,
    backoff: Option<Backoff>,
    handle: PhantomData<fn() -> H>,
}

/// What a model takes of a device; measured where it is not said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    pub(super) device: Device,
    pub(super) size: Option<u64>,
}

/// How long after failed loads the next one may be tried: doubling.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) most: Duration,
}

impl Backoff {
    /// After so many failures in a row.
    pub(super) fn after(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.most)
    }
}

/// For so long; without, for ever.
#[derive(Debug, Clone, Copy)]
struct Limit(Option<Duration>);

/// What models do that do not say otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults {
    pub(super) keep_alive: Option<Duration>,
    pub(super) load_timeout: Option<Duration>,
    pub(super) unload_timeout: Duration,
    pub(super) backoff: Backoff,
}

/// A model as it is kept: the type of its handle is forgotten.
pub(super) struct Spec {
    pub(super) name: Arc<str>,
    pub(super) load: Load,
    pub(super) unload: Option<Unload>,
    pub(super) object: Option<Object>,
    pub(super) needs: Vec<Need>,
    pub(super) handle: TypeId,
    pub(super) handle_name: &'static str,
    pub(super) evict_and_retry: bool,
    pub(super) keep_alive: Option<Duration>,
    pub(super) load_timeout: Option<Duration>,
    pub(super) unload_timeout: Duration,
    pub(super) backoff: Backoff,
    pub(super) pinned: bool,
}

impl Spec {
    pub(super) fn devices(&self) -> impl Iterator<Item = Device> + '_ {
        self.needs.iter().map(|need| need.device)
    }
}

impl<H: Send + Sync + 'static> Model<H> {
    /// A model of that name. It needs a loader yet: [`load`](Self::load) or [`load_async`](Self::load_async).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            load: None,
            unload: None,
            object: None,
            needs: Vec::new(),
            pinned: false,
            evict_and_retry: false,
            keep_alive: None,
            load_timeout: None,
            unload_timeout: None,
            backoff: None,
            handle: PhantomData,
        }
    }

    /// Loads it. Runs on a thread of its own, detached from the interpreter: a function or a class of a typed module, or
    /// any code that ends with the handle.
    ///
    /// A panic in it is a failed load.
    pub fn load(mut self, load: impl Fn(&Loading) -> Result<H> + Send + Sync + 'static) -> Self {
        self.load = Some(Box::new(move |loading| {
            load(loading).map(|handle| Arc::new(handle) as Value)
        }));
        self
    }

    /// Loads it by a future, which is polled on a thread of its own and need not be `Send`. When nobody waits for the
    /// model any more the future is dropped, which cancels a Python coroutine.
    pub fn load_async<F>(self, load: impl Fn(Loading) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<H>>,
    {
        self.load(move |loading| {
            let mut future = pin!(load(loading.clone()));
            async_io::block_on(poll_fn(|context| {
                if let Poll::Ready(loaded) = future.as_mut().poll(context) {
                    return Poll::Ready(loaded);
                }
                if loading.run.is_stopped_or_wake(context) {
                    return Poll::Ready(Err(fail::stopped(loading.model())));
                }
                Poll::Pending
            }))
        })
    }

    /// Called with the model before its references are dropped. It is unloaded whether or not this fails.
    pub fn unload(mut self, unload: impl Fn(&H) -> Result<()> + Send + Sync + 'static) -> Self {
        self.unload = Some(Box::new(move |value| match value.downcast_ref::<H>() {
            Some(handle) => unload(handle),
            None => Ok(()),
        }));
        self
    }

    /// The Python object behind the handle, so that unloading can tell whether something still holds it:
    /// `.object(|embedder| embedder.object())` of a typed class, `.object(|object| object)` of a `Py<PyAny>`.
    pub fn object(
        mut self,
        object: impl for<'h> Fn(&'h H) -> &'h Py<PyAny> + Send + Sync + 'static,
    ) -> Self {
        self.object = Some(Box::new(move |value, py| {
            let handle = value.downcast_ref::<H>()?;
            Some(object(handle).bind(py).clone())
        }));
        self
    }

    /// It takes `size` of the memory of `device`. Of several devices, say each.
    pub fn needs(mut self, device: Device, size: ByteSize) -> Self {
        self.needs.retain(|need| need.device != device);
        self.needs.push(Need {
            device,
            size: Some(size.as_u64()),
        });
        self
    }

    /// It lives on `device` and takes what is measured when it is loaded: the growth of what this process has there.
    /// Within a budget such a load runs alone on its device.
    pub fn device(mut self, device: Device) -> Self {
        if !self.needs.iter().any(|need| need.device == device) {
            self.needs.push(Need { device, size: None });
        }
        self
    }

    /// It is never evicted, nor unloaded when it is idle; only when asked for, and at shutdown.
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// How long it stays loaded without a lease: a `Duration`, or `None` for as long as there is room.
    pub fn keep_alive(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.keep_alive = Some(Limit(idle.into()));
        self
    }

    /// How long loading may take, once there is room for it; `None` for ever. Then callers get
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout), and the loader is interrupted where it runs Python code.
    pub fn load_timeout(mut self, most: impl Into<Option<Duration>>) -> Self {
        self.load_timeout = Some(Limit(most.into()));
        self
    }

    /// How long unloading may take before its hook is interrupted where it runs Python code.
    pub fn unload_timeout(mut self, most: Duration) -> Self {
        self.unload_timeout = Some(most);
        self
    }

    /// After a failed load the next attempt has to wait for `first`, then for twice as long, up to `most`.
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = Some(Backoff { first, most });
        self
    }

    /// A load that runs out of memory unloads the idle models of its devices, and is tried once more.
    pub fn evict_and_retry(mut self, yes: bool) -> Self {
        self.evict_and_retry = yes;
        self
    }

    /// Gives the model as it is kept. `None` without a loader.
    pub(super) fn spec(self, defaults: &Defaults) -> Option<Spec> {
        Some(Spec {
            name: self.name.into(),
            load: self.load?,
            unload: self.unload,
            object: self.object,
            needs: self.needs,
            handle: TypeId::of::<H>(),
            handle_name: type_name::<H>(),
            evict_and_retry: self.evict_and_retry,
            keep_alive: self.keep_alive.unwrap_or(Limit(defaults.keep_alive)).0,
            load_timeout: self.load_timeout.unwrap_or(Limit(defaults.load_timeout)).0,
            unload_timeout: self.unload_timeout.unwrap_or(defaults.unload_timeout),
            backoff: self.backoff.unwrap_or(defaults.backoff),
            pinned: self.pinned,
        })
    }
}

impl<H> fmt::Debug for Model<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.name)
            .field("handle", &type_name::<H>())
            .field("needs", &self.needs)
            .field("pinned", &self.pinned)
            .finish_non_exhaustive()
    }
}

/// The name of a model that was added, which knows its handle's type.
pub struct ModelId<H> {
    pub(super) name: Arc<str>,
    handle: PhantomData<fn() -> H>,
}

impl<H> ModelId<H> {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            handle: PhantomData,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<H> Clone for ModelId<H> {
    fn clone(&self) -> Self {
        Self::new(self.name.clone())
    }
}

impl<H> fmt::Debug for ModelId<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelId({:?})", self.name)
    }
}

impl<H> fmt::Display for ModelId<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<H> AsRef<str> for ModelId<H> {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

/// What names a model whose handle is an `H`: its [`ModelId`], or its name as text.
pub trait Named<H> {
    /// The name.
    fn model_name(&self) -> &str;
}

impl<H> Named<H> for ModelId<H> {
    fn model_name(&self) -> &str {
        &self.name
    }
}

impl<H> Named<H> for str {
    fn model_name(&self) -> &str {
        self
    }
}

impl<H> Named<H> for String {
    fn model_name(&self) -> &str {
        self
    }
}

impl<H, N: Named<H> + ?Sized> Named<H> for &N {
    fn model_name(&self) -> &str {
        (**self).model_name()
    }
}
