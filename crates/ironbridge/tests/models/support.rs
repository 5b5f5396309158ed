//! A bridge module, loaders that tests open and close, and looking until something is so.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ironbridge::models::{Change, Model, ModelEvents, ModelState, Models};
use ironbridge::{Callback, Result};

/// Where a test would wait for ever, it fails after this.
pub(crate) const LONG: Duration = Duration::from_mins(1);

#[ironbridge::module("models_bridge", source = "tests/models/bridge.py")]
pub(crate) trait Bridge {
    fn load_all_models(&self, progress: Callback) -> Result<()>;
    fn unload_all_models(&self) -> Result<()>;
    fn embed(&self, text: &str) -> Result<Vec<f64>>;
    fn answer(&self, question: &str) -> Result<i64>;
    fn loaded(&self) -> Result<Vec<String>>;
    #[python(get)]
    fn hooks(&self) -> Result<Vec<String>>;
    #[python(class)]
    fn embedder(&self, dimensions: usize, mebibytes: usize) -> Result<Embedder>;
}

#[ironbridge::class]
pub(crate) trait Embedder {
    fn embed(&self, text: &str) -> Result<Vec<f64>>;
    fn close(&self) -> Result<()>;
    #[python(get)]
    fn is_open(&self) -> Result<bool>;
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "it did not come to this: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) fn state(models: &Models, name: &str) -> ModelState {
    let table = models.table();
    let row = table.get(name).expect("the model was added");
    row.state.clone()
}

pub(crate) fn is_loaded(models: &Models, name: &str) -> bool {
    state(models, name) == ModelState::Loaded
}

/// A model that is a number and takes no time.
pub(crate) fn number(name: &str, number: i64) -> Model<i64> {
    Model::new(name).load(move |_| Ok(number))
}

/// What loaders wait for.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Passes>, Condvar)>);

#[derive(Default)]
struct Passes {
    left: usize,
    came: usize,
}

impl Gate {
    fn passes(&self) -> MutexGuard<'_, Passes> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets so many through.
    pub(crate) fn open(&self, passes: usize) {
        self.passes().left += passes;
        self.0.1.notify_all();
    }

    /// How many have come to it so far.
    pub(crate) fn came(&self) -> usize {
        self.passes().came
    }

    pub(crate) fn pass(&self) {
        let mut passes = self.passes();
        passes.came += 1;
        while passes.left == 0 {
            let (inside, waited) = self
                .0
                .1
                .wait_timeout(passes, LONG)
                .unwrap_or_else(PoisonError::into_inner);
            assert!(!waited.timed_out(), "nobody opened the gate");
            passes = inside;
        }
        passes.left -= 1;
    }

    /// A model that is a number, once it is let through.
    pub(crate) fn number(&self, name: &str, number: i64) -> Model<i64> {
        let gate = self.clone();
        Model::new(name).load(move |_| {
            gate.pass();
            Ok(number)
        })
    }
}

/// What happened so far, model by model, in words that do not change from run to run.
pub(crate) fn told(events: &mut ModelEvents) -> HashMap<String, Vec<String>> {
    let mut told: HashMap<String, Vec<String>> = HashMap::new();
    while let Some(event) = events.try_next() {
        let words = told.entry(event.model.to_string()).or_default();
        words.push(words_of(&event.change));
    }
    told
}

pub(crate) fn words_of(change: &Change) -> String {
    match change {
        Change::Queued => "queued".into(),
        Change::Loading => "loading".into(),
        Change::Progress(progress) => progress.to_string(),
        Change::Loaded { .. } => "loaded".into(),
        Change::Failed { error, .. } => format!("failed: {:?}", error.kind()),
        Change::Cancelled => "cancelled".into(),
        Change::Unloading { reason, .. } => format!("unloading: {reason}"),
        Change::Unloaded(unloaded) => format!("unloaded: {}", unloaded.reason),
        Change::OverBudget { .. } => "over budget".into(),
        other => format!("{other:?}"),
    }
}
