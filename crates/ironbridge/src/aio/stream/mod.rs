//! Asynchronous iterators of Python as streams.

mod buffer;
mod pump;

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::{FusedStream, Stream};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;

use self::buffer::Buffer;
use super::asyncio::Steered;
use super::future::{await_in, timed_out};
use super::surroundings::Surroundings;
use super::{PythonFuture, RunsOn, kind};
use crate::error::{Error, ErrorKind, Origin, Result};
use crate::handles::Nothing;
use crate::limit::Limit;

/// So many items [`AsyncIter::collect_all`] has Python run ahead.
const ALL: usize = 256;

/// An asynchronous iterator of Python (an `async def` that yields, say) as a [`Stream`] of `Result<T>`.
///
/// It needs no runtime: it is polled by whichever executor, and polling neither attaches to the interpreter nor waits
/// for it. [`next`](Self::next) gives the next item; the adapters of crates such as `futures` work, too.
///
/// ```
/// use ironbridge::{AsyncIter, Session};
///
/// # fn main() -> ironbridge::Result<()> {
/// let session = Session::new()?;
/// session.run("
/// import asyncio
/// async def tokens(text):
///     for token in text.split():
///         await asyncio.sleep(0.001)
///         yield token
/// ")?;
/// # pollster::block_on(async {
/// let mut tokens: AsyncIter<String> = session.call("tokens", ("to be or not",))?;
/// while let Some(token) = tokens.next().await {
///     println!("{}", token?);
/// }
/// # Ok(())
/// # })
/// # }
/// ```
///
/// A function of a typed module that gives one is declared as `fn tokens(&self, text: &str) -> Result<AsyncIter<String>>`,
/// without `async`, as Python calls it without `await`. Nothing is called before the first item is asked for.
///
/// # How far Python runs ahead
///
/// Not at all: the iterator is asked for an item when the program wants one. With [`read_ahead`](Self::read_ahead) it
/// runs on until so many items wait to be taken, which is many times faster for items that come quickly.
///
/// One task of the event loop asks for all items, and closes the iterator at the end. So context variables and cancel
/// scopes may span a `yield`.
///
/// # Leaving it
///
/// Dropped, or out of [time](Self::timeout), it cancels that task: where the iterator waits it sees `CancelledError`,
/// where it stands at a `yield` it is closed (`aclose()`); `finally` blocks run, on the event loop. [`close`](Self::close)
/// waits for that. An iterator that was given to a stream belongs to it.
///
/// # Errors
///
/// What the iterator raised, or an item that is no `T`, with its index: `tokens()[17]: expected str, found int 3`. Either
/// comes when the iterator is closed, and ends the stream: what follows is `None`. An event loop that dies or ends makes
/// it [`ErrorKind::Cancelled`].
#[must_use = "nothing is called before an item is asked for"]
pub struct AsyncIter<T> {
    stage: Stage<T>,
    ahead: usize,
    /// Of each item, since it was asked for.
    limit: Option<Limit>,
    name: Cow<'static, str>,
    /// Where it was called, or asked for its first item.
    origin: Option<Origin>,
}

enum Stage<T> {
    /// Nobody has asked for an item.
    Made(Made),
    UnderWay(UnderWay<T>),
    Over,
}

struct Made {
    runs_on: RunsOn,
    surroundings: Surroundings,
    make: Box<Make>,
}

/// Gives what is iterated over.
type Make = dyn for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send;

struct UnderWay<T> {
    buffer: Arc<Buffer<T>>,
    /// The same, of whatever type.
    steered: Arc<dyn Steered>,
    /// Gone when it is over.
    task: Option<PythonFuture<()>>,
    /// What it ended with.
    failed: Option<Error>,
}

impl<T> AsyncIter<T> {
    /// A stream over what `make` gives: on a thread of Python's, when the first item is asked for.
    pub(crate) fn of<F>(
        runs_on: RunsOn,
        name: Cow<'static, str>,
        origin: Option<Origin>,
        make: F,
    ) -> Self
    where
        F: for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static,
    {
        Self {
            stage: Stage::Made(Made {
                runs_on,
                surroundings: Surroundings::here(),
                make: Box::new(make),
            }),
            ahead: 1,
            limit: None,
            name,
            origin,
        }
    }

    /// Lets Python run ahead of the program until `count` items wait to be taken; 0 is as 1. When half of them are taken,
    /// it runs on.
    ///
    /// With 1, the default, the next item is not begun before it is asked for. Call this before the first item is asked
    /// for; later it changes nothing.
    ///
    /// ```
    /// # use ironbridge::{AsyncIter, python};
    /// # fn main() -> ironbridge::Result<()> {
    /// # pollster::block_on(async {
    /// let squares = python! { -> AsyncIter<u64> =>
    ///     async def squares(count):
    ///         for n in range(count):
    ///             yield n * n
    ///     squares(1000)
    /// };
    /// let mut squares = squares?.read_ahead(64);
    /// let mut sum = 0;
    /// while let Some(square) = squares.next().await {
    ///     sum += square?;
    /// }
    /// assert_eq!(sum, 332_833_500);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn read_ahead(mut self, count: usize) -> Self {
        self.ahead = count.max(1);
        self
    }

    /// Gives up on an item when `each` has passed since it was asked for: an [`ErrorKind::Timeout`], which ends the
    /// stream.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # use ironbridge::{AsyncIter, ErrorKind, python};
    /// # fn main() -> ironbridge::Result<()> {
    /// # pollster::block_on(async {
    /// let ticks = python! { -> AsyncIter<u32> =>
    ///     import asyncio
    ///     async def ticks():
    ///         yield 1
    ///         await asyncio.sleep(60)
    ///     ticks()
    /// };
    /// let mut ticks = ticks?.timeout(Duration::from_millis(20));
    /// # let mut ticks = ticks.timeout(Duration::from_secs(30)); // it may have to start asyncio first
    /// assert_eq!(ticks.next().await.transpose()?, Some(1));
    /// # let mut ticks = ticks.timeout(Duration::from_millis(20));
    /// let late = ticks.next().await.expect("an outcome").unwrap_err();
    /// assert_eq!(late.kind(), ErrorKind::Timeout);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn timeout(mut self, each: Duration) -> Self {
        self.limit = Some(Limit::new(each));
        self
    }

    /// Sets its name in errors: with `tokens()`, the item of index 17 is `tokens()[17]`. The default is the name of the
    /// function. Call this before the first item is asked for.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Ends it, and waits until Python has: the `finally` blocks of the iterator have run.
    ///
    /// Items that were read ahead are lost.
    ///
    /// # Errors
    ///
    /// What the iterator raised while it was closed.
    pub async fn close(mut self) -> Result<()> {
        let Stage::UnderWay(under_way) = &mut self.stage else {
            return Ok(());
        };
        let Some(mut task) = under_way.task.take().filter(PythonFuture::is_submitted) else {
            return Ok(());
        };
        under_way.buffer.close();
        task.stop(under_way.steered.clone());
        match task.await {
            Err(error) if error.kind() != ErrorKind::Cancelled => Err(error),
            _ => Ok(()),
        }
    }
}

impl<T> AsyncIter<T>
where
    T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
{
    /// The next item, or `None` at the end. Dropping the future loses nothing.
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "as streams call it")]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<T>>> + Send {
        let origin = Origin::caller(Location::caller());
        self.origin.get_or_insert(origin);
        poll_fn(|context| Pin::new(&mut *self).poll_next(context))
    }

    /// All items that are left. Where nobody said how far Python runs ahead, it does.
    ///
    /// # Errors
    ///
    /// The first that occurs; the items before it are lost.
    ///
    /// ```
    /// # use ironbridge::{AsyncIter, python};
    /// # fn main() -> ironbridge::Result<()> {
    /// let letters = python! { -> AsyncIter<char> =>
    ///     async def letters(word):
    ///         for letter in word:
    ///             yield letter
    ///     letters("rust")
    /// }?;
    /// assert_eq!(pollster::block_on(letters.collect_all())?, ['r', 'u', 's', 't']);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn collect_all(mut self) -> impl Future<Output = Result<Vec<T>>> + Send {
        let origin = Origin::caller(Location::caller());
        self.origin.get_or_insert(origin);
        if self.ahead == 1 {
            self.ahead = ALL;
        }
        async move {
            let mut all = Vec::new();
            while let Some(item) = self.next().await {
                all.push(item?);
            }
            Ok(all)
        }
    }

    fn start(&mut self) {
        let Stage::Made(made) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        let buffer = Arc::new(Buffer::<T>::new(self.ahead, self.name.clone(), self.origin));
        let (sink, name, origin) = (buffer.clone(), self.name.clone(), self.origin);
        let Made {
            runs_on,
            surroundings,
            make,
        } = made;
        let what = self.name.clone();
        let task = await_in::<(), _, Nothing>(runs_on, what, origin, surroundings, move |py| {
            let iterable = make(py)?;
            kind::check(&iterable)
                .map_err(|error| Error::result::<Self>(&iterable, error, &name, origin))?;
            pump::pump(&iterable, sink).map_err(|error| Error::from_python(py, error, origin))
        });
        self.stage = Stage::UnderWay(UnderWay {
            steered: buffer.clone(),
            buffer,
            task: Some(task),
            failed: None,
        });
    }

    /// The error of an item that comes too late.
    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let (Some(limit), Stage::UnderWay(under_way)) = (&mut self.limit, &self.stage) else {
            return Poll::Pending;
        };
        let took = ready!(limit.poll(context));
        let what = format!("{}[{}]", self.name, under_way.buffer.next_index());
        let found = match &under_way.task {
            Some(task) if task.is_submitted() => "the iterator is cancelled",
            _ => "it waited for room among the calls",
        };
        Poll::Ready(timed_out(&what, limit.given(), took, self.origin, found))
    }
}

impl<T> UnderWay<T>
where
    T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        if let Poll::Ready(item) = self.buffer.poll(context) {
            return Poll::Ready(Some(Ok(item)));
        }
        if let Some(task) = &mut self.task {
            let outcome = ready!(Pin::new(task).poll(context));
            self.task = None;
            self.failed = self.buffer.take_failure().or(outcome.err());
            // Some may have come just before.
            if let Poll::Ready(item) = self.buffer.poll(context) {
                return Poll::Ready(Some(Ok(item)));
            }
        }
        Poll::Ready(self.failed.take().map(Err))
    }
}

impl<T> Stream for AsyncIter<T>
where
    T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
{
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.get_mut();
        if matches!(this.stage, Stage::Made(_)) {
            this.start();
        }
        let Stage::UnderWay(under_way) = &mut this.stage else {
            return Poll::Ready(None);
        };
        let outcome = match under_way.poll(context) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Some(Err(ready!(this.poll_limit(context)))),
        };
        if let Some(limit) = &mut this.limit {
            limit.restart();
        }
        if !matches!(outcome, Some(Ok(_))) {
            this.stage = Stage::Over;
        }
        Poll::Ready(outcome)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.stage {
            Stage::Made(_) => (0, None),
            Stage::UnderWay(under_way) => {
                let ready = under_way.buffer.len();
                let most = ready + usize::from(under_way.failed.is_some());
                (ready, under_way.task.is_none().then_some(most))
            }
            Stage::Over => (0, Some(0)),
        }
    }
}

impl<T> FusedStream for AsyncIter<T>
where
    T: for<'py> FromPyObjectOwned<'py> + Send + 'static,
{
    fn is_terminated(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }
}

impl<T> Drop for UnderWay<T> {
    fn drop(&mut self) {
        self.buffer.close();
        if let Some(task) = &mut self.task {
            task.stop(self.steered.clone());
        }
    }
}

impl<T> FromPyObject<'_, '_> for AsyncIter<T> {
    type Error = PyErr;

    /// Takes what has an `__aiter__`, which is called when the first item is asked for.
    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        kind::check(&object)?;
        let name = kind::name_of(&object);
        let iterable = object.to_owned().unbind();
        Ok(Self::of(RunsOn::Loop, name, None, move |py| {
            Ok(iterable.into_bound(py))
        }))
    }
}

impl<T> fmt::Debug for AsyncIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stage, read, ready) = match &self.stage {
            Stage::Made(_) => ("not asked", 0, 0),
            Stage::UnderWay(under_way) => {
                let buffer = &under_way.buffer;
                let stage = match under_way.task {
                    Some(_) => "under way",
                    None => "ended",
                };
                (stage, buffer.next_index(), buffer.len())
            }
            Stage::Over => ("over", 0, 0),
        };
        f.debug_struct("AsyncIter")
            .field("name", &self.name)
            .field("stage", &stage)
            .field("taken", &read)
            .field("ready", &ready)
            .field("ahead", &self.ahead)
            .field("timeout", &self.limit.as_ref().map(Limit::given))
            .finish_non_exhaustive()
    }
}
