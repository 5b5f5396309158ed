//! Text from Python: `str` or `bytes`, which other threads may read.

use ironbpe::{AllowedSpecial, DisallowedSpecial};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyByteArray, PyBytes, PyString};

/// A text, kept alive and not copied.
pub(crate) enum Text {
    Str(PyBackedStr),
    Bytes(PyBackedBytes),
}

impl Text {
    /// The text, if it is a `str`.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Bytes(_) => None,
        }
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Bytes(text) => text,
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            // A lone surrogate is a `UnicodeEncodeError`.
            return Ok(Self::Str(object.extract()?));
        }
        if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>() {
            return Ok(Self::Bytes(object.extract()?));
        }
        let kind = object.get_type().qualname()?;
        Err(PyTypeError::new_err(format!(
            "a text is str or bytes, not {kind}"
        )))
    }
}

/// `"all"`, or a collection of special tokens.
#[derive(Default)]
pub(crate) enum Specials {
    #[default]
    Default,
    All,
    Set(Vec<PyBackedStr>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Specials {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            if text.to_str()? == "all" {
                return Ok(Self::All);
            }
            return Err(PyValueError::new_err(format!(
                "special tokens are \"all\" or a collection of str, not {}",
                text.repr()?
            )));
        }
        let tokens = object.try_iter()?.map(|token| token?.extract());
        tokens.collect::<PyResult<_>>().map(Self::Set)
    }
}

impl Specials {
    /// The texts of a set.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Set(tokens) => tokens.iter().map(|token| &**token).collect(),
            Self::Default | Self::All => Vec::new(),
        }
    }

    pub(crate) fn allowed<'t>(&self, texts: &'t [&'t str]) -> AllowedSpecial<'t> {
        match self {
            Self::Default => AllowedSpecial::None,
            Self::All => AllowedSpecial::All,
            Self::Set(_) => AllowedSpecial::Set(texts),
        }
    }

    pub(crate) fn disallowed<'t>(&self, texts: &'t [&'t str]) -> DisallowedSpecial<'t> {
        match self {
            Self::Default | Self::All => DisallowedSpecial::All,
            Self::Set(_) if texts.is_empty() => DisallowedSpecial::None,
            Self::Set(_) => DisallowedSpecial::Set(texts),
        }
    }
}
