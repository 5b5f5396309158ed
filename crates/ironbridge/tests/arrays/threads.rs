//! How long memory lives, and where it may be let go.

use std::sync::mpsc;
use std::thread;

use ironbridge::arrays::Array1;

use crate::support::session;

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
