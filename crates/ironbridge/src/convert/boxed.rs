//! Values behind a pointer, which `PyO3` does not convert; recursive types need them.

use std::rc::Rc;
use std::sync::Arc;

use pyo3::Borrowed;
use pyo3::prelude::*;

/// A `Box<T>`, `Arc<T>` or `Rc<T>` on its way from Python.
#[derive(Debug)]
pub struct Boxed<P>(pub P);

macro_rules! boxed {
    ($($pointer:ident),*) => {$(
        impl<'a, 'py, T: FromPyObject<'a, 'py>> FromPyObject<'a, 'py> for Boxed<$pointer<T>> {
            type Error = T::Error;

            fn extract(object: Borrowed<'a, 'py, PyAny>) -> Result<Self, Self::Error> {
                T::extract(object).map(|value| Self($pointer::new(value)))
            }
        }
    )*};
}
boxed!(Box, Arc, Rc);
