//! What waits lets the interpreter go: each scenario is a circle of waits that would never end otherwise, in a process of
//! its own, so that a hang is a failure.

#![allow(clippy::unwrap_used, missing_docs)]

mod children;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{
        Arc, Barrier, Mutex as StdMutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use children::{Named, python, run, say};
use ironbridge::{
    attach, detach,
    sync::{
        Condvar, LazyLock, Mutex, Once, OnceLock, RecvTimeoutError, RwLock, TryRecvError,
        TrySendError, channel, sync_channel,
    },
};
use pyo3::{prelude::*, types::PyDict};

/// How often a circle is tried to be closed.
const ROUNDS: usize = 20;

fn main() -> ExitCode {
    children::main(TESTS, SCENARIOS)
}

/// Makes a test of each scenario, which passes where it comes to its end and says so.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        const TESTS: &[Named] = &[
            $((stringify!($name), || {
                run(stringify!($name)).with_code(0).said("came to its end").quietly();
            }),)*
            ("a_lock_that_does_not_detach_is_found_out", || {
                run("unaware").with_code(0).said("it hangs");
            }),
            ("panics_poison_nothing", || {
                run("panics").with_code(0).said("came to its end");
            }),
        ];
        const SCENARIOS: &[Named] = &[
            $((stringify!($name), || {
                $name();
                say("came to its end");
            }),)*
            ("unaware", unaware),
            ("panics", || {
                panics();
                say("came to its end");
            }),
        ];
    };
}

scenarios!(
    mutex,
    mutex_of_a_thread_of_python,
    rw_lock_read,
    rw_lock_write,
    condvar,
    condvar_with_a_limit,
    once_lock,
    once_lock_that_is_set,
    once_lock_whose_filling_fails,
    once,
    lazy_lock,
    receive,
    receive_with_a_limit,
    receive_until_all_senders_are_gone,
    send,
    send_from_hand_to_hand,
    detached,
    nested,
    many_threads,
    values,
);

/// The circle. Thread B takes something by `keep`, and calls Python before it gives it back; thread A is attached, and
/// waits for it by `want`. Both come through, or neither.
fn circle(
    keep: impl Fn(&dyn Fn()) + Send + Sync + Copy + 'static,
    want: impl Fn() + Send + Sync + Copy + 'static,
) {
    python("pass").unwrap();
    for _ in 0..ROUNDS {
        let kept = Arc::new(Barrier::new(2));
        let wants = Arc::new(AtomicBool::new(false));
        let b = thread::spawn({
            let (kept, wants) = (kept.clone(), wants.clone());
            move || {
                keep(&|| {
                    kept.wait();
                    while !wants.load(Ordering::SeqCst) {
                        thread::yield_now();
                    }
                    // From here A is some instructions away from waiting.
                    thread::sleep(Duration::from_millis(2));
                    python("sum(range(100))").unwrap();
                });
            }
        });
        attach(|_py| {
            detach(|| kept.wait());
            wants.store(true, Ordering::SeqCst);
            want();
        })
        .unwrap();
        b.join().unwrap();
    }
}

fn mutex() {
    static LOCK: Mutex<usize> = Mutex::new(0);
    circle(
        |while_kept| {
            let mut count = LOCK.lock();
            while_kept();
            *count += 1;
        },
        || *LOCK.lock() += 1,
    );
    assert_eq!(*LOCK.lock(), 2 * ROUNDS);
}

/// A thread that Python made, and that no call of this crate attached.
fn mutex_of_a_thread_of_python() {
    static LOCK: Mutex<usize> = Mutex::new(0);
    attach(|py| {
        let lock = pyo3::types::PyCFunction::new_closure(py, None, None, |_, _| {
            let mut count = LOCK.lock();
            *count += 1;
            // Python may switch threads here, while the lock is held.
            Python::attach(|py| py.run(c"import time; time.sleep(0.0001)", None, None))
        })
        .unwrap();
        let names = PyDict::new(py);
        names.set_item("lock", lock).unwrap();
        py.run(
            c"
import threading
def work():
    for _ in range(50):
        lock()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
",
            Some(&names),
            None,
        )
        .unwrap();
    })
    .unwrap();
    assert_eq!(*LOCK.lock(), 200);
}

fn rw_lock_read() {
    static LOCK: RwLock<usize> = RwLock::new(0);
    circle(
        |while_kept| {
            let mut count = LOCK.write();
            while_kept();
            *count += 1;
        },
        || assert!(*LOCK.read() > 0),
    );
}

fn rw_lock_write() {
    static LOCK: RwLock<usize> = RwLock::new(0);
    circle(
        |while_kept| {
            let count = LOCK.read();
            let before = *count;
            while_kept();
            assert_eq!(*count, before);
        },
        || *LOCK.write() += 1,
    );
    assert_eq!(*LOCK.read(), ROUNDS);
}

static TURN: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

/// B needs the interpreter, and then the lock, before it notifies.
fn turn(while_kept: &dyn Fn()) {
    while_kept();
    *TURN.lock() = true;
    CHANGED.notify_all();
}

fn condvar() {
    circle(turn, || {
        let mut turn = CHANGED.wait_while(TURN.lock(), |turn| !*turn);
        *turn = false;
    });
}

fn condvar_with_a_limit() {
    circle(turn, || {
        let (mut turn, is_over) =
            CHANGED.wait_timeout_while(TURN.lock(), Duration::from_secs(50), |turn| !*turn);
        assert!(!is_over);
        *turn = false;
    });
    let (turn, is_over) = attach(|_py| {
        let (turn, is_over) =
            CHANGED.wait_timeout_while(TURN.lock(), Duration::from_millis(5), |turn| !*turn);
        (*turn, is_over)
    })
    .unwrap();
    assert!(is_over && !turn);
}

fn once_lock() {
    // A cell is filled once: each round has its own, reached through a place that stays.
    static CELL: RwLock<Option<Arc<OnceLock<i64>>>> = RwLock::new(None);
    fn cell() -> Arc<OnceLock<i64>> {
        let there = CELL.read().clone();
        there.unwrap_or_else(|| CELL.write().get_or_insert_default().clone())
    }
    circle(
        |while_kept| {
            let cell = cell();
            let value = cell.get_or_init(|| {
                while_kept();
                attach(|py| py.eval(c"6 * 7", None, None).unwrap().extract().unwrap()).unwrap()
            });
            assert_eq!(*value, 42);
        },
        || {
            assert_eq!(*cell().get_or_init(|| unreachable!("B fills it")), 42);
            assert_eq!(cell().set(1), Err(1));
            *CELL.write() = None;
        },
    );
}

/// A wants to set what B fills.
fn once_lock_that_is_set() {
    static CELL: RwLock<Option<Arc<OnceLock<u8>>>> = RwLock::new(None);
    circle(
        |while_kept| {
            let cell = CELL.write().get_or_insert_default().clone();
            cell.get_or_init(|| {
                while_kept();
                attach(|py| py.version_info().major).unwrap()
            });
        },
        || {
            let cell = CELL.write().take().unwrap();
            assert_eq!(cell.set(1), Err(1));
            assert_eq!(cell.get(), Some(&3));
        },
    );
}

/// B does not come to fill it, so that A does, who has waited for it.
fn once_lock_whose_filling_fails() {
    static CELL: RwLock<Option<Arc<OnceLock<u8>>>> = RwLock::new(None);
    circle(
        |while_kept| {
            let cell = CELL.write().get_or_insert_default().clone();
            let failed = cell.get_or_try_init(|| {
                while_kept();
                attach(|py| py.import("no_such_module").map(|_| 1)).unwrap()
            });
            assert!(failed.is_err());
        },
        || {
            let cell = CELL.write().take().unwrap();
            let filled = cell.get_or_init(|| attach(|py| py.version_info().major).unwrap());
            assert_eq!(*filled, 3);
        },
    );
}

fn once() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    static ONCE: RwLock<Option<Arc<Once>>> = RwLock::new(None);
    fn current() -> Arc<Once> {
        let there = ONCE.read().clone();
        there.unwrap_or_else(|| ONCE.write().get_or_insert_default().clone())
    }
    circle(
        |while_kept| {
            current().call_once(|| {
                while_kept();
                DONE.fetch_add(1, Ordering::SeqCst);
            });
        },
        || {
            current().call_once(|| unreachable!("B does it"));
            assert!(current().is_completed());
            *ONCE.write() = None;
        },
    );
    assert_eq!(DONE.load(Ordering::SeqCst), ROUNDS);
}

/// Many threads look at it at once, some of them attached.
fn lazy_lock() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static LAZY: LazyLock<String> = LazyLock::new(|| {
        MADE.fetch_add(1, Ordering::SeqCst);
        // Long enough that all come while it is made.
        thread::sleep(Duration::from_millis(30));
        attach(|py| py.import("string")?.getattr("digits")?.extract())
            .unwrap()
            .unwrap()
    });
    let threads: Vec<_> = (0..8)
        .map(|index| {
            thread::spawn(move || {
                if index % 2 == 0 {
                    attach(|_py| LAZY.len()).unwrap()
                } else {
                    LAZY.len()
                }
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 10);
    }
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
}

fn receive() {
    type Ends = (
        ironbridge::sync::Sender<Py<PyAny>>,
        ironbridge::sync::Receiver<Py<PyAny>>,
    );
    static CHANNEL: LazyLock<Ends> = LazyLock::new(channel);
    circle(
        |while_kept| {
            while_kept();
            let nothing = attach(|py| py.None().clone_ref(py)).unwrap();
            CHANNEL.0.send(nothing).unwrap();
        },
        || {
            let value = CHANNEL.1.recv().unwrap();
            assert!(attach(|py| value.is_none(py)).unwrap());
        },
    );
}

fn receive_with_a_limit() {
    static CHANNEL: LazyLock<(
        ironbridge::sync::Sender<usize>,
        ironbridge::sync::Receiver<usize>,
    )> = LazyLock::new(channel);
    circle(
        |while_kept| {
            while_kept();
            CHANNEL.0.send(1).unwrap();
        },
        || {
            let limit = Duration::from_secs(50);
            assert_eq!(CHANNEL.1.recv_timeout(limit), Ok(1));
        },
    );
    attach(|_py| {
        let limit = Duration::from_millis(5);
        assert_eq!(
            CHANNEL.1.recv_timeout(limit),
            Err(RecvTimeoutError::Timeout)
        );
        assert_eq!(
            CHANNEL.1.recv_deadline(Instant::now()),
            Err(RecvTimeoutError::Timeout)
        );
    })
    .unwrap();
}

/// The last sender needs the interpreter before it goes.
fn receive_until_all_senders_are_gone() {
    static ENDS: Mutex<Option<ironbridge::sync::Receiver<usize>>> = Mutex::new(None);
    circle(
        |while_kept| {
            let (sender, receiver) = channel();
            *ENDS.lock() = Some(receiver);
            sender.send(1).unwrap();
            while_kept();
            sender.send(2).unwrap();
        },
        || {
            let receiver = ENDS.lock().take().unwrap();
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
        },
    );
}

/// Nothing is held in between: who sends waits for who receives.
fn send_from_hand_to_hand() {
    static CHANNEL: LazyLock<(
        ironbridge::sync::Sender<usize>,
        ironbridge::sync::Receiver<usize>,
    )> = LazyLock::new(|| sync_channel(0));
    circle(
        |while_kept| {
            while_kept();
            assert_eq!(attach(|_py| CHANNEL.1.recv()).unwrap(), Ok(1));
        },
        || CHANNEL.0.send(1).unwrap(),
    );
}

/// The channel is full; who would make room needs the interpreter first.
fn send() {
    static CHANNEL: LazyLock<(
        ironbridge::sync::Sender<usize>,
        ironbridge::sync::Receiver<usize>,
    )> = LazyLock::new(|| sync_channel(1));
    CHANNEL.0.send(0).unwrap();
    circle(
        |while_kept| {
            while_kept();
            CHANNEL.1.recv().unwrap();
        },
        || CHANNEL.0.send(1).unwrap(),
    );
    assert_eq!(
        CHANNEL.0.try_send(2),
        Err(TrySendError::Full(2)),
        "what the last round sent is there still",
    );
}

/// What waits in another way, in `detach`.
fn detached() {
    static LOCK: StdMutex<()> = StdMutex::new(());
    circle(
        |while_kept| {
            let _kept = LOCK.lock().unwrap();
            while_kept();
        },
        || detach(|| drop(LOCK.lock().unwrap())),
    );
    attach(|_py| {
        let other = thread::spawn(|| attach(|py| py.version_info().major).unwrap());
        assert_eq!(detach(|| other.join()).unwrap(), 3);
    })
    .unwrap();
}

/// Attached in attached, and detached in that, in both orders.
fn nested() {
    static LOCK: Mutex<usize> = Mutex::new(0);
    circle(
        |while_kept| {
            let mut count = LOCK.lock();
            attach(|_py| detach(while_kept_is_send(while_kept))).unwrap();
            *count += 1;
        },
        || {
            attach(|py| {
                Python::attach(|_py| *LOCK.lock() += 1);
                // The interpreter is had again.
                py.run(c"pass", None, None).unwrap();
                detach(|| attach(|_py| *LOCK.lock() += 1).unwrap());
                py.run(c"pass", None, None).unwrap();
            })
            .unwrap();
        },
    );
    assert_eq!(*LOCK.lock(), 3 * ROUNDS);
}

/// The closures of `circle` hold what is `Sync`; a `dyn Fn` does not say so.
fn while_kept_is_send(while_kept: &dyn Fn()) -> impl FnOnce() + Send + '_ {
    struct Here<'a>(&'a dyn Fn());
    // SAFETY: `detach` runs it on this very thread.
    unsafe impl Send for Here<'_> {}
    impl Here<'_> {
        fn run(&self) {
            (self.0)();
        }
    }
    let here = Here(while_kept);
    move || here.run()
}

/// All of it at once, for whatever order was not thought of.
fn many_threads() {
    static LOCK: Mutex<usize> = Mutex::new(0);
    static TABLE: RwLock<usize> = RwLock::new(0);
    let (sender, receiver) = sync_channel::<usize>(2);
    let workers: Vec<_> = (0..6)
        .map(|worker| {
            let sender = sender.clone();
            thread::spawn(move || {
                for round in 0..100 {
                    let work = || {
                        let mut count = LOCK.lock();
                        python("sum(range(10))").unwrap();
                        *count += 1;
                        drop(count);
                        if round % 5 == 0 {
                            *TABLE.write() += 1;
                        } else {
                            let table = TABLE.read();
                            python("sum(range(10))").unwrap();
                            assert!(*table <= 120);
                        }
                        sender.send(1).unwrap();
                    };
                    if (worker + round) % 2 == 0 {
                        attach(|_py| work()).unwrap();
                    } else {
                        work();
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let sum: usize = attach(|_py| receiver.iter().sum()).unwrap();
    assert_eq!(sum, 600);
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!((*LOCK.lock(), *TABLE.read()), (600, 120));
}

/// What they hold, by every other way there is.
fn values() {
    let mut lock = Mutex::new(1);
    *lock.get_mut() += 1;
    let held = lock.lock();
    assert!(lock.try_lock().is_none());
    drop(held);
    assert_eq!(lock.into_inner(), 2);

    let mut table = RwLock::from(1);
    *table.get_mut() += 1;
    let reads = (table.read(), table.try_read());
    assert!(reads.1.is_some() && table.try_write().is_none());
    drop(reads);
    assert!(table.try_write().is_some());
    assert_eq!(table.into_inner(), 2);

    let mut cell = OnceLock::new();
    assert_eq!(cell.get(), None);
    assert_eq!(
        cell.get_or_try_init(|| Err::<i32, _>("not now")),
        Err("not now")
    );
    assert_eq!(cell.set(3), Ok(()));
    assert_eq!(cell.set(4), Err(4));
    assert_eq!(cell.get_mut(), Some(&mut 3));
    assert_eq!(format!("{cell:?}"), "OnceLock(3)");
    assert_eq!(cell.take(), Some(3));
    assert_eq!(cell.get(), None);
    assert_eq!(cell.into_inner(), None);

    let (sender, receiver) = channel();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    sender.clone().send(1).unwrap();
    drop(sender);
    assert_eq!((&receiver.clone()).into_iter().collect::<Vec<_>>(), [1]);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    let (sender, receiver) = sync_channel(0);
    drop(receiver);
    assert_eq!(sender.send(7).unwrap_err().into_inner(), 7);
}

fn panics() {
    static LOCK: Mutex<usize> = Mutex::new(0);
    static TABLE: RwLock<usize> = RwLock::new(0);
    static CELL: OnceLock<usize> = OnceLock::new();
    static ONCE: Once = Once::new();
    let panicked = |f: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    panicked(&|| {
        let mut count = LOCK.lock();
        *count = 1;
        panic!("on purpose");
    });
    panicked(&|| {
        let mut count = TABLE.write();
        *count = 1;
        panic!("on purpose");
    });
    panicked(&|| {
        CELL.get_or_init(|| panic!("on purpose"));
    });
    panicked(&|| {
        let _ = attach(|_py| ONCE.call_once(|| panic!("on purpose")));
    });
    attach(|_py| {
        assert_eq!(*LOCK.lock(), 1);
        assert_eq!(*TABLE.read(), 1);
        assert_eq!(*TABLE.write(), 1);
        assert_eq!(*CELL.get_or_init(|| 2), 2);
        assert!(!ONCE.is_completed());
        ONCE.call_once(|| {});
        assert!(ONCE.is_completed());
    })
    .unwrap();
}

/// A lock that knows nothing of the interpreter: the circle closes. What the other scenarios show is worth something only
/// if this one hangs.
fn unaware() {
    static LOCK: StdMutex<()> = StdMutex::new(());
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        circle(
            |while_kept| {
                let _kept = LOCK.lock().unwrap();
                while_kept();
            },
            || drop(LOCK.lock().unwrap()),
        );
        done.send(()).unwrap();
    });
    let hangs = is_done.recv_timeout(Duration::from_secs(3)).is_err();
    say(if hangs {
        "it hangs"
    } else {
        "it does not hang"
    });
    // Leaving `main` would wait for the interpreter.
    // SAFETY: ends the process.
    unsafe { libc::_exit(0) };
}
