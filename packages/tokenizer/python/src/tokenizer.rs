//! The class `Tokenizer`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use ironbpe::TokenId;
use pyo3::exceptions::{PyRuntimeError, PyUnicodeDecodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::batch;
use crate::decoder::Decoder;
use crate::errors::{exception, of_item};
use crate::ids::Ids;
use crate::parts;
use crate::text::{Specials, Text};
use crate::training::{self, Settings};

/// Shorter texts are done sooner than another thread could be let in.
const SHORT: usize = 4096;

/// Ids, and where each stands.
type WithOffsets = (Vec<TokenId>, Vec<(usize, usize)>);

/// A byte-pair tokenizer. Without training it has the 256 bytes.
#[pyclass(frozen, module = "ironbpe", eq)]
pub(crate) struct Tokenizer {
    /// Held for a clone, which is a count, and never while Python runs.
    now: Mutex<ironbpe::Tokenizer>,
    is_training: AtomicBool,
}

impl Tokenizer {
    fn of(tokenizer: ironbpe::Tokenizer) -> Self {
        Self {
            now: Mutex::new(tokenizer),
            is_training: AtomicBool::new(false),
        }
    }

    fn now(&self) -> ironbpe::Tokenizer {
        self.now
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Trains, and is what was trained then; unchanged, where that fails.
    fn replace(&self, train: impl FnOnce() -> PyResult<ironbpe::Tokenizer>) -> PyResult<()> {
        if self.is_training.swap(true, Ordering::Acquire) {
            return Err(PyRuntimeError::new_err(
                "this tokenizer is being trained already",
            ));
        }
        let _end = End(&self.is_training);
        let trained = train()?;
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *now, trained);
        drop(now);
        drop(before);
        Ok(())
    }
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl PartialEq for Tokenizer {
    fn eq(&self, other: &Self) -> bool {
        self.now() == other.now()
    }
}

/// Detached, where it is worth it.
fn long<T: Send>(py: Python<'_>, bytes: usize, work: impl FnOnce() -> T + Send) -> T {
    if bytes < SHORT {
        work()
    } else {
        py.detach(work)
    }
}

fn is_strict(errors: &str) -> PyResult<bool> {
    match errors {
        "strict" => Ok(true),
        "replace" => Ok(false),
        other => Err(PyValueError::new_err(format!(
            "errors is {other:?}, but bytes that are no text are \"strict\" or \"replace\""
        ))),
    }
}

fn text_of(py: Python<'_>, bytes: Vec<u8>, is_strict: bool) -> PyResult<Bound<'_, PyString>> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, &text)),
        Err(error) if is_strict => {
            let utf8 = error.utf8_error();
            let raised = PyUnicodeDecodeError::new_utf8(py, error.as_bytes(), utf8)?;
            Err(PyErr::from_value(raised.into_any()))
        }
        Err(error) => Ok(PyString::new(
            py,
            &String::from_utf8_lossy(error.as_bytes()),
        )),
    }
}

#[pymethods]
impl Tokenizer {
    #[new]
    fn new() -> Self {
        Self::of(ironbpe::Tokenizer::new())
    }

    #[pyo3(signature = (text, vocab_size, *, pattern=None, special_tokens=None, min_frequency=1, progress=None, threads=None))]
    #[allow(clippy::too_many_arguments, reason = "by name")]
    fn train(
        &self,
        py: Python<'_>,
        text: Text,
        vocab_size: i64,
        pattern: Option<String>,
        special_tokens: Option<Vec<String>>,
        min_frequency: u64,
        progress: Option<Py<PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<()> {
        let settings = Settings {
            vocab_size,
            pattern,
            special_tokens,
            min_frequency,
            threads,
            progress,
        };
        self.replace(|| training::text(py, settings, text))
    }

    #[pyo3(signature = (iterator, vocab_size, *, pattern=None, special_tokens=None, min_frequency=1, progress=None, threads=None))]
    #[allow(clippy::too_many_arguments, reason = "by name")]
    fn train_from_iterator(
        &self,
        py: Python<'_>,
        iterator: &Bound<'_, PyAny>,
        vocab_size: i64,
        pattern: Option<String>,
        special_tokens: Option<Vec<String>>,
        min_frequency: u64,
        progress: Option<Py<PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<()> {
        let settings = Settings {
            vocab_size,
            pattern,
            special_tokens,
            min_frequency,
            threads,
            progress,
        };
        self.replace(|| training::iterator(py, settings, iterator))
    }

    #[pyo3(signature = (paths, vocab_size, *, pattern=None, special_tokens=None, min_frequency=1, progress=None, threads=None))]
    #[allow(clippy::too_many_arguments, reason = "by name")]
    fn train_files(
        &self,
        py: Python<'_>,
        paths: Vec<PathBuf>,
        vocab_size: i64,
        pattern: Option<String>,
        special_tokens: Option<Vec<String>>,
        min_frequency: u64,
        progress: Option<Py<PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<()> {
        let settings = Settings {
            vocab_size,
            pattern,
            special_tokens,
            min_frequency,
            threads,
            progress,
        };
        self.replace(|| training::files(py, settings, paths))
    }

    #[pyo3(signature = (text, *, allowed_special=None, disallowed_special=None))]
    fn encode(
        &self,
        py: Python<'_>,
        text: Text,
        allowed_special: Option<Specials>,
        disallowed_special: Option<Specials>,
    ) -> PyResult<Vec<TokenId>> {
        let now = self.now();
        let bytes = text.as_ref();
        let allowed_special = allowed_special.unwrap_or_default();
        let disallowed_special = disallowed_special.unwrap_or_default();
        long(py, bytes.len(), || {
            let (allowed, disallowed) = (allowed_special.texts(), disallowed_special.texts());
            let allowed = allowed_special.allowed(&allowed);
            now.encode(bytes, &allowed, &disallowed_special.disallowed(&disallowed))
        })
        .map_err(exception)
    }

    fn encode_ordinary(&self, py: Python<'_>, text: Text) -> PyResult<Vec<TokenId>> {
        let now = self.now();
        let bytes = text.as_ref();
        long(py, bytes.len(), || now.encode_ordinary(bytes)).map_err(exception)
    }

    #[pyo3(signature = (texts, *, threads=None))]
    fn encode_batch(
        &self,
        py: Python<'_>,
        texts: Vec<Text>,
        threads: Option<usize>,
    ) -> PyResult<Vec<Vec<TokenId>>> {
        let now = self.now();
        let threads = batch::threads(threads)?;
        py.detach(|| {
            let size = |text: &Text| text.as_ref().len();
            batch::map(&texts, size, threads, |text| now.encode_ordinary(text))
        })
        .map_err(of_item)
    }

    fn count(&self, py: Python<'_>, text: Text) -> PyResult<usize> {
        let now = self.now();
        let bytes = text.as_ref();
        let ids = long(py, bytes.len(), || now.encode_ordinary(bytes)).map_err(exception)?;
        Ok(ids.len())
    }

    #[pyo3(signature = (text, dtype="uint32"))]
    fn encode_to_numpy<'py>(
        &self,
        py: Python<'py>,
        text: Text,
        dtype: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now();
        let is_short = match dtype {
            "uint16" => true,
            "uint32" => false,
            other => {
                let message = format!("dtype is {other:?}, but ids are \"uint16\" or \"uint32\"");
                return Err(PyValueError::new_err(message));
            }
        };
        if is_short && now.vocab_size() > 1 << 16 {
            let size = now.vocab_size();
            let message =
                format!("uint16 has no room for the ids of {size} tokens; take \"uint32\"");
            return Err(PyValueError::new_err(message));
        }
        let bytes = text.as_ref();
        let raw = long(py, bytes.len(), || {
            let ids = now.encode_ordinary(bytes)?;
            Ok(if is_short {
                #[allow(clippy::cast_possible_truncation, reason = "no id is longer")]
                ids.iter()
                    .flat_map(|id| (*id as u16).to_ne_bytes())
                    .collect()
            } else {
                ids.iter()
                    .flat_map(|id| id.to_ne_bytes())
                    .collect::<Vec<u8>>()
            })
        })
        .map_err(exception)?;
        // Of a `bytearray`, so that the array may be written to.
        let memory = PyByteArray::new(py, &raw);
        py.import("numpy")?
            .call_method1("frombuffer", (memory, dtype))
    }

    #[pyo3(signature = (ids, errors="strict"))]
    fn decode<'py>(
        &self,
        py: Python<'py>,
        ids: Ids,
        errors: &str,
    ) -> PyResult<Bound<'py, PyString>> {
        let now = self.now();
        let Ids(ids) = ids;
        let is_strict = is_strict(errors)?;
        let bytes = long(py, ids.len(), || now.decode_bytes(&ids)).map_err(exception)?;
        text_of(py, bytes, is_strict)
    }

    #[pyo3(signature = (rows, errors="strict", *, threads=None))]
    fn decode_batch<'py>(
        &self,
        py: Python<'py>,
        rows: Vec<Ids>,
        errors: &str,
        threads: Option<usize>,
    ) -> PyResult<Vec<Bound<'py, PyString>>> {
        let now = self.now();
        let is_strict = is_strict(errors)?;
        let threads = batch::threads(threads)?;
        let texts = py.detach(|| {
            let size = |ids: &Ids| ids.0.len();
            batch::map(&rows, size, threads, |ids| now.decode_bytes(&ids.0))
        });
        let texts = texts.map_err(of_item)?.into_iter();
        texts.map(|bytes| text_of(py, bytes, is_strict)).collect()
    }

    fn decode_bytes<'py>(&self, py: Python<'py>, ids: Ids) -> PyResult<Bound<'py, PyBytes>> {
        let now = self.now();
        let Ids(ids) = ids;
        let bytes = long(py, ids.len(), || now.decode_bytes(&ids)).map_err(exception)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn token_to_id(&self, token: Text) -> Option<TokenId> {
        self.now().token_to_id(token.as_ref())
    }

    fn id_to_token<'py>(&self, py: Python<'py>, id: TokenId) -> Option<Bound<'py, PyBytes>> {
        let now = self.now();
        now.id_to_token(id).map(|token| PyBytes::new(py, token))
    }

    #[getter]
    fn vocab<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        parts::vocab(py, &self.now())
    }

    #[getter]
    fn merges<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let now = self.now();
        let of = |id| PyBytes::new(py, now.id_to_token(id).unwrap_or_default());
        let pairs = now.merges().pairs().iter();
        PyList::new(
            py,
            pairs
                .map(|(left, right)| (of(*left), of(*right)))
                .collect::<Vec<_>>(),
        )
    }

    #[getter]
    fn special_tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        parts::specials(py, &self.now())
    }

    #[getter]
    fn pattern(&self) -> String {
        self.now().pattern().as_str().to_owned()
    }

    #[getter]
    fn vocab_size(&self) -> usize {
        self.now().vocab_size()
    }

    #[pyo3(signature = (name="ironbpe"))]
    fn to_tiktoken<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        parts::to_tiktoken(py, &self.now(), name)
    }

    #[staticmethod]
    fn from_tiktoken_encoding(encoding: &Bound<'_, PyAny>) -> PyResult<Self> {
        parts::from_tiktoken(encoding).map(Self::of)
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let now = self.now();
        py.detach(|| now.save(path)).map_err(exception)
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let loaded = py.detach(|| ironbpe::Tokenizer::load(path));
        loaded.map(Self::of).map_err(exception)
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let now = self.now();
        PyBytes::new(py, &py.detach(|| now.to_bytes()))
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: PyBackedBytes) -> PyResult<Self> {
        let loaded = py.detach(|| ironbpe::Tokenizer::from_bytes(&data));
        loaded.map(Self::of).map_err(exception)
    }

    fn to_tiktoken_file(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let now = self.now();
        py.detach(|| now.to_tiktoken_file(path)).map_err(exception)
    }

    #[staticmethod]
    #[pyo3(signature = (path, *, pattern="cl100k", special_tokens=None))]
    fn from_tiktoken(
        py: Python<'_>,
        path: PathBuf,
        pattern: &str,
        special_tokens: Option<HashMap<String, TokenId>>,
    ) -> PyResult<Self> {
        let pattern = training::pattern(pattern)?;
        let loaded = py.detach(|| {
            let specials = ironbpe::Specials::new(special_tokens.unwrap_or_default())?;
            ironbpe::Tokenizer::from_tiktoken_file(path, pattern, specials)
        });
        loaded.map(Self::of).map_err(exception)
    }

    fn to_huggingface_file(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let now = self.now();
        py.detach(|| now.to_huggingface_file(path))
            .map_err(exception)
    }

    #[staticmethod]
    fn from_huggingface(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let loaded = py.detach(|| ironbpe::Tokenizer::from_huggingface_file(path));
        loaded.map(Self::of).map_err(exception)
    }

    fn to_gpt2_files(&self, py: Python<'_>, vocab: PathBuf, merges: PathBuf) -> PyResult<()> {
        let now = self.now();
        py.detach(|| now.to_gpt2_files(vocab, merges))
            .map_err(exception)
    }

    #[staticmethod]
    #[pyo3(signature = (vocab, merges, *, pattern="gpt2", special_tokens=None))]
    fn from_gpt2(
        py: Python<'_>,
        vocab: PathBuf,
        merges: PathBuf,
        pattern: &str,
        special_tokens: Option<HashMap<String, TokenId>>,
    ) -> PyResult<Self> {
        let pattern = training::pattern(pattern)?;
        let loaded = py.detach(|| {
            let specials = ironbpe::Specials::new(special_tokens.unwrap_or_default())?;
            ironbpe::Tokenizer::from_gpt2_files(vocab, merges, pattern, specials)
        });
        loaded.map(Self::of).map_err(exception)
    }

    fn encode_with_offsets(&self, py: Python<'_>, text: Text) -> PyResult<WithOffsets> {
        let now = self.now();
        let encoding = long(py, text.as_ref().len(), || {
            now.encode_with_offsets(&text, &ironbpe::EncodeOptions::ordinary())
        })
        .map_err(exception)?;
        let offsets = match text.as_str() {
            Some(text) => encoding.char_offsets(text),
            None => encoding.offsets,
        };
        let offsets = offsets.into_iter().map(|range| (range.start, range.end));
        Ok((encoding.ids, offsets.collect()))
    }

    fn decoder(&self) -> Decoder {
        Decoder::of(self.now().decoder())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let load = py.get_type::<Self>().getattr("from_bytes")?;
        (load, (self.to_bytes(py),)).into_pyobject(py)
    }

    fn __len__(&self) -> usize {
        self.now().len()
    }

    fn __copy__(&self) -> Self {
        Self::of(self.now())
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> Self {
        Self::of(self.now())
    }

    fn __repr__(&self) -> String {
        let now = self.now();
        let name = now.pattern().name();
        let pattern = name.unwrap_or_else(|| now.pattern().as_str());
        let (size, specials) = (now.vocab_size(), now.specials().len());
        format!("Tokenizer(vocab_size={size}, pattern={pattern:?}, special_tokens={specials})")
    }
}
