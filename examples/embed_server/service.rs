//! What is served: a model within a memory budget, behind batches.

use std::time::Duration;

use ironbridge::arrays::{Array1, Array2};
use ironbridge::batch::{Batcher, Items};
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Acquire, Model, ModelId, Models};
use ironbridge::{Callback, Result};

/// The Python side, `python/serving.py`. Functions declared `async` are called on Python's side, and awaited here.
#[ironbridge::module("serving")]
pub(crate) trait Serving {
    fn load_all_models(&self, progress: Callback) -> Result<()>;
    fn unload_all_models(&self) -> Result<()>;
    async fn embed(&self, texts: Items<String>) -> Result<Array2<f32>>;
    async fn echo(&self, rows: Array2<f64>) -> Result<Array2<f64>>;
    #[python(get, name = "DIMENSION")]
    fn dimension(&self) -> Result<usize>;
}

/// What the command line says of it.
pub(crate) struct Settings {
    /// The memory that models may take.
    pub(crate) budget: ByteSize,
    /// How long a model stays that nobody uses.
    pub(crate) keep_alive: Duration,
    /// The most texts that are embedded in one call.
    pub(crate) max_batch: usize,
    /// The most requests that wait for one.
    pub(crate) queue: usize,
}

/// Vectors of texts, and of nothing.
pub(crate) struct Service {
    models: Models,
    embedder: ModelId<Serving>,
    embed: Batcher<String, Array1<f32>>,
    echo: Batcher<Array1<f64>, Array1<f64>>,
}

/// What the model takes: weights of 87 MiB, some of which are fused, and room to work.
const SIZE: ByteSize = ByteSize::mib(128);

/// What clients take to read an answer and ask again; little beside a call of the model.
const MOMENT: Duration = Duration::from_millis(3);

impl Service {
    /// The service. No model is loaded yet.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let models = Models::builder()
            .budget(Device::Host, settings.budget)
            .keep_alive(settings.keep_alive)
            .build();
        let serving = Serving::load()?;
        let embedder = models.add(model(serving.clone()))?;

        // A batch holds a lease as long as it is computed: the model is loaded when it is asked for, once for all who ask,
        // and it is not unloaded under their hands.
        let (of_batch, named) = (models.clone(), embedder.clone());
        let embed = Batcher::builder(move |texts: Items<String>| {
            let model = of_batch.acquire(&named);
            async move { model.await?.embed(texts).await }
        })
        .name("embed")
        .max(settings.max_batch)
        .wait_for_answered(MOMENT)
        .queue(settings.queue)
        .build();
        let echo = Batcher::builder(move |rows: Array2<f64>| serving.echo(rows))
            .name("echo")
            .queue(settings.queue)
            .build();
        Ok(Self {
            models,
            embedder,
            embed,
            echo,
        })
    }

    /// The vector of a text.
    ///
    /// # Errors
    ///
    /// `QueueFull`, at once, when too many wait; what the model's loader or the model raised.
    pub(crate) async fn embed(&self, text: String) -> Result<Array1<f32>> {
        self.embed.try_submit(text)?.await
    }

    /// The same numbers, by way of Python.
    pub(crate) async fn echo(&self, values: Vec<f64>) -> Result<Array1<f64>> {
        let row = Array1::from(values);
        self.echo.try_submit(row)?.await
    }

    /// Loads the model now.
    pub(crate) fn preload(&self) -> Acquire<Serving> {
        self.models.acquire(&self.embedder)
    }

    /// The models, to be looked at.
    pub(crate) fn models(&self) -> &Models {
        &self.models
    }

    /// Lets what was begun come to its end, and unloads the model.
    pub(crate) async fn close(&self) -> Result<()> {
        self.embed.close().await;
        self.echo.close().await;
        self.models.shutdown().await
    }
}

fn model(serving: Serving) -> Model<Serving> {
    Model::new("all-MiniLM-L6-v2")
        .load(move |loading| {
            serving.load_all_models(loading.callback())?;
            Ok(serving.clone())
        })
        .unload(Serving::unload_all_models)
        .needs(Device::Host, SIZE)
}
