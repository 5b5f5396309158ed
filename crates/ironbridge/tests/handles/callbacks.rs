use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use ironbridge::pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError, PyValueError};
use ironbridge::pyo3::prelude::*;
use ironbridge::{Callback, Error, Result, Session};

fn call(callback: &Callback, arguments: &str) -> Result<Py<PyAny>> {
    let session = Session::new()?;
    session.set("f", callback)?;
    session.eval(&format!("f({arguments})"))
}

fn message(callback: &Callback, arguments: &str) -> String {
    call(callback, arguments)
        .expect_err("it raises")
        .to_string()
}

fn named(n: u8) -> std::result::Result<u8, std::num::ParseIntError> {
    n.to_string().parse()
}

/// An error with a source.
#[derive(Debug)]
struct Outer(std::num::ParseIntError);
impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no size given")
    }
}
impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn arguments_and_results_cross() -> Result<()> {
    let none = Callback::new(|| {});
    assert_eq!(call(&none, "")?.to_string(), "None");
    let plain = Callback::new(|a: u64, b: u64| a + b);
    assert_eq!(call(&plain, "2, 3")?.to_string(), "5");
    let fallible = Callback::new(|text: String| -> Result<Vec<String>> {
        Ok(text.split(' ').map(str::to_owned).collect())
    });
    assert_eq!(call(&fallible, "'a b'")?.to_string(), "['a', 'b']");
    let eight = Callback::new(
        |a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: String| {
            format!("{a}{b}{c}{d}{e}{f}{g}{h}")
        },
    );
    assert_eq!(
        call(&eight, "1, 2, 3, 4, 5, 6, 7, 'x'")?.to_string(),
        "1234567x"
    );
    assert_eq!(call(&Callback::new(named), "7")?.to_string(), "7");
    Ok(())
}

#[test]
fn wrong_arguments_are_type_errors_that_say_which() {
    let two = Callback::new(|_: u64, _: u64| {});
    assert_eq!(
        message(&two, "1, 'x'"),
        "TypeError: callback argument 2: expected u64, found str 'x'"
    );
    assert_eq!(
        message(&two, "-1, 2"),
        "TypeError: callback argument 1: expected u64, found int -1"
    );
    assert_eq!(
        message(&two, "1"),
        "TypeError: callback() takes 2 positional arguments but 1 was given"
    );
    assert_eq!(
        message(&two, "1, 2, 3"),
        "TypeError: callback() takes 2 positional arguments but 3 were given"
    );
    assert_eq!(
        message(&two, "1, 2, key=3"),
        "TypeError: callback() takes no keyword arguments"
    );
    let none = Callback::new(|| {}).named("done");
    assert_eq!(
        message(&none, "1"),
        "TypeError: done() takes no positional arguments but 1 was given"
    );
    let list = Callback::new(|_: Vec<u8>| {}).named("sizes");
    assert_eq!(
        message(&list, "[1, 300]"),
        "TypeError: sizes argument 1[1]: expected u8, found int 300"
    );
}

#[test]
fn errors_become_exceptions() -> Result<()> {
    // One that began as an exception is that exception.
    let session = Session::new()?;
    session.run("error = KeyError('k')")?;
    let inner = session.clone();
    let same = Callback::new(move || inner.run("raise error"));
    session.set("f", same)?;
    session.run(
        "
try:
    f()
except KeyError as caught:
    assert caught is error
    assert caught.__traceback__ is not None
else:
    assert False
",
    )?;
    let error = call(
        &Callback::new(|| -> PyResult<()> { Err(PyKeyError::new_err("p")) }),
        "",
    )
    .expect_err("raises");
    assert!(
        error
            .exception()
            .expect("raised")
            .is_instance_of::<PyKeyError>()
    );

    let rust = Callback::new(|text: String| text.parse::<u8>().map_err(Outer));
    let error = call(&rust, "'x'").expect_err("raises");
    assert_eq!(error.to_string(), "RuntimeError: no size given");
    let notes = &error.exception().expect("raised").story().notes;
    assert_eq!(*notes, ["because: invalid digit found in string"]);

    let text = Callback::new(|| -> Result<(), &'static str> { Err("only text") });
    assert_eq!(message(&text, ""), "RuntimeError: only text");
    let anyhow = Callback::new(|| -> anyhow::Result<()> {
        let error = Session::new()?.run("int('many')").expect_err("raises");
        Err(anyhow::Error::new(error).context("while counting"))
    });
    let error = call(&anyhow, "").expect_err("raises");
    assert_eq!(error.to_string(), "RuntimeError: while counting");
    Ok(())
}

#[test]
fn a_conversion_error_of_rust_is_a_type_error() -> Result<()> {
    let session = Session::new()?;
    let bad = Callback::new(move || session.eval::<u8>("'x'"));
    let error = call(&bad, "").expect_err("raises");
    assert!(
        error
            .exception()
            .expect("raised")
            .is_instance_of::<PyTypeError>()
    );
    Ok(())
}

#[test]
fn panics_do_not_cross() -> Result<()> {
    let session = Session::new()?;
    session.set(
        "f",
        Callback::new(|n: u8| {
            assert!(n <= 2, "{n} is too much");
        }),
    )?;
    session.run(
        "
try:
    f(3)
except Exception as error:
    assert type(error) is RuntimeError and str(error) == '3 is too much', error
else:
    assert False
f(1)
",
    )?;
    let error = session.run("f(4)").expect_err("raises");
    assert!(
        error
            .exception()
            .expect("raised")
            .is_instance_of::<PyRuntimeError>()
    );
    assert!(
        format!("{error:#}").contains("a panic of Rust code: callback"),
        "{error:#}"
    );
    Ok(())
}

#[test]
fn the_closure_runs_detached_and_in_parallel() -> Result<()> {
    let session = Session::new()?;
    // Two calls that wait for each other: with the interpreter held by one, they never meet.
    let meet = Arc::new(Barrier::new(2));
    session.set(
        "meet",
        Callback::new(move || {
            meet.wait();
        }),
    )?;
    session.run(
        "
import threading
threads = [threading.Thread(target=meet) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join(10)
assert not any(thread.is_alive() for thread in threads)
",
    )?;
    // And it may itself use Python.
    let inner = session.clone();
    session.set(
        "nested",
        Callback::new(move |n: u32| inner.eval::<u32>(&format!("{n} * 2"))),
    )?;
    assert_eq!(session.eval::<u32>("nested(nested(3))")?, 12);
    Ok(())
}

#[test]
fn a_changing_closure_is_used_by_one_thread_at_a_time() -> Result<()> {
    let session = Session::new()?;
    let inside = Arc::new(AtomicBool::new(false));
    let mut calls = 0_u32;
    session.set(
        "count",
        Callback::new_mut(move || {
            assert!(!inside.swap(true, SeqCst), "two threads at once");
            thread::sleep(Duration::from_micros(50));
            calls += 1;
            inside.store(false, SeqCst);
            calls
        }),
    )?;
    session.run(
        "
import threading
threads = [threading.Thread(target=lambda: [count() for _ in range(50)]) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
",
    )?;
    assert_eq!(session.eval::<u32>("count()")?, 201);
    Ok(())
}

#[test]
fn a_changing_closure_cannot_be_entered_again() -> Result<()> {
    let session = Session::new()?;
    let inner = session.clone();
    let mut depth = 0;
    session.set(
        "f",
        Callback::new_mut(move || -> Result<u32> {
            depth += 1;
            inner.eval(&format!("f() + {depth}"))
        }),
    )?;
    let error = session.run("f()").expect_err("it would wait for itself");
    assert!(
        error
            .to_string()
            .contains("cannot be called from within itself"),
        "{error}"
    );
    // Not broken by that.
    let error = session.run("f()").expect_err("again");
    assert!(error.to_string().contains("from within itself"), "{error}");
    Ok(())
}

#[test]
fn a_changing_closure_that_panicked_is_not_called_again() -> Result<()> {
    let mut n = 0;
    let f = Callback::new_mut(move || {
        n += 1;
        assert!(n < 2, "half done");
        n
    });
    assert_eq!(call(&f, "")?.to_string(), "1");
    assert!(message(&f, "").contains("half done"));
    assert!(message(&f, "").contains("has panicked"));
    Ok(())
}

#[test]
fn a_closure_that_can_be_called_once_is() -> Result<()> {
    let owned = String::from("given away");
    let once = Callback::once(move || owned);
    assert_eq!(call(&once, "")?.to_string(), "given away");
    assert_eq!(
        message(&once, ""),
        "RuntimeError: this callback can be called once, and has been"
    );
    Ok(())
}

#[test]
fn a_scoped_callback_borrows_and_ends_with_its_scope() -> Result<()> {
    let session = Session::new()?;
    let mut words = Vec::new();
    Callback::scoped(
        |word: String| words.push(word),
        |push| -> Result<()> {
            session.set("push", push)?;
            session.run("push('a'); push('b')")
        },
    )?;
    assert_eq!(words, ["a", "b"]);
    let error = session.run("push('c')").expect_err("over");
    assert_eq!(
        error.to_string(),
        "RuntimeError: this callback was lent for a time that is over"
    );
    assert_eq!(words, ["a", "b"]);
    // By a panic too.
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut seen = 0;
        Callback::scoped(
            || seen += 1,
            |f| {
                session.set("count", f).expect("set");
                panic!("out of here");
            },
        )
    }));
    assert!(panic.is_err());
    assert!(session.run("count()").is_err());
    Ok(())
}

#[test]
fn a_scope_waits_for_the_call_that_is_in_it() -> Result<()> {
    let session = Session::new()?;
    let mut finished = false;
    let (entered, wait) = mpsc::channel();
    Callback::scoped(
        || {
            entered.send(()).expect("somebody waits");
            thread::sleep(Duration::from_millis(100));
            finished = true;
        },
        |f| -> Result<()> {
            session.set("f", f)?;
            session.run("import threading\nthread = threading.Thread(target=f)\nthread.start()")?;
            wait.recv().expect("it comes");
            Ok(())
        },
    )?;
    assert!(finished);
    session.run("thread.join()")
}

#[test]
fn python_can_inspect_it() -> Result<()> {
    let session = Session::new()?;
    let callback = Callback::new(|_: u64, _: u64| {})
        .named("on_step")
        .documented("Told of each step.");
    session.set("f", &callback)?;
    session.set("same", callback.clone())?;
    session.set("other", Callback::new(|_: u64, _: u64| {}))?;
    session.run(
        "
import functools, inspect, weakref
assert callable(f)
assert f.__name__ == f.__qualname__ == 'on_step'
assert f.__doc__ == 'Told of each step.' and other.__doc__ is None
assert repr(f) == \"<Rust callback 'on_step'>\"
assert str(inspect.signature(f)) == '(argument_1, argument_2, /)', inspect.signature(f)
inspect.signature(f).bind(1, 2)
assert f == same and hash(f) == hash(same) and f != other and f != 3
assert functools.wraps(f)(lambda *a: None).__name__ == 'on_step'
assert weakref.ref(f)() is f
[f].remove(same)
",
    )?;
    assert!(format!("{callback:?}").contains("on_step"));
    Ok(())
}

#[test]
fn what_a_closure_holds_goes_with_it() -> Result<()> {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let held = Dropped(drops.clone());
    let session = Session::new()?;
    session.set("f", Callback::new(move || held.0.load(SeqCst)))?;
    // In a cycle of Python's, found by its collector.
    session.run(
        "
import gc
cycle = [f]
cycle.append(cycle)
f()
del f, cycle
",
    )?;
    assert_eq!(drops.load(SeqCst), 0);
    session.run("gc.collect()")?;
    assert_eq!(drops.load(SeqCst), 1);
    Ok(())
}

#[test]
fn an_error_survives_the_way_through_python_and_back() -> Result<()> {
    let session = Session::new()?;
    let seen = Arc::new(Mutex::new(None::<Error>));
    let raise = Callback::new(|| -> PyResult<()> { Err(PyValueError::new_err("deep")) });
    session.set("deep", raise)?;
    let (inner, kept) = (session.clone(), seen.clone());
    session.set(
        "outer",
        Callback::new(move || {
            let error = inner.run("deep()").expect_err("raises");
            *kept.lock().expect("unpoisoned") = Some(error);
        }),
    )?;
    session.run("outer()")?;
    let error = seen.lock().expect("unpoisoned").take().expect("kept");
    assert_eq!(error.to_string(), "ValueError: deep");
    Ok(())
}

/// What the macro of typed modules does with an argument `impl Fn(u64, u64) -> Result<()> + …`.
#[test]
fn an_opaque_closure_can_be_passed_on() -> Result<()> {
    fn each(
        session: &Session,
        f: impl Fn(u64, u64) -> Result<u64> + Send + Sync + 'static,
    ) -> Result<()> {
        session.set("f", ironbridge::__private::callback(f))
    }
    fn plain(session: &Session, f: impl Fn(String) + Send + Sync + 'static) -> Result<()> {
        session.set("g", ironbridge::__private::callback(f))
    }
    let session = Session::new()?;
    each(&session, |a, b| Ok(a * b))?;
    plain(&session, |text| assert_eq!(text, "x"))?;
    assert_eq!(session.eval::<u64>("f(2, 3)")?, 6);
    session.run("assert g('x') is None")
}
