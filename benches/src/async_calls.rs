//! Suite `async`: calls from tokio, 64 in flight and alone, beside what one would write by hand and the peer.

use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use anyhow::Result;
use ironbridge::pyo3::prelude::*;
use ironbridge::{aio, attach};
use pyo3_async_runtimes::TaskLocals;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::rounds::{Row, Sampled, Subject, measure as measure_row, quantile};

const SUITE: &str = "async";
const IN_FLIGHT: u32 = 64;
const TIMES: u32 = 20_000;

#[ironbridge::module("math")]
trait Math {
    async fn hypot(&self, a: f64, b: f64) -> ironbridge::Result<f64>;
}

#[ironbridge::module("coroutines", source = "python/coroutines.py")]
trait Coroutines {
    /// Waits for nothing.
    async fn double(&self, n: i64) -> ironbridge::Result<i64>;
}

/// All rows.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    ironbridge::Interpreter::get()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let math = Math::load()?;
    let coroutines = Coroutines::load()?;
    let blocking = Blocking::new()?;
    let lane = Lane::start(&blocking);
    let peer = Peer::start()?;
    let locals = peer.locals.clone();
    let hypot = move || math.hypot(3.0, 4.0);
    let double = move || coroutines.double(4);
    let by_blocking = move || blocking.hypot();
    let by_lane = move || lane.hypot();
    let by_peer = move || peer.double(4);

    let mut rows = Vec::new();
    let subjects = vec![
        calls(&runtime, "spawn_blocking, attach", by_blocking.clone()),
        calls(&runtime, "a thread and a channel", by_lane.clone()),
        calls(&runtime, "ironbridge async fn", hypot.clone()),
    ];
    let name = "math.hypot, 64 in flight";
    rows.extend(measure_row(SUITE, name, rounds, TIMES, subjects));
    let subjects = vec![
        latencies(
            &runtime,
            "spawn_blocking, attach",
            IN_FLIGHT,
            by_blocking.clone(),
        ),
        latencies(
            &runtime,
            "a thread and a channel",
            IN_FLIGHT,
            by_lane.clone(),
        ),
        latencies(&runtime, "ironbridge async fn", IN_FLIGHT, hypot.clone()),
    ];
    let name = "math.hypot, 64 in flight, p99";
    rows.extend(quantile(SUITE, name, 0.99, rounds, subjects));
    let subjects = vec![
        calls(&runtime, "pyo3-async-runtimes", by_peer.clone()),
        calls(&runtime, "ironbridge async fn", double.clone()),
    ];
    let name = "coroutine, 64 in flight";
    rows.extend(measure_row(SUITE, name, rounds, TIMES / 4, subjects));
    let subjects = vec![
        latencies(&runtime, "pyo3-async-runtimes", 1, by_peer),
        latencies(&runtime, "ironbridge async fn", 1, double.clone()),
    ];
    let name = "coroutine, alone, p50";
    rows.extend(quantile(SUITE, name, 0.5, rounds, subjects));
    rows.extend(attaches(&runtime, hypot, double));
    rows.extend(crate::streams::measure(&runtime, &locals, rounds)?);
    rows.extend(crate::awaiting::measure(rounds)?);
    Ok(rows)
}

/// The calls of as many tasks as are to be in flight.
fn calls<'a, F, R>(runtime: &'a Runtime, name: &'static str, call: F) -> Subject<'a>
where
    F: Fn() -> R + Clone + Send + 'static,
    R: Future<Output: Send> + Send + 'static,
{
    let run = move |times: u32| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..IN_FLIGHT)
                .map(|_| {
                    let call = call.clone();
                    tokio::spawn(async move {
                        for _ in 0..times.div_ceil(IN_FLIGHT) {
                            black_box(call().await);
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        });
    };
    Subject {
        name,
        run: Box::new(run),
    }
}

/// What each of the calls takes, in microseconds.
fn latencies<'a, F, R>(
    runtime: &'a Runtime,
    name: &'static str,
    in_flight: u32,
    call: F,
) -> Sampled<'a>
where
    F: Fn() -> R + Clone + Send + 'static,
    R: Future<Output: Send> + Send + 'static,
{
    let run = move || {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..in_flight)
                .map(|_| {
                    let call = call.clone();
                    tokio::spawn(async move {
                        let mut took = Vec::new();
                        for _ in 0..(TIMES / 8).div_ceil(in_flight) {
                            let begun = Instant::now();
                            black_box(call().await);
                            took.push(begun.elapsed().as_secs_f64() * 1e6);
                        }
                        took
                    })
                })
                .collect();
            let mut all = Vec::new();
            for task in tasks {
                all.extend(task.await.expect("no panic"));
            }
            all
        })
    };
    Sampled {
        name,
        unit: "us",
        run: Box::new(run),
    }
}

/// How often a thread attached for each of our calls: counted, not timed.
fn attaches<P, C, RP, RC>(runtime: &Runtime, plain: P, coroutine: C) -> Vec<Row>
where
    P: Fn() -> RP + Clone + Send + 'static,
    RP: Future<Output: Send> + Send + 'static,
    C: Fn() -> RC + Clone + Send + 'static,
    RC: Future<Output: Send> + Send + 'static,
{
    let count = |mut subject: Subject<'_>| {
        let before = aio::stats();
        (subject.run)(TIMES);
        let after = aio::stats();
        let attaches = u32::try_from(after.attaches - before.attaches).unwrap_or(u32::MAX);
        Sampled {
            name: subject.name,
            unit: "attaches a call",
            run: Box::new(move || vec![f64::from(attaches) / f64::from(TIMES)]),
        }
    };
    let subjects = vec![
        count(calls(runtime, "math.hypot", plain)),
        count(calls(runtime, "a coroutine", coroutine)),
    ];
    quantile(SUITE, "attaches, 64 in flight", 0.5, 1, subjects)
}

/// A blocking thread of tokio's for each call, which attaches.
#[derive(Clone)]
struct Blocking {
    hypot: Arc<Py<PyAny>>,
}

impl Blocking {
    fn new() -> Result<Self> {
        let hypot = attach(|py| PyResult::Ok(py.import("math")?.getattr("hypot")?.unbind()))??;
        Ok(Self {
            hypot: Arc::new(hypot),
        })
    }

    fn hypot(&self) -> impl Future<Output = f64> + Send + 'static + use<> {
        let hypot = self.hypot.clone();
        async move {
            let call = move || Python::attach(|py| call_hypot(py, &hypot));
            let result = tokio::task::spawn_blocking(call).await;
            result.expect("no panic")
        }
    }
}

fn call_hypot(py: Python<'_>, hypot: &Py<PyAny>) -> f64 {
    let result = hypot.call1(py, (3.0, 4.0)).expect("it runs");
    result.extract(py).expect("a float")
}

/// A thread that stays, and a channel to it: all that waits is done in one attachment.
#[derive(Clone)]
struct Lane {
    sender: mpsc::Sender<oneshot::Sender<f64>>,
}

impl Lane {
    fn start(by_hand: &Blocking) -> Self {
        let (sender, receiver) = mpsc::channel::<oneshot::Sender<f64>>();
        let hypot = by_hand.hypot.clone();
        std::thread::spawn(move || {
            while let Ok(first) = receiver.recv() {
                attach(|py| {
                    let _ = first.send(call_hypot(py, &hypot));
                    while let Ok(next) = receiver.try_recv() {
                        let _ = next.send(call_hypot(py, &hypot));
                    }
                })
                .expect("it runs");
            }
        });
        Self { sender }
    }

    fn hypot(&self) -> impl Future<Output = f64> + Send + 'static + use<> {
        let sender = self.sender.clone();
        async move {
            let (answer, answered) = oneshot::channel();
            sender.send(answer).expect("the thread runs");
            answered.await.expect("it answers")
        }
    }
}

/// `pyo3-async-runtimes`, with an event loop on a thread of Python's.
#[derive(Clone)]
struct Peer {
    locals: TaskLocals,
    double: Arc<Py<PyAny>>,
}

impl Peer {
    fn start() -> Result<Self> {
        let session = ironbridge::Session::new()?;
        session.run(
            "import asyncio, threading\n\
             async def double(n): return 2 * n\n\
             loop = asyncio.new_event_loop()\n\
             threading.Thread(target=loop.run_forever, daemon=True).start()",
        )?;
        let event_loop: Py<PyAny> = session.get("loop")?;
        let double: Py<PyAny> = session.get("double")?;
        let locals = attach(|py| TaskLocals::new(event_loop.into_bound(py)))?;
        Ok(Self {
            locals,
            double: Arc::new(double),
        })
    }

    fn double(&self, n: i64) -> impl Future<Output = i64> + Send + 'static + use<> {
        let (locals, double) = (self.locals.clone(), self.double.clone());
        async move {
            let future = Python::attach(|py| {
                let coroutine = double.bind(py).call1((n,))?;
                pyo3_async_runtimes::into_future_with_locals(&locals, coroutine)
            });
            let result = future.expect("a coroutine").await.expect("it runs");
            Python::attach(|py| result.extract(py).expect("an int"))
        }
    }
}
