//! Suite `async`, the other direction: Python awaits futures of Rust, 64 in flight and alone, beside the peer.

use anyhow::Result;
use ironbridge::pyo3::prelude::*;
use ironbridge::pyo3::wrap_pyfunction;
use ironbridge::{Session, attach};

use crate::rounds::{Row, Subject, measure as measure_row};

const SUITE: &str = "async";
const TIMES: u32 = 2_000;

/// What there is to await waits for nothing.
#[ironbridge::awaitable]
#[pyfunction]
#[pyo3(crate = "ironbridge::pyo3")]
async fn double(n: i64) -> i64 {
    2 * n
}

/// The same by `pyo3-async-runtimes`.
#[pyfunction]
#[pyo3(crate = "ironbridge::pyo3")]
fn double_by_peer(py: Python<'_>, n: i64) -> PyResult<Bound<'_, PyAny>> {
    pyo3_async_runtimes::tokio::future_into_py(py, async move { Ok(2 * n) })
}

/// All rows.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    let session = Session::new()?;
    session.run(include_str!("../python/awaiting.py"))?;
    let (ours, peers) = attach(|py| {
        PyResult::Ok((
            wrap_pyfunction!(double, py)?.into_any().unbind(),
            wrap_pyfunction!(double_by_peer, py)?.into_any().unbind(),
        ))
    })??;
    let mut rows = Vec::new();
    for (name, in_flight) in [
        ("Python awaits Rust, 64 in flight", 64),
        ("Python awaits Rust, alone", 1),
    ] {
        let subjects = vec![
            subject(&session, "pyo3-async-runtimes", &peers, in_flight),
            subject(&session, "ironbridge #[awaitable]", &ours, in_flight),
        ];
        rows.extend(measure_row(SUITE, name, rounds, TIMES, subjects));
    }
    Ok(rows)
}

fn subject<'a>(
    session: &'a Session,
    name: &'static str,
    function: &'a Py<PyAny>,
    in_flight: u32,
) -> Subject<'a> {
    let run = move |times: u32| {
        let done = session.call::<Py<PyAny>, _>("run", (function, times, in_flight));
        done.expect("it runs");
    };
    Subject {
        name,
        run: Box::new(run),
    }
}
