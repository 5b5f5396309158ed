//! Rows of suite `async`: asynchronous generators as streams, beside `async for` in Python and the peer.

use std::hint::black_box;
use std::pin::pin;

use anyhow::Result;
use futures::{Stream, StreamExt};
use ironbridge::pyo3::prelude::*;
use ironbridge::{AsyncIter, Session};
use pyo3_async_runtimes::TaskLocals;
use tokio::runtime::Runtime;

use crate::rounds::{Row, Subject, measure as measure_row};

const SUITE: &str = "async";
const ITEMS: u32 = 20_000;

#[ironbridge::module("coroutines", source = "python/coroutines.py")]
trait Generators {
    /// Counts, and waits for nothing.
    fn count(&self, n: u32) -> ironbridge::Result<AsyncIter<u32>>;
    /// Counts, and lets others run before each number.
    fn patient(&self, n: u32) -> ironbridge::Result<AsyncIter<u32>>;
    /// Adds up what a generator of that name gives, by `async for`.
    async fn drain(&self, name: &str, n: u32) -> ironbridge::Result<u64>;
}

/// All rows: the time of one item.
pub(crate) fn measure(runtime: &Runtime, locals: &TaskLocals, rounds: usize) -> Result<Vec<Row>> {
    let generators = Generators::load()?;
    let session = Session::new()?;
    session.run("from coroutines import count, patient")?;
    let mut rows = Vec::new();
    for (name, function) in [
        ("asynchronous generator, an item", "count"),
        ("asynchronous generator that awaits, an item", "patient"),
    ] {
        let stream = || match function {
            "count" => generators.count(ITEMS).expect("it is declared"),
            _ => generators.patient(ITEMS).expect("it is declared"),
        };
        let peer = || {
            let stream = attach_and(|py| {
                let function = session.get::<Py<PyAny>>(function)?;
                let iterator = function.bind(py).call1((ITEMS,))?;
                Ok(pyo3_async_runtimes::tokio::into_stream_with_locals_v2(
                    locals.clone(),
                    iterator,
                )?)
            });
            let stream = stream.expect("a generator");
            stream.map(|item| {
                let item = Python::attach(|py| item.extract::<u32>(py));
                item.map_err(|error| error.to_string())
            })
        };
        let subjects = vec![
            each("async for in Python", || {
                let drained = runtime.block_on(generators.drain(function, ITEMS));
                assert_eq!(black_box(drained.expect("it runs")), sum());
            }),
            each("pyo3-async-runtimes, into_stream_v2", || {
                runtime.block_on(add(peer()));
            }),
            each("ironbridge AsyncIter", || runtime.block_on(add(stream()))),
            each("ironbridge AsyncIter::read_ahead(64)", || {
                runtime.block_on(add(stream().read_ahead(64)));
            }),
            each("ironbridge AsyncIter::read_ahead(1024)", || {
                runtime.block_on(add(stream().read_ahead(1024)));
            }),
        ];
        rows.extend(measure_row(SUITE, name, rounds, ITEMS, subjects));
    }
    Ok(rows)
}

fn attach_and<R>(f: impl FnOnce(Python<'_>) -> Result<R>) -> Result<R> {
    ironbridge::attach(f)?
}

/// All items are one run, since `times` is their number.
fn each<'a>(name: &'static str, mut all: impl FnMut() + 'a) -> Subject<'a> {
    Subject {
        name,
        run: Box::new(move |_| all()),
    }
}

async fn add<E: std::fmt::Debug>(stream: impl Stream<Item = Result<u32, E>>) {
    let mut stream = pin!(stream);
    let mut all = 0;
    while let Some(item) = stream.next().await {
        all += u64::from(item.expect("an integer"));
    }
    assert_eq!(black_box(all), sum());
}

fn sum() -> u64 {
    (0..u64::from(ITEMS)).sum()
}
