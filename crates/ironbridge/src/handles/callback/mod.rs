//! A Rust closure as a Python callable.

mod exclusive;
mod object;
mod raise;
mod signature;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use exclusive::{Exclusive, Loan};
use object::Object;
pub(super) use raise::panicked;
use signature::{Arguments, Boxed, Value};
pub use signature::{IntoCallback, IntoCallbackMut, IntoCallbackOnce};

/// A Rust closure that Python can call.
///
/// It takes up to eight arguments of types that convert from Python, and gives a value that converts to Python, or a
/// `Result` of one.
///
/// ```
/// use ironbridge::{Callback, Result, python};
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
/// use std::sync::Arc;
///
/// let seen = Arc::new(AtomicU64::new(0));
/// let sum = seen.clone();
/// let progress = Callback::new(move |done: u64, total: u64| -> Result<()> {
///     sum.fetch_add(done * 100 / total, Relaxed);
///     Ok(())
/// });
/// python! {
///     for done in range(4):
///         'progress(done, 4)
/// }?;
/// assert_eq!(seen.load(Relaxed), 150);
/// # Ok::<(), ironbridge::Error>(())
/// ```
///
/// # Calls
///
/// Any Python thread may call it, several at once. The closure runs *detached* from the interpreter: it may take its
/// time, lock and wait, and calls Python by `python!`, [`attach`](crate::attach) and the like, as all Rust code does.
///
/// - Arguments that do not convert are a `TypeError`: `callback argument 1: expected u64, found str 'x'`. So are too
///   many, too few, and keyword arguments, in Python's own words.
/// - An [`Error`](crate::Error) that began as a Python exception is raised as that same exception, a `PyErr` as it is.
///   Any other error becomes a `RuntimeError` with its message, and its sources as notes.
/// - A panic becomes a `RuntimeError` with its text. It does not cross Python.
///
/// For closures that change what they hold there is [`new_mut`](Self::new_mut); for those that can be called once,
/// [`once`](Self::once); for those that borrow, [`scoped`](Self::scoped).
///
/// # In Python
///
/// It has a `__name__`, a `__doc__` and a `__signature__`; callbacks that share their closure are equal. It lives as
/// long as Python holds it. Python's garbage collector does not see into the closure: a Python object that the closure
/// holds and that holds the callback in turn is never freed.
#[derive(Clone)]
pub struct Callback {
    function: Arc<dyn Invoke>,
    name: Cow<'static, str>,
    doc: Option<Cow<'static, str>>,
}

impl Callback {
    /// A callback of a closure that may be called from several threads at once.
    pub fn new<A, R>(function: impl IntoCallback<A, R>) -> Self {
        function.into_callback()
    }

    /// A callback of a closure that changes what it holds. Calls from other threads wait for each other, detached from
    /// the interpreter.
    ///
    /// A call from within a call of itself is a `RuntimeError`, and so is every one after a call that has panicked.
    ///
    /// ```
    /// # use ironbridge::{Callback, python};
    /// let mut last = 0;
    /// let rising = Callback::new_mut(move |n: i64| {
    ///     let rises = n > last;
    ///     last = n;
    ///     rises
    /// });
    /// let rises = python! { -> Vec<bool> => [('rising)(n) for n in [1, 5, 3, 4]] }?;
    /// assert_eq!(rises, [true, true, false, true]);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn new_mut<A, R>(function: impl IntoCallbackMut<A, R> + 'static) -> Self
    where
        A: Arguments,
        R: 'static,
    {
        let function = Exclusive::new(function);
        Self::of(move |arguments: A| function.with(|function| function.call(arguments))?)
    }

    /// A callback of a closure that can be called once. Later calls are a `RuntimeError`.
    ///
    /// ```
    /// # use ironbridge::{Callback, python};
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let done = Callback::once(move |text: String| sender.send(text));
    /// python! { ('done)("finished") }?;
    /// assert_eq!(receiver.recv().as_deref(), Ok("finished"));
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn once<A, R>(function: impl IntoCallbackOnce<A, R> + 'static) -> Self
    where
        A: Arguments,
        R: 'static,
    {
        let function = Exclusive::new(function);
        Self::of(move |arguments: A| match function.take() {
            Some(function) => function.call(arguments),
            None => Err("this callback can be called once, and has been".into()),
        })
    }

    /// Runs `body` with a callback of a closure that borrows. When `body` is over, so is the callback: wherever Python
    /// has kept it, a call is a `RuntimeError` from then on. A call that another thread is in is waited for, detached.
    ///
    /// ```
    /// # use ironbridge::{Callback, python};
    /// let mut words = Vec::new();
    /// Callback::scoped(
    ///     |word: String| words.push(word),
    ///     |push| {
    ///         python! {
    ///             for word in "to be or not".split():
    ///                 ('push)(word)
    ///         }
    ///     },
    /// )?;
    /// assert_eq!(words, ["to", "be", "or", "not"]);
    /// # Ok::<(), ironbridge::Error>(())
    /// ```
    pub fn scoped<A, R, O>(
        mut function: impl IntoCallbackMut<A, R>,
        body: impl FnOnce(&Self) -> O,
    ) -> O
    where
        A: Arguments,
        R: 'static,
    {
        Loan::during(
            move |arguments: A| function.call(arguments),
            |lent| {
                let lent = lent.clone();
                body(&Self::of(move |arguments: A| {
                    lent.with(|function| function(arguments))?
                }))
            },
        )
    }

    /// The name that errors, `__name__` and `repr` give it; at first `callback`.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Its `__doc__`.
    #[must_use]
    pub fn documented(mut self, doc: impl Into<Cow<'static, str>>) -> Self {
        self.doc = Some(doc.into());
        self
    }

    fn of<A, V>(function: impl Fn(A) -> Result<V, Boxed> + Send + Sync + 'static) -> Self
    where
        A: Arguments,
        V: Value,
    {
        Self {
            function: Arc::new(Typed {
                function,
                types: PhantomData,
            }),
            name: Cow::Borrowed("callback"),
            doc: None,
        }
    }
}

/// A closure of any type, as Python calls it.
trait Invoke: Send + Sync {
    fn invoke<'py>(
        &self,
        name: &str,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// The number of arguments.
    fn count(&self) -> usize;
}

struct Typed<F, A, V> {
    function: F,
    types: PhantomData<fn(A) -> V>,
}

impl<F, A, V> Invoke for Typed<F, A, V>
where
    F: Fn(A) -> Result<V, Boxed> + Send + Sync,
    A: Arguments,
    V: Value,
{
    fn invoke<'py>(
        &self,
        name: &str,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        let arguments = A::extract(name, arguments)?;
        // A panic is caught before the thread attaches again.
        let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(|| (self.function)(arguments))));
        match outcome {
            Ok(Ok(value)) => value.into_python(py),
            Ok(Err(error)) => Err(raise::raise(py, error)),
            Err(panic) => Err(panicked(py, name, &*panic)),
        }
    }

    fn count(&self) -> usize {
        A::COUNT
    }
}

impl<'py> IntoPyObject<'py> for Callback {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Object::new(self).into_bound_py_any(py)
    }
}

impl<'py> IntoPyObject<'py> for &Callback {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.clone().into_pyobject(py)
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("name", &self.name)
            .field("arguments", &self.function.count())
            .finish_non_exhaustive()
    }
}
