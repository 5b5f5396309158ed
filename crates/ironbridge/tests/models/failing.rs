//! Loads that raise or hang, and hooks that do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::executor::block_on;
use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Change, Model, ModelState, Models, Reason};
use ironbridge::pyo3::exceptions::PyValueError;
use ironbridge::{Callback, ErrorKind, Result, Session, attach, python};

use super::support::{Gate, LONG, is_loaded, number, state, until};

const HOUR: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(50);

#[test]
fn a_load_that_raises_says_why_and_keeps_the_next_one_back() -> Result<()> {
    let models = Models::builder().backoff(HOUR, HOUR).build();
    let calls = Arc::new(AtomicU32::new(0));
    let broken = {
        let calls = calls.clone();
        models.add(Model::new("broken").load(move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            let session = Session::new()?;
            session.run("def read(): raise ValueError('no weights')")?;
            session.eval::<i64>("read()")
        }))?
    };
    let error = models.acquire_blocking(&broken).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exception);
    assert_eq!(
        error.to_string(),
        "the model `broken` could not be loaded: ValueError: no weights"
    );
    let story = format!("{error:#}");
    assert!(story.contains("in read"), "{story}");
    assert!(story.contains("failed: 1 time(s) in a row"), "{story}");
    assert!(story.contains("next attempt: allowed in 3"), "{story}");
    assert!(story.contains("`Models::retry_now`"), "{story}");
    let exception = error.exception().expect("it began as one");
    assert!(exception.is_instance_of::<PyValueError>());

    // Whoever asks now learns the same, and no loader runs.
    let refused = models.acquire_blocking(&broken).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Exception);
    assert!(refused.exception().is_some());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    // In Python it has the exception as its cause.
    let in_python = ironbridge::pyo3::PyErr::from(refused);
    let has_cause = ironbridge::attach(|py| {
        let cause = in_python.cause(py).expect("the exception");
        cause.is_instance_of::<PyValueError>(py)
    })?;
    assert!(has_cause);
    let table = models.table();
    let row = table.get("broken").expect("it was added");
    let failure = row.failure.as_ref().expect("it failed");
    assert_eq!(failure.to_string(), "ValueError: no weights");
    let ModelState::Failed { retry_after, .. } = state(&models, "broken") else {
        panic!("{}", models.table());
    };
    assert!(HOUR < retry_after + LONG && retry_after <= HOUR);

    models.retry_now("broken")?;
    models.acquire_blocking(&broken).unwrap_err();
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    Ok(())
}

#[test]
fn the_wait_between_attempts_doubles_and_a_load_that_comes_ends_it() -> Result<()> {
    let models = Models::new();
    let works = Arc::new(AtomicBool::new(false));
    let flaky = {
        let works = works.clone();
        let model = Model::new("flaky").load(move |_| {
            if works.load(Ordering::Relaxed) {
                return Ok(7);
            }
            Session::new()?.eval("1 // 0")
        });
        models.add(model.backoff(Duration::from_millis(4), Duration::from_millis(10)))?
    };
    let mut events = models.events();
    let mut waits = Vec::new();
    until("it failed four times", || {
        let _ = models.acquire_blocking(&flaky);
        while let Some(event) = events.try_next() {
            if let Change::Failed { retry_after, .. } = event.change {
                waits.push(retry_after.as_millis());
            }
        }
        waits.len() == 4
    });
    assert_eq!(waits, [4, 8, 10, 10]);
    works.store(true, Ordering::Relaxed);
    until("it is loaded", || models.acquire_blocking(&flaky).is_ok());

    works.store(false, Ordering::Relaxed);
    models.unload("flaky").wait()?;
    models.acquire_blocking(&flaky).unwrap_err();
    let failed = std::iter::from_fn(|| events.try_next()).find_map(|event| match event.change {
        Change::Failed { retry_after, .. } => Some(retry_after),
        _ => None,
    });
    assert_eq!(failed, Some(Duration::from_millis(4)));
    Ok(())
}

#[test]
fn what_was_half_loaded_is_gone_while_its_error_is_kept() -> Result<()> {
    let models = Models::new();
    let session = Session::new()?;
    python! { session =>
        import weakref
        seen = []
        class Weights: pass
        def read():
            weights = Weights()
            weights.itself = weights
            seen.append(weakref.ref(weights))
            finish(weights)
        def finish(weights):
            raise ValueError("half a file")
    }?;
    let reads = session.clone();
    models.add(Model::new("half").load(move |_| reads.call::<i64, _>("read", ())))?;
    let error = models.acquire_blocking::<i64>("half").unwrap_err();
    let alive: Vec<bool> = session.eval("[weights() is not None for weights in seen]")?;
    assert_eq!(alive, [false]);
    assert!(format!("{error:#}").contains("in finish"), "{error:#}");
    Ok(())
}

#[test]
fn an_error_that_goes_may_ask_how_models_stand() -> Result<()> {
    let models = Models::builder().backoff(HOUR, HOUR).build();
    let gone = Arc::new(AtomicU32::new(0));
    let session = Session::new()?;
    python! { session =>
        class Asks:
            def __init__(self, ask):
                self.ask = ask
            def __del__(self):
                self.ask()
        def load(ask):
            raise ValueError(Asks(ask))
    }?;
    {
        let (gone, asked) = (gone.clone(), models.clone());
        models.add(Model::new("broken").load(move |_| {
            let (gone, models) = (gone.clone(), asked.clone());
            let ask = Callback::new(move || {
                assert!(models.table().get("broken").is_some());
                gone.fetch_add(1, Ordering::Relaxed);
            });
            session.call::<i64, _>("load", (ask,))
        }))?;
    }
    drop(models.acquire_blocking::<i64>("broken").unwrap_err());
    // By then the loader's thread has let go of it too.
    std::thread::sleep(SHORT);
    assert_eq!(gone.load(Ordering::Relaxed), 0, "it is kept");
    let (ended, models) = (Arc::new(AtomicBool::new(false)), models.clone());
    std::thread::spawn({
        let ended = ended.clone();
        move || {
            // The error goes here, attached, and Python's code runs at once.
            attach(|_| models.retry_now("broken"))
                .flatten()
                .expect("it is known");
            ended.store(true, Ordering::Relaxed);
        }
    });
    until("nobody waits for the other", || {
        ended.load(Ordering::Relaxed)
    });
    until("the error is gone", || {
        attach(|_| gone.load(Ordering::Relaxed) == 1).is_ok_and(|is_gone| is_gone)
    });
    Ok(())
}

#[test]
fn a_loader_that_panics_is_a_failed_load() -> Result<()> {
    let models = Models::new();
    models.add(Model::<i64>::new("broken").load(|_| panic!("no such file")))?;
    let error = models.acquire_blocking::<i64>("broken").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the loader panicked: no such file"),
        "{error}"
    );
    assert!(matches!(
        state(&models, "broken"),
        ModelState::Failed { .. }
    ));
    Ok(())
}

#[test]
fn a_load_that_hangs_in_python_is_interrupted_and_leaves_nothing() -> Result<()> {
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(4))
        .backoff(Duration::ZERO, Duration::ZERO)
        .build();
    let session = Session::new()?;
    session.run("import time\nseen = []")?;
    let hangs = session.clone();
    let model = Model::new("hangs").load(move |loading| {
        loading.progress(0.1, "waiting for a lock")?;
        python! { hangs -> i64 =>
            while len(seen) < 3:
                try:
                    while True:
                        time.sleep(0.01)
                except BaseException as error:
                    # It is stubborn, too.
                    seen.append(type(error).__name__)
            7
        }
    });
    let model = model.load_timeout(SHORT);
    models.add(model.needs(Device::Host, ByteSize::mib(4)))?;
    let error = models.acquire_blocking::<i64>("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error
            .to_string()
            .contains("loading `hangs` took longer than the 50ms"),
        "{error}"
    );
    assert!(
        format!("{error:#}").contains("10 % waiting for a lock"),
        "{error:#}"
    );
    assert!(!is_loaded(&models, "hangs"));
    until("its thread has ended", || {
        models.table().budgets[0].used == ByteSize::b(0)
    });
    let seen: Vec<String> = session.eval("seen")?;
    assert_eq!(seen, ["LoadInterrupted"; 3]);
    // What it gave in the end came too late. The next load finds it stubborn no more.
    assert_eq!(*models.acquire_blocking::<i64>("hangs")?, 7);
    Ok(())
}

#[test]
fn a_load_that_holds_the_interpreter_keeps_no_caller() -> Result<()> {
    let models = Models::new();
    let session = Session::new()?;
    // What is called through `PyDLL` keeps the interpreter's lock.
    session.run("import ctypes\nlibc = ctypes.PyDLL(None)")?;
    let ended = Arc::new(AtomicBool::new(false));
    let model = {
        let ended = ended.clone();
        Model::new("holds").load(move |_| {
            let loaded = session.eval::<i64>("libc.usleep(3_000_000)");
            ended.store(true, Ordering::Relaxed);
            loaded
        })
    };
    models.add(model.load_timeout(SHORT))?;
    let error = models.acquire_blocking::<i64>("holds").unwrap_err();
    assert!(!ended.load(Ordering::Relaxed), "it was waited for");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    until("its thread has ended", || ended.load(Ordering::Relaxed));
    Ok(())
}

#[test]
fn a_load_that_hangs_in_rust_counts_until_it_ends_and_is_thrown_away() -> Result<()> {
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(8))
        .backoff(Duration::ZERO, Duration::ZERO)
        .build();
    let (gate, closed) = (Gate::default(), Arc::new(AtomicU32::new(0)));
    let hooked = closed.clone();
    let hangs = gate
        .number("hangs", 7)
        .needs(Device::Host, ByteSize::mib(4))
        .load_timeout(SHORT)
        .unload(move |_| {
            hooked.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
    models.add(hangs)?;
    models.add(number("large", 1).needs(Device::Host, ByteSize::mib(8)))?;
    let timed_out = models.acquire_blocking::<i64>("hangs").unwrap_err();
    assert_eq!(timed_out.kind(), ErrorKind::Timeout);
    // Its memory is taken still, and no second load is begun beside it.
    assert_eq!(models.table().budgets[0].used, ByteSize::mib(4));
    let refused = models.acquire_blocking::<i64>("hangs").unwrap_err();
    assert!(
        format!("{refused:#}").contains("when the thread of the last one has ended"),
        "{refused:#}"
    );
    let mut large = models.acquire::<i64>("large");
    assert!((&mut large).now_or_never().is_none());
    assert_eq!(gate.came(), 1);

    let mut events = models.events();
    gate.open(1);
    assert_eq!(*block_on(large)?, 1);
    assert_eq!(
        closed.load(Ordering::Relaxed),
        1,
        "what came too late was unloaded"
    );
    let reasons: Vec<_> = std::iter::from_fn(|| events.try_next())
        .filter_map(|event| match event.change {
            Change::Unloaded(unloaded) => Some(unloaded.reason.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Reason::Unwanted]);
    Ok(())
}

#[test]
fn retry_now_loads_beside_a_thread_that_does_not_end() -> Result<()> {
    let (models, gate) = (Models::new(), Gate::default());
    models.add(gate.number("hangs", 7).load_timeout(SHORT))?;
    models.acquire_blocking::<i64>("hangs").unwrap_err();
    models.retry_now("hangs")?;
    let mut again = models.acquire::<i64>("hangs");
    assert!((&mut again).now_or_never().is_none());
    until("a second thread loads", || gate.came() == 2);
    gate.open(2);
    // Either has timed out by now, or it is there.
    match block_on(again) {
        Ok(lease) => assert_eq!(*lease, 7),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Timeout),
    }
    Ok(())
}

#[test]
fn a_hook_that_fails_or_hangs_does_not_keep_the_model() -> Result<()> {
    let models = Models::builder().unload_timeout(SHORT).build();
    let session = Session::new()?;
    session.run("import time")?;
    let hangs = session.clone();
    models.add(number("raises", 0).unload(move |_| session.run("{}['weights']")))?;
    models.add(number("panics", 0).unload(|_| panic!("no")))?;
    models.add(number("hangs", 0).unload(move |_| {
        python! { hangs =>
            while True:
                time.sleep(0.01)
        }
    }))?;
    for (name, why) in [
        ("raises", "KeyError: 'weights'"),
        ("panics", "the unload hook panicked: no"),
        ("hangs", "ironbridge.LoadInterrupted"),
    ] {
        drop(models.acquire_blocking::<i64>(name)?);
        let unloaded = models
            .unload(name)
            .timeout(LONG)
            .wait()?
            .expect("it was loaded");
        let error = unloaded.hook_error.as_ref().expect("it failed");
        assert!(error.to_string().contains(why), "{error}");
        assert!(
            unloaded.to_string().contains("its hook failed: "),
            "{unloaded}"
        );
        assert!(!is_loaded(&models, name));
    }
    Ok(())
}

#[test]
fn an_import_is_not_interrupted_and_leaves_no_lock() -> Result<()> {
    let models = Models::builder()
        .backoff(Duration::ZERO, Duration::ZERO)
        .build();
    let session = Session::new()?;
    python! { session =>
        import importlib, sys
        goes_on = True
        def import_all():
            while goes_on:
                for name in ["colorsys", "this_is_no_module", "chunk_that_is_none", "sndhdr_neither"]:
                    sys.modules.pop(name, None)
                    try:
                        importlib.import_module(name)
                    except ImportError:
                        pass
    }?;
    let imports = session.clone();
    models.add(
        Model::new("imports")
            .load(move |_| imports.call::<i64, _>("import_all", ()))
            .load_timeout(Duration::from_millis(5)),
    )?;
    for _ in 0..20 {
        let error = models.acquire_blocking::<i64>("imports").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        models.retry_now("imports")?;
    }
    // Another thread can import.
    session.run("import sched\ngoes_on = False")
}
