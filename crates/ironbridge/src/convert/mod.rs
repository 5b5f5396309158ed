//! Values between Rust and Python: the derive, and types for what has no other home.
//!
//! Values cross by `PyO3`'s two traits, [`FromPyObject`] and [`IntoPyObject`], which standard types have, and your own types get by
//! [`#[derive(Python)]`](macro@crate::Python). What does not fit is an error that names its path.
//!
//! | Python | Rust |
//! | --- | --- |
//! | `bool`, `int`, `float`, `str`, `None` | `bool`, `i64` and its kin, `f64`, `String`, `()` |
//! | `bytes`, `str`, without a copy | [`Bytes`], [`Str`] |
//! | `list`, `tuple`, `dict`, `set` | `Vec`, tuples, `HashMap`, `HashSet` |
//! | `T \| None` | `Option<T>` |
//! | `pathlib.Path` and what `os.fspath` takes | `PathBuf` |
//! | `datetime.timedelta` | `std::time::Duration`, or `jiff::SignedDuration` |
//! | `datetime.datetime`, `date`, `time` | the types of jiff (feature `jiff`) or chrono (feature `chrono`) |
//! | `decimal.Decimal` | `rust_decimal::Decimal` (feature `rust_decimal`) |
//! | `uuid.UUID` | `uuid::Uuid` (feature `uuid`) |
//! | `int` of any size | `num_bigint::BigInt` (feature `num-bigint`) |
//! | `complex` | `num_complex::Complex64` (feature `num-complex`) |
//! | dataclass, `TypedDict`, `NamedTuple`, `Enum`, `Literal`, unions | [`#[derive(Python)]`](macro@crate::Python) |
//! | what `serde` knows | [`Serde`] (feature `serde`) |

#[allow(
    missing_debug_implementations,
    reason = "only expansions meet these types"
)]
mod boxed;
#[allow(
    missing_debug_implementations,
    reason = "only expansions meet these types"
)]
mod class;
#[allow(
    missing_debug_implementations,
    reason = "only expansions meet these types"
)]
mod depth;
mod fields;
mod into;
#[allow(
    missing_debug_implementations,
    reason = "only expansions meet these types"
)]
mod literal;
#[allow(
    missing_debug_implementations,
    reason = "only expansions meet these types"
)]
mod names;
mod quick;
mod sequence;
#[cfg(feature = "serde")]
mod serde;
mod source;
mod union;

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The bytes of a Python `bytes` (or `bytearray`, which is copied), held without a copy: it derefs to `[u8]`.
///
/// ```
/// use ironbridge::{Session, convert::Bytes};
///
/// let png: Bytes = Session::new()?.eval(r"b'\x89PNG'")?;
/// assert_eq!(&png[1..], b"PNG");
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub use pyo3::pybacked::PyBackedBytes as Bytes;
/// The text of a Python `str`, held without a copy: it derefs to `str`.
///
/// ```
/// use ironbridge::{Session, convert::Str};
///
/// let text: Str = Session::new()?.eval("'no copy'")?;
/// assert_eq!(text.len(), 7);
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub use pyo3::pybacked::PyBackedStr as Str;

#[cfg(feature = "serde")]
pub use self::serde::Serde;

/// Keyword arguments that are mostly left out: what `#[python(options)]` derives, for a struct and its reference.
///
/// ```
/// use ironbridge::Python;
/// use ironbridge::convert::Options;
/// use ironbridge::pyo3::types::PyDict;
///
/// #[derive(Default, Python)]
/// #[python(options)]
/// struct DumpsOptions {
///     indent: Option<u32>,
///     sort_keys: Option<bool>,
/// }
///
/// ironbridge::attach(|py| {
///     let keywords = PyDict::new(py);
///     let options = DumpsOptions { indent: Some(2), ..Default::default() };
///     options.fill(&keywords)?;
///     assert_eq!(keywords.to_string(), "{'indent': 2}");
///     Ok(())
/// })?
/// # as Result<(), ironbridge::Error>;
/// # Ok::<(), ironbridge::Error>(())
/// ```
pub trait Options {
    /// The keywords' names in Python.
    const NAMES: &'static [&'static str];

    /// Sets those that are not `None`.
    fn fill(self, keywords: &Bound<'_, PyDict>) -> PyResult<()>;
}

/// What the expansions of `#[derive(Python)]` call.
pub(crate) mod private {
    pub use pyo3::conversion::FromPyObjectOwned;
    pub use pyo3::types::{PyAnyMethods, PyDict, PyDictMethods, PyTuple};
    pub use pyo3::{Borrowed, Bound, FromPyObject, IntoPyObject, PyAny, PyErr, PyResult, Python};

    pub use super::Options;
    pub use super::boxed::Boxed;
    pub use super::class::{Class, Members, module_was_reloaded};
    pub use super::depth::{Level, deeper};
    pub use super::fields::{FromFields, IntoFields};
    pub use super::into::{
        Behind, Each, Find, Found, Keyed, Maybe, Whole, field, item, located, only_into, set,
        tagged, with_tag,
    };
    pub use super::literal::{Literal, Literals};
    pub use super::names::{Name, Names};
    pub use super::quick::{Of, ReadAny, ReadQuick, produce};
    pub use super::sequence::Items;
    pub use super::source::{From, Source};
    pub use super::union::{Attempts, Plain, only};

    /// Types that expansions name.
    pub mod pointers {
        pub use std::boxed::Box;
        pub use std::collections::HashMap;
        pub use std::rc::Rc;
        pub use std::sync::Arc;
        pub use std::vec::Vec;
    }
}
