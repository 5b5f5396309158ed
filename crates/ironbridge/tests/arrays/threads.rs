//! How long memory lives, and where it may be let go.

use std::sync::mpsc;
use std::thread;

use ironbridge::arrays::{Array1, ArrayMut1};

use crate::support::session;

/// Memory that tells when it is freed: NumPy's view of an object with a buffer will not do, so a weak reference to the
/// array that is its only holder.
const WATCHED: &str = "
import weakref
freed = []
def make(n):
    a = np.full(n, 3.0)
    weakref.finalize(a, freed.append, n)
    return a
";

#[test]
fn an_array_keeps_its_memory_and_lets_it_go() {
    let session = session();
    session.run(WATCHED).unwrap();
    let array: Array1<f64> = session.eval("make(1000)").unwrap();
    let clone = array.clone();
    session
        .run("gc.collect(); junk = [np.full(1000, 9.0) for _ in range(20)]")
        .unwrap();
    drop(array);
    assert_eq!(clone.sum(), 3000.0);
    assert!(session.eval::<bool>("freed == []").unwrap());
    drop(clone);
    session.run("pass").unwrap();
    assert!(session.eval::<bool>("freed == [1000]").unwrap());
}

#[test]
fn nothing_is_leaked_either_way() {
    let session = session();
    session
        .run("import tracemalloc; tracemalloc.start()")
        .unwrap();
    let traced = || {
        session
            .eval::<usize>("(gc.collect(), tracemalloc.get_traced_memory()[0])[1]")
            .unwrap()
    };
    let round = || {
        let array: Array1<f64> = session.eval("np.zeros(100_000)").unwrap();
        session.set("a", &array).unwrap();
        let taken: ArrayMut1<f64> = session.eval("np.zeros(100_000)").unwrap();
        session.set("b", taken).unwrap();
        session.set("c", Array1::from(vec![0.0; 100_000])).unwrap();
        session.run("del a, b, c").unwrap();
    };
    round();
    let before = traced();
    (0..20).for_each(|_| round());
    let after = traced();
    assert!(
        after < before + 100_000,
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
