//! The parts of a tokenizer as Python has them, and as `tiktoken` does.

use std::collections::HashMap;

use ironbpe::{Merges, Pattern, Specials, TokenId, Tokenizer, Vocabulary};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::exception;

pub(crate) fn vocab<'py>(py: Python<'py>, tokenizer: &Tokenizer) -> PyResult<Bound<'py, PyDict>> {
    let vocab = PyDict::new(py);
    for (id, token) in tokenizer.vocabulary().iter() {
        vocab.set_item(PyBytes::new(py, token), id)?;
    }
    Ok(vocab)
}

pub(crate) fn specials<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
) -> PyResult<Bound<'py, PyDict>> {
    let specials = PyDict::new(py);
    for (id, text) in tokenizer.specials().iter() {
        specials.set_item(text, id)?;
    }
    Ok(specials)
}

/// A `tiktoken.Encoding` that encodes as this one does.
pub(crate) fn to_tiktoken<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
    name: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let merges = tokenizer.merges();
    // It merges any two tokens that together are one, by its id.
    let is_same = merges.by_rank()
        || py.detach(|| Merges::from_ranks(tokenizer.vocabulary()).pairs() == merges.pairs());
    if !is_same {
        return Err(PyValueError::new_err(
            "tiktoken would encode otherwise: the merges are not in the order of the ids",
        ));
    }
    let named = PyDict::new(py);
    named.set_item("pat_str", tokenizer.pattern().as_str())?;
    named.set_item("mergeable_ranks", vocab(py, tokenizer)?)?;
    named.set_item("special_tokens", specials(py, tokenizer)?)?;
    let class = py.import("tiktoken")?.getattr("Encoding")?;
    class.call((name,), Some(&named))
}

/// The tokenizer of a `tiktoken.Encoding`.
pub(crate) fn from_tiktoken(encoding: &Bound<'_, PyAny>) -> PyResult<Tokenizer> {
    let pattern: String = encoding.getattr("_pat_str")?.extract()?;
    let vocab: HashMap<PyBackedBytes, TokenId> = encoding.getattr("_mergeable_ranks")?.extract()?;
    let specials: HashMap<String, TokenId> = encoding.getattr("_special_tokens")?.extract()?;
    encoding
        .py()
        .detach(|| {
            let vocabulary = Vocabulary::from_tokens(vocab)?;
            let merges = Merges::from_ranks(&vocabulary);
            let (pattern, specials) = (Pattern::new(&pattern)?, Specials::new(specials)?);
            Tokenizer::from_parts(pattern, vocabulary, merges, specials)
        })
        .map_err(exception)
}
