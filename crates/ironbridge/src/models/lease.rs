//! A model in use.

use std::any::type_name;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::inner::Inner;
use super::room::MakeRoom;
use super::state::Grant;
use super::{aside::aside, clear, fail};
use crate::error::{ErrorKind, Result};

/// A model in use: as long as there is a lease it is not unloaded. Dropping returns it, also when a panic passes.
///
/// Clones of the handle that outlive the lease keep what they hold: when the model is unloaded,
/// [`Left`](super::Left) tells.
#[must_use = "dropped, the lease is returned"]
pub struct Lease<H> {
    /// `None` while it is dropped.
    handle: Option<Arc<H>>,
    inner: Arc<Inner>,
    index: usize,
    number: u64,
}

impl<H: Send + Sync + 'static> Lease<H> {
    pub(super) fn new(inner: &Arc<Inner>, index: usize, grant: Grant) -> Result<Self> {
        let Grant { value, lease } = grant;
        match value.downcast::<H>() {
            Ok(handle) => Ok(Self {
                handle: Some(handle),
                inner: inner.clone(),
                index,
                number: lease,
            }),
            Err(value) => {
                drop(value);
                inner.update(|state| state.give_back(index, lease));
                let spec = inner.look(|state| state.entries[index].spec.clone());
                Err(fail::wrong_type(&spec, type_name::<H>()))
            }
        }
    }

    /// The model's name.
    pub fn model(&self) -> Arc<str> {
        self.inner
            .look(|state| state.entries[self.index].name().clone())
    }

    /// Calls `f`. When it runs out of memory ([`ErrorKind::OutOfMemory`]), the idle models of this model's devices are
    /// unloaded, and `f` is called once more. Waits for that here, detached from the interpreter.
    ///
    /// ```
    /// # use ironbridge::models::{Model, Models};
    /// # use ironbridge::{Result, Session};
    /// # let models = Models::new();
    /// # let sums = models.add(Model::new("sums").load(|_| Session::new()))?;
    /// let lease = models.acquire_blocking(&sums)?;
    /// let sum: i64 = lease.with_room(|session| session.eval("sum(range(4))"))?;
    /// assert_eq!(sum, 6);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn with_room<T>(&self, f: impl Fn(&H) -> Result<T>) -> Result<T> {
        match f(self) {
            Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                crate::detach(move || {
                    clear::settle(&error);
                    drop(error);
                    async_io::block_on(MakeRoom::for_model(&self.inner, self.index));
                    clear::clear(None);
                });
                f(self)
            }
            outcome => outcome,
        }
    }

    /// [`with_room`](Self::with_room) for calls that are futures.
    pub async fn with_room_async<'lease, T, F>(
        &'lease self,
        f: impl Fn(&'lease H) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + 'lease,
    {
        match f(self).await {
            Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                // Collecting garbage takes the interpreter, which a task of a runtime may not wait for.
                let settled = aside(move || clear::settle(&error));
                settled.await;
                MakeRoom::for_model(&self.inner, self.index).await;
                aside(|| drop(clear::clear(None))).await;
                f(self).await
            }
            outcome => outcome,
        }
    }
}

impl<H> Deref for Lease<H> {
    type Target = H;

    fn deref(&self) -> &H {
        match &self.handle {
            Some(handle) => handle,
            None => unreachable!("only `drop` takes the handle"),
        }
    }
}

impl<H> Drop for Lease<H> {
    fn drop(&mut self) {
        // First: who unloads the model must have it alone.
        self.handle = None;
        let (index, number) = (self.index, self.number);
        self.inner.update(|state| state.give_back(index, number));
    }
}

impl<H> fmt::Debug for Lease<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .inner
            .look(|state| state.entries[self.index].name().clone());
        f.debug_struct("Lease")
            .field("model", &name)
            .field("handle", &type_name::<H>())
            .finish_non_exhaustive()
    }
}
