//! Captures of `async` blocks: the future owns them, since it may outlive the variables.
//!
//! What is borrowed becomes owned (`&str` a `String`), everything else is cloned. The macro calls `(&&Keep(&x)).keep()`;
//! method lookup then finds the first of: handles of Python's objects, which are counted; references, and what holds
//! them; [`Clone`].

use std::borrow::Cow;

use pyo3::Py;

use crate::module::share;

/// A captured variable, borrowed.
#[derive(Debug)]
pub struct Keep<'a, T: ?Sized>(pub &'a T);

/// Keeps a `Py<T>`, which can be shared while attached only.
pub trait KeepPy {
    /// A handle of the future's own.
    type Kept;
    /// Shares the object.
    fn keep(&self) -> Self::Kept;
}

impl<T> KeepPy for &Keep<'_, Py<T>> {
    type Kept = Py<T>;

    fn keep(&self) -> Py<T> {
        share(self.0)
    }
}

impl<T> KeepPy for &Keep<'_, &Py<T>> {
    type Kept = Py<T>;

    fn keep(&self) -> Py<T> {
        share(self.0)
    }
}

impl<T: ?Sized + ToOwned> Keep<'_, &T> {
    /// Owns what is referred to.
    pub fn keep(&self) -> T::Owned {
        (*self.0).to_owned()
    }
}

impl<T: ?Sized + ToOwned> Keep<'_, Cow<'_, T>> {
    /// Owns what may be borrowed.
    pub fn keep(&self) -> T::Owned {
        self.0.clone().into_owned()
    }
}

impl<T: ?Sized + ToOwned> Keep<'_, Option<&T>> {
    /// Owns what is referred to.
    pub fn keep(&self) -> Option<T::Owned> {
        self.0.map(ToOwned::to_owned)
    }
}

impl<T: ?Sized + ToOwned> Keep<'_, Vec<&T>> {
    /// Owns what is referred to.
    pub fn keep(&self) -> Vec<T::Owned> {
        self.0.iter().map(|item| (*item).to_owned()).collect()
    }
}

/// What can be cloned for an `async` block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be captured by an `async` block: it is no `Clone`",
    label = "an `async` block owns what it captures, as it may run on when this variable is gone",
    note = "give it to a session with `Session::set`, or capture what can be cloned"
)]
pub trait Keepable {
    /// A value of the future's own.
    #[must_use]
    fn kept(&self) -> Self;
}

impl<T: Clone> Keepable for T {
    fn kept(&self) -> T {
        self.clone()
    }
}

/// Keeps everything else.
pub trait KeepByClone<T> {
    /// Clones the value.
    fn keep(&self) -> T
    where
        T: Keepable;
}

impl<T> KeepByClone<T> for Keep<'_, T> {
    fn keep(&self) -> T
    where
        T: Keepable,
    {
        self.0.kept()
    }
}
