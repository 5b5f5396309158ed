//! What arrays leave behind, as Python counts it: of the whole process, so there is one test in this one.
//!
//! No thread comes or goes meanwhile: in CPython before 3.12.9, `tracemalloc.stop()` beside a thread that makes itself known to
//! Python is a race that can crash.

#![allow(
    clippy::float_cmp,
    clippy::unwrap_used,
    dead_code,
    reason = "values that cross are the same ones; a test may panic; a part of the support is used"
)]

#[path = "arrays/support.rs"]
mod support;

use ironbridge::Session;
use ironbridge::arrays::{Array1, ArrayMut1, Tensor};
use support::session;

/// The bytes that Python has allocated, as `tracemalloc` counts them.
fn traced(session: &Session) -> usize {
    session
        .eval("(gc.collect(), tracemalloc.get_traced_memory()[0])[1]")
        .unwrap()
}

#[test]
fn an_array_keeps_its_memory_and_nothing_is_leaked_either_way() {
    const LENGTH: usize = 1_000_000;
    const BYTES: usize = 8 * LENGTH;
    let session = session();
    session
        .run("import tracemalloc; tracemalloc.start()")
        .unwrap();
    let before = traced(&session);
    let array: Array1<f64> = session.eval("np.full(1_000_000, 3.0)").unwrap();
    let clone = array.clone();
    drop(array);
    assert!(traced(&session) >= before + BYTES);
    assert_eq!(clone.sum(), 3e6);
    drop(clone);
    assert!(traced(&session) < before + BYTES / 2);

    let round = || {
        let array: Array1<f64> = session.eval("np.zeros(1_000_000)").unwrap();
        session.set("a", &array).unwrap();
        let taken: ArrayMut1<f64> = session.eval("np.zeros(1_000_000)").unwrap();
        session.set("b", taken).unwrap();
        session.set("c", Array1::from(vec![0.0; LENGTH])).unwrap();
        session.set("d", Tensor::from(array)).unwrap();
        session
            .run("e = np.from_dlpack(d); del a, b, c, d, e")
            .unwrap();
    };
    (0..20).for_each(|_| round());
    let after = traced(&session);
    assert!(
        after < before + BYTES / 2,
        "{before} bytes before, {after} after"
    );
    session.run("tracemalloc.stop()").unwrap();
}
