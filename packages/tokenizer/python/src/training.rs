//! Training from Python: detached, stopped by Ctrl-C, and by what its callback raises.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use ironbpe::{Pattern, Progress, Stage, Tokenizer, Trainer, Training};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::errors::exception;
use crate::text::Text;

/// Texts are handed over when there are so many, or so many bytes of them.
const TEXTS: usize = 4096;
const BYTES: usize = 4 << 20;

/// What a person may set.
pub(crate) struct Settings {
    pub(crate) vocab_size: i64,
    pub(crate) pattern: Option<String>,
    pub(crate) special_tokens: Option<Vec<String>>,
    pub(crate) min_frequency: u64,
    pub(crate) threads: Option<usize>,
    pub(crate) progress: Option<Py<PyAny>>,
}

/// What was raised while it trained, until it has stopped.
#[derive(Clone, Default)]
struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    fn put(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn is_some(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// What was raised, or the error itself.
    fn or(&self, error: ironbpe::Error) -> PyErr {
        let raised = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        raised.unwrap_or_else(|| exception(error))
    }
}

/// The pattern of a name or an expression.
pub(crate) fn pattern(text: &str) -> PyResult<Pattern> {
    match text {
        "gpt2" => Ok(Pattern::gpt2()),
        "cl100k" => Ok(Pattern::cl100k()),
        "o200k" => Ok(Pattern::o200k()),
        other => Pattern::new(other).map_err(exception),
    }
}

fn trainer(settings: Settings, raised: &Raised) -> PyResult<Trainer> {
    let size = settings.vocab_size;
    let size = usize::try_from(size)
        .map_err(|_| PyValueError::new_err(format!("vocab_size is {size}, less than 256")))?;
    let mut trainer = Trainer::new(size)
        .special_tokens(settings.special_tokens.unwrap_or_default())
        .min_frequency(settings.min_frequency);
    if let Some(text) = &settings.pattern {
        trainer = trainer.pattern(pattern(text)?);
    }
    if let Some(threads) = settings.threads {
        let threads = NonZero::new(threads)
            .ok_or_else(|| PyValueError::new_err("threads is 0, but at least one must work"))?;
        trainer = trainer.threads(threads);
    }
    if let Some(progress) = settings.progress {
        let raised = raised.clone();
        trainer = trainer.progress(move |now| {
            Python::attach(|py| {
                if let Err(error) = tell(py, &progress, now) {
                    raised.put(error);
                }
            });
        });
    }
    let raised = raised.clone();
    #[allow(clippy::redundant_closure_for_method_calls, reason = "of any lifetime")]
    Ok(trainer.stop_when(move || {
        if let Err(error) = Python::attach(|py| py.check_signals()) {
            raised.put(error);
        }
        raised.is_some()
    }))
}

fn tell(py: Python<'_>, progress: &Py<PyAny>, now: Progress) -> PyResult<()> {
    let stage = match now.stage {
        Stage::Counting => "counting",
        _ => "merging",
    };
    progress.call1(py, (stage, now.done, now.total))?;
    Ok(())
}

/// Trains on one text.
pub(crate) fn text(py: Python<'_>, settings: Settings, text: Text) -> PyResult<Tokenizer> {
    let raised = Raised::default();
    let trainer = trainer(settings, &raised)?;
    py.detach(|| trainer.train(&text))
        .map_err(|error| raised.or(error))
}

/// Trains on files.
pub(crate) fn files(
    py: Python<'_>,
    settings: Settings,
    paths: Vec<std::path::PathBuf>,
) -> PyResult<Tokenizer> {
    let raised = Raised::default();
    let trainer = trainer(settings, &raised)?;
    py.detach(|| trainer.train_files(paths))
        .map_err(|error| raised.or(error))
}

/// Trains on the texts of an iterator, as they come.
pub(crate) fn iterator(
    py: Python<'_>,
    settings: Settings,
    texts: &Bound<'_, PyAny>,
) -> PyResult<Tokenizer> {
    let raised = Raised::default();
    let mut training = trainer(settings, &raised)?.start().map_err(exception)?;
    let mut gathered = Vec::new();
    let mut bytes = 0;
    for (place, text) in texts.try_iter()?.enumerate() {
        let text = text?;
        let text: Text = text
            .extract()
            .map_err(|error: PyErr| at(py, place, error))?;
        bytes += text.as_ref().len();
        gathered.push(text);
        if gathered.len() >= TEXTS || bytes >= BYTES {
            bytes = 0;
            let texts = std::mem::take(&mut gathered);
            feed(py, &mut training, texts, &raised)?;
            py.check_signals()?;
        }
    }
    feed(py, &mut training, gathered, &raised)?;
    py.detach(|| training.finish())
        .map_err(|error| raised.or(error))
}

fn feed(
    py: Python<'_>,
    training: &mut Training,
    texts: Vec<Text>,
    raised: &Raised,
) -> PyResult<()> {
    py.detach(|| texts.iter().try_for_each(|text| training.feed(text)))
        .map_err(|error| raised.or(error))
}

/// Which text of an iterator it was.
fn at(py: Python<'_>, place: usize, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyTypeError>(py) {
        return error;
    }
    let message = error.value(py).to_string();
    PyTypeError::new_err(format!("text {place} of the iterator: {message}"))
}
