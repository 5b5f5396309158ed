//! A tokenizer of its parts, which is what `pickle` keeps, and of those of `tiktoken`.

use std::collections::HashMap;

use ironbpe::{Merges, Pattern, Specials, TokenId, Tokenizer, Vocabulary};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::exception;

/// The pairs that are merged, and whether a piece that is a token becomes it in any case; by rank, where there are none.
pub(crate) type Listed = Option<(Vec<(TokenId, TokenId)>, bool)>;

pub(crate) fn join(
    py: Python<'_>,
    pattern: &str,
    vocab: HashMap<PyBackedBytes, TokenId>,
    listed: Listed,
    specials: HashMap<String, TokenId>,
) -> PyResult<Tokenizer> {
    py.detach(|| {
        let pattern = Pattern::new(pattern)?;
        let vocabulary = Vocabulary::from_tokens(vocab)?;
        let merges = match listed {
            None => Merges::from_ranks(&vocabulary),
            Some((pairs, whole)) => {
                Merges::from_pairs(&vocabulary, pairs)?.with_whole_pieces(whole)
            }
        };
        let specials = Specials::new(specials)?;
        Tokenizer::from_parts(pattern, vocabulary, merges, specials)
    })
    .map_err(exception)
}

pub(crate) fn listed(tokenizer: &Tokenizer) -> Listed {
    let merges = tokenizer.merges();
    (!merges.by_rank()).then(|| (merges.pairs().to_vec(), merges.whole_pieces()))
}

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

/// The parts of a `tiktoken.Encoding`.
pub(crate) fn from_tiktoken(encoding: &Bound<'_, PyAny>) -> PyResult<Tokenizer> {
    let pattern: String = encoding.getattr("_pat_str")?.extract()?;
    let vocab = encoding.getattr("_mergeable_ranks")?.extract()?;
    let specials = encoding.getattr("_special_tokens")?.extract()?;
    join(encoding.py(), &pattern, vocab, None, specials)
}
