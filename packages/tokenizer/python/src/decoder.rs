//! The class `Decoder`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ironbpe::TokenId;
use pyo3::prelude::*;

use crate::errors::exception;

/// Gives the text of ids as they come, never half a character. Made by `Tokenizer.decoder`.
#[pyclass(frozen, module = "ironbpe")]
pub(crate) struct Decoder {
    /// Held for one token, and never while Python runs.
    inner: Mutex<ironbpe::Decoder>,
}

impl Decoder {
    pub(crate) fn of(inner: ironbpe::Decoder) -> Self {
        Self {
            inner: Mutex::new(inner),
        }
    }

    fn inner(&self) -> MutexGuard<'_, ironbpe::Decoder> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Decoder {
    fn push(&self, id: TokenId) -> PyResult<String> {
        let mut inner = self.inner();
        inner.push(id).map(str::to_owned).map_err(exception)
    }

    fn finish(&self) -> String {
        self.inner().finish().to_owned()
    }
}
