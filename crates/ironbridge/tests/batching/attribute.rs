//! `#[batched]`: a method of one item in a declared module or class.

use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::batch::{Items, Outcomes};
use ironbridge::{ErrorKind, Result};

use crate::support::eventually;

#[ironbridge::module("batching_embedders", source = "tests/batching/embedders.py")]
trait Embedders {
    /// All at once.
    async fn lengths(&self, texts: &[String]) -> Result<Vec<usize>>;
    /// One of many.
    #[batched(call = lengths, max = 8)]
    async fn length(&self, text: &str) -> Result<usize>;

    async fn with_exceptions(&self, texts: &[String]) -> Result<Vec<usize>>;
    #[batched(call = "with_exceptions")]
    async fn with_exception(&self, text: String) -> Result<usize>;

    fn raising(&self, texts: &[&str]) -> Result<Outcomes<usize>>;
    #[batched(call = raising)]
    async fn raises(&self, text: String) -> Result<usize>;
    #[batched(call = raising, bisect = false)]
    async fn raises_for_all(&self, text: String) -> Result<usize>;

    async fn slow(&self, texts: &[String]) -> Result<Vec<usize>>;
    #[batched(
        call = slow,
        max = 16,
        queue = 2,
        concurrency = 2,
        wait = Duration::from_millis(1),
        key = |text: &String| text.len() / 10,
    )]
    async fn slow_one(&self, text: &str) -> Result<usize>;

    async fn forever(&self, texts: Items<String>) -> Result<Vec<usize>>;
    #[batched(call = forever, timeout = Duration::from_millis(20))]
    async fn ends_in_time(&self, text: String) -> Result<usize>;
}

#[test]
fn calls_of_one_item_become_one_call_of_many() -> Result<()> {
    let embedders = Embedders::load()?;
    let all = (0..100).map(|length| embedders.length(&"x".repeat(length)));
    let lengths: Result<Vec<usize>> = block_on(join_all(all)).into_iter().collect();
    assert!(lengths?.into_iter().eq(0..100));
    let stats = embedders.length_batcher().stats();
    assert_eq!((stats.items, stats.errors), (100, 0));
    assert_eq!(stats.largest, 8);
    assert!(stats.batches < 20, "{stats:?}");
    Ok(())
}

#[test]
fn clones_of_a_handle_share_their_batcher() -> Result<()> {
    let embedders = Embedders::load()?;
    let first = embedders.clone().length("a");
    let second = embedders.length("ab");
    drop(embedders);
    assert_eq!(first.batcher().name(), "Embedders::length");
    let batcher = first.batcher().clone();
    let (first, second) = block_on(async { futures::join!(first, second) });
    assert_eq!((first?, second?), (1, 2));
    assert_eq!(batcher.stats().items, 2);
    // Another handle has its own.
    assert_eq!(Embedders::load()?.length_batcher().stats().items, 0);
    Ok(())
}

#[test]
fn each_item_has_its_own_error() -> Result<()> {
    let embedders = Embedders::load()?;
    let words = ["good", "bad", ""];
    let given = block_on(join_all(
        words.map(|word| embedders.with_exception(word.into())),
    ));
    let raised = block_on(join_all(words.map(|word| embedders.raises(word.into()))));
    for outcomes in [given, raised] {
        let failed: Vec<bool> = outcomes.iter().map(Result::is_err).collect();
        assert_eq!(failed, [false, true, false]);
        let error = outcomes[1].as_ref().unwrap_err();
        assert_eq!(error.to_string(), "ValueError: it is bad");
    }
    Ok(())
}

#[test]
fn settings_are_those_of_the_builder() -> Result<()> {
    let embedders = Embedders::load()?;
    let words = ["good", "bad", ""];
    let first = embedders.raises_for_all("first".into());
    let rest = words.map(|word| embedders.raises_for_all(word.into()));
    let (first, rest) = block_on(futures::future::join(first, join_all(rest)));
    assert_eq!(first?, 5);
    assert!(rest.iter().all(Result::is_err));

    let error = block_on(embedders.ends_in_time("x".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("Embedders::ends_in_time"),
        "{error}"
    );

    let batcher = embedders.slow_one_batcher();
    let mut first = embedders.slow_one("a");
    let mut far = embedders.slow_one("a far longer text");
    first.try_start()?;
    far.try_start()?;
    // A full queue waits for no more company; two keys are two batches.
    eventually(|| batcher.stats().batches == 2);
    assert_eq!(block_on(first)?, 1);
    assert_eq!(block_on(far)?, 17);
    let settings = format!("{batcher:?}");
    for part in ["max: 16", "wait: 1ms", "queue: 2", "concurrency: 2"] {
        assert!(settings.contains(part), "{settings}");
    }
    Ok(())
}

#[test]
fn modules_from_text_and_optional_arguments() -> Result<()> {
    #[ironbridge::module("batching_scaled")]
    trait Scaled {
        async fn scaled(
            &self,
            #[python(keyword)] values: &[f64],
            #[python(default)] scale: Option<f64>,
        ) -> Result<Vec<f64>>;
        #[batched(call = scaled)]
        async fn scaled_one(&self, value: f64) -> Result<f64>;
    }

    let scaled = Scaled::loader()
        .source("def scaled(*, values: list[float], scale: float = 2.0): return [scale * value for value in values]")
        .load()?;
    let all = [1.0, 2.0, 3.0].map(|value| scaled.scaled_one(value));
    let outcomes: Result<Vec<f64>> = block_on(join_all(all)).into_iter().collect();
    assert_eq!(outcomes?, [2.0, 4.0, 6.0]);
    assert_eq!(block_on(scaled.scaled(&[1.0], Some(3.0)))?, [3.0]);
    Ok(())
}

#[test]
fn objects_gather_too() -> Result<()> {
    #[ironbridge::class("Scaler")]
    trait Scaler {
        async fn scaled(&self, values: &[i64]) -> Result<Vec<i64>>;
        #[batched(call = scaled)]
        async fn scaled_one(&self, value: i64) -> Result<i64>;
        #[python(get)]
        fn calls(&self) -> Result<usize>;
    }

    #[ironbridge::module("batching_scaler")]
    trait Module {
        #[python(class)]
        fn scaler(&self, scale: i64) -> Result<Scaler>;
    }

    let scaler = Module::loader()
        .source(
            "class Scaler:\n\
             \x20   def __init__(self, scale: int): self.scale, self.calls = scale, 0\n\
             \x20   async def scaled(self, values: list[int]) -> list[int]:\n\
             \x20       self.calls += 1\n\
             \x20       return [self.scale * value for value in values]\n",
        )
        .load()?
        .scaler(3)?;
    let all = (0..50).map(|value| scaler.scaled_one(value));
    let outcomes: Result<Vec<i64>> = block_on(join_all(all)).into_iter().collect();
    assert!(outcomes?.into_iter().eq((0..50).map(|value| 3 * value)));
    assert!(scaler.calls()? < 10);
    Ok(())
}
