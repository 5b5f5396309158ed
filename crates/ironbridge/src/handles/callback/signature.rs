//! Which closures can be callbacks: of up to eight arguments, giving a value or a `Result`.

use std::any::TypeId;
use std::marker::PhantomData;

use pyo3::IntoPyObjectExt;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::Callback;
use crate::error::Error;
use crate::handles::quick::number;

/// The error of a closure, whichever it is.
pub(super) type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// A closure that can be a [`Callback`]: `Fn(A1, A2, …) -> T`, or `-> Result<T, E>`.
///
/// `A` is the tuple of its arguments, `R` tells the two forms of results apart; both are inferred. An error is anything
/// that `?` turns into a boxed error: [`Error`](crate::Error), `PyErr`, `std::io::Error`, `anyhow::Error`, `String`, …
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a callback",
    note = "a callback is a closure of at most eight arguments of types that convert from Python, each with its type written down: `|n: u64| …`",
    note = "it gives a value that converts to Python, or a `Result` of one: `|n: u64| -> ironbridge::Result<()> {{ … }}`",
    note = "it is `Send + Sync + 'static`: what it captures is moved into it, and can be used from any thread"
)]
pub trait IntoCallback<A, R>: Sized {
    /// The callback.
    fn into_callback(self) -> Callback;
}

/// A closure that can be a callback by [`Callback::new_mut`]: as [`IntoCallback`], but `FnMut` and `Send`.
pub trait IntoCallbackMut<A, R>: Send {
    #[doc(hidden)]
    type Value: Value;
    #[doc(hidden)]
    fn call(&mut self, arguments: A) -> Result<Self::Value, Boxed>;
}

/// A closure that can be a callback by [`Callback::once`]: as [`IntoCallback`], but `FnOnce` and `Send`.
pub trait IntoCallbackOnce<A, R>: Send {
    #[doc(hidden)]
    type Value: Value;
    #[doc(hidden)]
    fn call(self, arguments: A) -> Result<Self::Value, Boxed>;
}

/// Stands for a closure that gives a `T`.
#[derive(Debug)]
pub struct Plain<T>(PhantomData<fn() -> T>);

/// Stands for a closure that gives a `Result<T, E>`.
#[derive(Debug)]
pub struct Fallible<T, E>(PhantomData<fn() -> Result<T, E>>);

/// The arguments of a callback: a tuple.
pub trait Arguments: Sized + Send + 'static {
    #[doc(hidden)]
    const COUNT: usize;
    #[doc(hidden)]
    fn extract(name: &str, arguments: &Bound<'_, PyTuple>) -> PyResult<Self>;
}

/// One argument.
trait Argument: for<'py> FromPyObjectOwned<'py> + Send + 'static {}
impl<T> Argument for T where T: for<'py> FromPyObjectOwned<'py> + Send + 'static {}

/// What a callback gives.
pub trait Value: for<'py> IntoPyObject<'py> + Send + 'static {
    #[doc(hidden)]
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        if TypeId::of::<Self>() == TypeId::of::<()>() {
            // By itself `()` is the empty tuple.
            return Ok(py.None().into_bound(py));
        }
        self.into_bound_py_any(py)
    }
}

impl<T> Value for T where T: for<'py> IntoPyObject<'py> + Send + 'static {}

/// Converts the argument of that index.
fn argument<T: Argument>(name: &str, arguments: &Bound<'_, PyTuple>, index: usize) -> PyResult<T> {
    let value = arguments.get_borrowed_item(index)?;
    if let Some(number) = number(value) {
        return Ok(number);
    }
    value
        .extract::<T>()
        .map_err(|error| not_the_argument::<T>(&value, error.into(), name, index))
}

#[cold]
fn not_the_argument<T>(value: &Bound<'_, PyAny>, error: PyErr, name: &str, index: usize) -> PyErr {
    let py = value.py();
    let why = error.clone_ref(py);
    let what = format!("{name} argument {}", index + 1);
    // The one line: a Python caller has the rest, the reason is the cause.
    let error = Error::result::<T>(value, error, &what, None);
    let error = PyTypeError::new_err(error.to_string());
    error.set_cause(py, Some(why));
    error
}

#[cold]
fn wrong_count(name: &str, wanted: usize, given: usize) -> PyErr {
    let s = if wanted == 1 { "" } else { "s" };
    let were = if given == 1 { "was" } else { "were" };
    let wanted = match wanted {
        0 => "no".to_owned(),
        wanted => wanted.to_string(),
    };
    PyTypeError::new_err(format!(
        "{name}() takes {wanted} positional argument{s} but {given} {were} given"
    ))
}

macro_rules! callbacks_of {
    ($($index:tt $argument:ident)*) => {
        impl<$($argument: Argument),*> Arguments for ($($argument,)*) {
            const COUNT: usize = [$($index,)* 0].len() - 1;

            #[allow(unused_variables, reason = "there may be none")]
            fn extract(name: &str, arguments: &Bound<'_, PyTuple>) -> PyResult<Self> {
                if arguments.len() != Self::COUNT {
                    return Err(wrong_count(name, Self::COUNT, arguments.len()));
                }
                Ok(($(argument::<$argument>(name, arguments, $index)?,)*))
            }
        }

        impl<F, T, $($argument),*> IntoCallback<($($argument,)*), Plain<T>> for F
        where
            F: Fn($($argument),*) -> T + Send + Sync + 'static,
            T: Value,
            $($argument: Argument,)*
        {
            fn into_callback(self) -> Callback {
                Callback::of(move |arguments: ($($argument,)*)| {
                    let ($($argument,)*) = arguments;
                    Ok(self($($argument),*))
                })
            }
        }

        impl<F, T, E, $($argument),*> IntoCallback<($($argument,)*), Fallible<T, E>> for F
        where
            F: Fn($($argument),*) -> Result<T, E> + Send + Sync + 'static,
            T: Value,
            E: Into<Boxed> + 'static,
            $($argument: Argument,)*
        {
            fn into_callback(self) -> Callback {
                Callback::of(move |arguments: ($($argument,)*)| {
                    let ($($argument,)*) = arguments;
                    self($($argument),*).map_err(Into::into)
                })
            }
        }

        callbacks_by_call!(IntoCallbackMut, FnMut, (&mut self) self, $($argument)*);
        callbacks_by_call!(IntoCallbackOnce, FnOnce, (self) self, $($argument)*);
    };
}

macro_rules! callbacks_by_call {
    ($trait:ident, $kind:ident, ($($receiver:tt)+) $self:ident, $($argument:ident)*) => {
        impl<F, T, $($argument),*> $trait<($($argument,)*), Plain<T>> for F
        where
            F: $kind($($argument),*) -> T + Send,
            T: Value,
            $($argument: Argument,)*
        {
            type Value = T;

            fn call($($receiver)+, arguments: ($($argument,)*)) -> Result<T, Boxed> {
                let ($($argument,)*) = arguments;
                Ok($self($($argument),*))
            }
        }

        impl<F, T, E, $($argument),*> $trait<($($argument,)*), Fallible<T, E>> for F
        where
            F: $kind($($argument),*) -> Result<T, E> + Send,
            T: Value,
            E: Into<Boxed>,
            $($argument: Argument,)*
        {
            type Value = T;

            fn call($($receiver)+, arguments: ($($argument,)*)) -> Result<T, Boxed> {
                let ($($argument,)*) = arguments;
                $self($($argument),*).map_err(Into::into)
            }
        }
    };
}

#[allow(non_snake_case, reason = "the arguments are named after their types")]
#[allow(clippy::wildcard_imports, reason = "the room of the macro's impls")]
mod impls {
    use super::*;

    callbacks_of!();
    callbacks_of!(0 A);
    callbacks_of!(0 A 1 B);
    callbacks_of!(0 A 1 B 2 C);
    callbacks_of!(0 A 1 B 2 C 3 D);
    callbacks_of!(0 A 1 B 2 C 3 D 4 G);
    callbacks_of!(0 A 1 B 2 C 3 D 4 G 5 H);
    callbacks_of!(0 A 1 B 2 C 3 D 4 G 5 H 6 I);
    callbacks_of!(0 A 1 B 2 C 3 D 4 G 5 H 6 I 7 J);
}
