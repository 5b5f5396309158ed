//! Batch functions of Python's.

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::batch::{Batcher, Items, Outcomes};
use ironbridge::pyo3::exceptions::PyValueError;
use ironbridge::{ErrorKind, Result};

#[ironbridge::module("batching_embedders", source = "tests/batching/embedders.py")]
trait Embedders {
    async fn lengths(&self, texts: &[String]) -> Result<Vec<usize>>;
    async fn with_exceptions(&self, texts: &[String]) -> Result<Outcomes<usize>>;
    async fn raising(&self, texts: &[String]) -> Result<Vec<usize>>;
    async fn slow(&self, texts: &[String]) -> Result<Vec<usize>>;
    async fn endless(&self, texts: &[String]) -> Result<Vec<usize>>;
    #[python(get)]
    fn begun(&self) -> Result<u64>;
    #[python(get)]
    fn cancelled(&self) -> Result<u64>;
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn a_list_goes_in_and_a_list_comes_out() -> Result<()> {
    let embedders = Embedders::load()?;
    let batcher = Batcher::builder(move |texts: Items<String>| embedders.lengths(&texts)).build();
    let all = (0..100).map(|length| batcher.submit("x".repeat(length)));
    let lengths: Result<Vec<usize>> = block_on(join_all(all)).into_iter().collect();
    assert!(lengths?.into_iter().eq(0..100));
    assert!(batcher.stats().batches < 50, "{batcher:?}");
    Ok(())
}

#[test]
fn exceptions_in_the_list_are_their_items_own() -> Result<()> {
    let embedders = Embedders::load()?;
    let batcher =
        Batcher::builder(move |texts: Items<String>| embedders.with_exceptions(&texts)).build();
    let all = texts(&["good", "bad", "", "text", "bad"]);
    let all = all.into_iter().map(|text| batcher.submit(text));
    let outcomes = block_on(join_all(all));
    assert_eq!(*outcomes[0].as_ref().expect("no failure"), 4);
    let bad = outcomes[1].as_ref().unwrap_err();
    assert_eq!(bad.to_string(), "ValueError: it is bad");
    assert!(
        bad.exception()
            .expect("no failure")
            .is_instance_of::<PyValueError>()
    );
    assert_eq!(*outcomes[2].as_ref().expect("no failure"), 0);
    let unfit = outcomes[3].as_ref().unwrap_err();
    assert_eq!(unfit.kind(), ErrorKind::Conversion);
    assert!(outcomes[4].is_err());
    // None was asked for again.
    let stats = batcher.stats();
    assert_eq!((stats.calls, stats.errors), (stats.batches, 3));
    Ok(())
}

#[test]
fn an_exception_is_traced_to_its_item() -> Result<()> {
    let embedders = Embedders::load()?;
    let batcher = Batcher::builder(move |texts: Items<String>| embedders.raising(&texts)).build();
    let all = texts(&["a", "b", "bad", "c", "d", "e", "f", "g"]);
    let all = all.into_iter().map(|text| batcher.submit(text));
    let outcomes = block_on(join_all(all));
    let failed: Vec<usize> = (0..8).filter(|item| outcomes[*item].is_err()).collect();
    assert_eq!(failed, [2]);
    let error = outcomes[2].as_ref().unwrap_err();
    assert_eq!(error.to_string(), "ValueError: it is bad");
    assert!(format!("{error:#}").contains("in raising"), "{error:#}");
    Ok(())
}

#[test]
fn an_item_that_cannot_be_converted_fails_alone() -> Result<()> {
    use ironbridge::pyo3::prelude::*;

    /// Refuses to become a Python object, where it is told to.
    #[derive(Clone)]
    struct Stubborn(bool);

    impl<'py> IntoPyObject<'py> for &Stubborn {
        type Target = ironbridge::pyo3::types::PyString;
        type Output = Bound<'py, Self::Target>;
        type Error = PyErr;

        fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
            if self.0 {
                return Err(PyValueError::new_err("never"));
            }
            Ok(ironbridge::pyo3::types::PyString::new(py, "text"))
        }
    }

    #[ironbridge::module("batching_embedders", source = "tests/batching/embedders.py")]
    trait Embedders {
        async fn lengths(&self, texts: Items<Stubborn>) -> Result<Vec<usize>>;
    }

    impl<'py> IntoPyObject<'py> for Stubborn {
        type Target = ironbridge::pyo3::types::PyString;
        type Output = Bound<'py, Self::Target>;
        type Error = PyErr;

        fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
            (&self).into_pyobject(py)
        }
    }

    let embedders = Embedders::load()?;
    let batcher = Batcher::builder(move |texts: Items<Stubborn>| embedders.lengths(texts)).build();
    let all = [false, false, true, false].map(|refuses| batcher.submit(Stubborn(refuses)));
    let outcomes = block_on(join_all(all));
    let failed: Vec<bool> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, false, true, false]);
    Ok(())
}

#[test]
fn a_coroutine_without_callers_is_cancelled() -> Result<()> {
    let embedders = Embedders::load()?;
    let of_function = embedders.clone();
    let batcher = Batcher::builder(move |texts: Items<String>| of_function.endless(&texts)).build();
    let first = batcher.try_submit("a".to_owned())?;
    // A task that is cancelled before its first step sees nothing of it.
    crate::support::eventually(|| embedders.begun().expect("no failure") == 1);
    drop(first);
    crate::support::eventually(|| embedders.cancelled().expect("no failure") == 1);
    crate::support::settled(&batcher, 0, 0);
    Ok(())
}

#[test]
fn under_load_from_tokio_nothing_is_lost() -> Result<()> {
    let embedders = Embedders::load()?;
    let batcher = Batcher::builder(move |texts: Items<String>| embedders.slow(&texts))
        .max(16)
        .queue(32)
        .build();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("no failure");
    let outcomes = runtime.block_on(async {
        let tasks: Vec<_> = (0..64)
            .map(|client| {
                let batcher = batcher.clone();
                tokio::spawn(async move {
                    for length in 0..20 {
                        let text = "x".repeat(client + length);
                        assert_eq!(
                            batcher.submit(text).await.expect("no failure"),
                            client + length
                        );
                    }
                })
            })
            .collect();
        join_all(tasks).await
    });
    assert!(outcomes.iter().all(std::result::Result::is_ok));
    let stats = batcher.stats();
    assert_eq!((stats.items, stats.errors), (64 * 20, 0));
    assert_eq!(stats.largest, 16);
    Ok(())
}
