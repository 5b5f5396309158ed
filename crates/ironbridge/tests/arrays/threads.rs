//! How long memory lives, and where it may be let go.

use std::sync::mpsc;
use std::thread;

use ironbridge::Session;
use ironbridge::arrays::{Array1, ArrayMut1, Tensor};

use crate::support::session;

/// The bytes that Python has allocated, as `tracemalloc` counts them.
fn traced(session: &Session) -> usize {
    session
        .eval("(gc.collect(), tracemalloc.get_traced_memory()[0])[1]")
        .unwrap()
}

/// In one test, since what is counted is the process's.
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

#[test]
fn arrays_are_dropped_and_cloned_where_no_python_is() {
    let session = session();
    let (sender, receiver) = mpsc::channel::<Array1<f64>>();
    let worker = thread::spawn(move || {
        let mut sum = 0.0;
        for array in receiver {
            let clone = array.clone();
            drop(array);
            sum += clone.sum();
        }
        sum
    });
    for _ in 0..100 {
        sender.send(session.eval("np.ones(10)").unwrap()).unwrap();
    }
    drop(sender);
    // Attached while the worker drops: it must not need the interpreter for that.
    let sum = ironbridge::attach(|_py| worker.join().unwrap()).unwrap();
    assert_eq!(sum, 1000.0);
}

#[test]
fn threads_read_while_python_works() {
    let session = session();
    let array: Array1<f64> = session.eval("np.ones(100_000)").unwrap();
    session.set("a", &array).unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(array.sum(), 100_000.0)));
        }
        for _ in 0..20 {
            session.run("assert (a * 2).sum() == 200_000").unwrap();
        }
    });
}
