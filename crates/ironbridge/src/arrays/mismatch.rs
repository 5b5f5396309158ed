//! Why an object is not the array that was asked for: both sides named, and the mend.

use std::fmt;

use ndarray::Dimension;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::element::Element;

/// The array that Rust asked for.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    dtype: &'static str,
    rust: &'static str,
    ndim: Option<usize>,
    mutable: bool,
}

impl Expected {
    pub(super) fn of<T: Element, D: Dimension>() -> Self {
        Self {
            dtype: T::DTYPE,
            rust: T::RUST,
            ndim: D::NDIM,
            mutable: false,
        }
    }

    pub(super) fn mutable(mut self) -> Self {
        self.mutable = true;
        self
    }

    /// `Array2<f32>`.
    fn name(&self) -> String {
        let mutable = if self.mutable { "Mut" } else { "" };
        let rank = self
            .ndim
            .map_or_else(|| "D".to_owned(), |ndim| ndim.to_string());
        format!("Array{mutable}{rank}<{}>", self.rust)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ndim {
            Some(ndim) => write!(f, "a {ndim}-dimensional array of {}", self.dtype),
            None => write!(f, "an array of {}", self.dtype),
        }
    }
}

/// What there was.
pub(super) enum Found {
    Array {
        ndim: usize,
        dtype: String,
        swapped: bool,
    },
    /// Something else, by its type's name.
    Other(String),
}

impl Found {
    /// An object that is no array, or of a subclass.
    pub(super) fn other(object: &Bound<'_, PyAny>) -> Self {
        Self::Other(type_name(object))
    }
}

/// `torch.Tensor`, and `list` without its module.
pub(super) fn type_name(object: &Bound<'_, PyAny>) -> String {
    let name = object.get_type().fully_qualified_name();
    name.map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array {
                ndim,
                dtype,
                swapped,
            } => {
                write!(f, "a {ndim}-dimensional array of {dtype}")?;
                if *swapped {
                    let order = if cfg!(target_endian = "little") {
                        "big"
                    } else {
                        "little"
                    };
                    write!(f, " in {order}-endian byte order")?;
                }
                Ok(())
            }
            Self::Other(kind) => write!(f, "an object of type {kind}"),
        }
    }
}

/// Who else may get at the memory.
pub(super) enum Held {
    /// Others hold the array, or one that it is a view of: so many references beside ours.
    Shared(usize),
    /// The memory is not NumPy's, but of an object of this type.
    Foreign(String),
    /// Rust code borrows it through rust-numpy.
    Borrowed,
    /// It is a temporary copy that NumPy will write back.
    WriteBack,
    /// It may not be written, and a writable one was asked for.
    ReadOnly,
    /// Several of its elements are at one address.
    Overlapping,
    /// A bool that is neither true nor false.
    Invalid,
}

/// Why an object is not the array that was asked for.
pub(super) enum Mismatch {
    /// Another dtype or rank, or no array.
    Kind(Expected, Found),
    /// The elements do not lie as Rust needs them.
    Layout(Expected, Found),
    /// Somebody may write what Rust would look at, or look at what it would write.
    Held(Expected, Held),
    /// Python raised something.
    Raised(PyErr),
}

impl Mismatch {
    #[cold]
    pub(super) fn kind(expected: Expected, found: Found) -> Self {
        Self::Kind(expected, found)
    }

    #[cold]
    pub(super) fn layout(expected: Expected, found: Found) -> Self {
        Self::Layout(expected, found)
    }

    /// Whether the same elements, copied, would do.
    pub(super) fn copying_mends(&self) -> bool {
        match self {
            Self::Layout(..) => true,
            Self::Held(_, held) => !matches!(held, Held::Invalid),
            Self::Kind(..) | Self::Raised(_) => false,
        }
    }
}

impl From<PyErr> for Mismatch {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl From<Mismatch> for PyErr {
    #[cold]
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Raised(error) => error,
            Mismatch::Kind(expected, found) => PyTypeError::new_err(format!(
                "expected {expected}, found {found}; {}",
                mend_kind(&expected, &found)
            )),
            Mismatch::Layout(expected, found) => PyValueError::new_err(format!(
                "expected {expected} whose elements are aligned and whole steps apart, found {found} that is not \
                 aligned so; ask for `Copied<{}>`, which copies it",
                expected.name()
            )),
            Mismatch::Held(expected, held) => PyValueError::new_err(explain_held(&expected, &held)),
        }
    }
}

fn mend_kind(expected: &Expected, found: &Found) -> String {
    let name = expected.name();
    match found {
        Found::Array { dtype, .. } if is_time(dtype) => {
            "Rust has no such type; ask for `i64` of `x.view('int64')`, which counts the unit"
                .to_owned()
        }
        Found::Array { dtype, .. } if !is_number(dtype) => {
            "Rust cannot look at such elements in place; ask for a `Vec` of `x.tolist()`".to_owned()
        }
        Found::Array { ndim, .. } if expected.ndim.is_some_and(|wanted| wanted != *ndim) => {
            "give it that shape in Python, as by `x.reshape(…)` or `x[None]`".to_owned()
        }
        Found::Array { .. } => format!(
            "ask for `Cast<{name}>`, which converts it, or for `x.astype('{}')` in Python",
            expected.dtype
        ),
        Found::Other(kind) if kind.ends_with("MaskedArray") => {
            "its mask would be lost; say in Python what masked elements are, as by `x.filled(0)`"
                .to_owned()
        }
        Found::Other(_) => format!(
            "ask for `Cast<{name}>`, which makes an array of it, or for `numpy.asarray(x)` in Python"
        ),
    }
}

fn is_time(dtype: &str) -> bool {
    dtype.starts_with("datetime64") || dtype.starts_with("timedelta64")
}

fn is_number(dtype: &str) -> bool {
    ["bool", "int", "uint", "float", "complex", "bfloat"]
        .iter()
        .any(|kind| dtype.starts_with(kind))
}

fn explain_held(expected: &Expected, held: &Held) -> String {
    let copied = format!("`Copied<{}>`", expected.name());
    let looks = if expected.mutable {
        "write memory that no one else sees"
    } else {
        "look at memory that no one can write"
    };
    match held {
        Held::Shared(others) => format!(
            "expected {expected} that nothing else holds, found one with {others} other reference{} in Python: Rust may \
             only {looks}; ask for {copied}, which copies it, or let Python hand it over for good",
            if *others == 1 { "" } else { "s" }
        ),
        Held::Foreign(kind) => format!(
            "expected {expected} in memory that is NumPy's own, found one in memory of an object of type {kind}, which \
             may be written through that: Rust may only {looks}; ask for {copied}, which copies it"
        ),
        Held::Borrowed => format!(
            "expected {expected} that nothing else uses, found one that Rust code borrows through rust-numpy; end that \
             borrow first, or ask for {copied}, which copies it"
        ),
        Held::WriteBack => format!(
            "expected {expected}, found a temporary one that NumPy will write back; ask for {copied}, which copies it"
        ),
        Held::ReadOnly => format!(
            "expected {expected} that may be written, found a read-only one; ask for {copied}, which copies it, or \
             for an array that is only read"
        ),
        Held::Overlapping => format!(
            "expected {expected} that may be written, found one with several elements at one address; ask for {copied}"
        ),
        Held::Invalid => format!(
            "expected {expected}, found one with bytes that are neither 0 nor 1; make it one in Python, as `x.view('uint8') != 0`"
        ),
    }
}
