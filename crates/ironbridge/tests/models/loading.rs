//! How models come: loaders, what callers share, and what they learn meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use futures::FutureExt;
use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::models::{Model, ModelId, Models, Progress};
use ironbridge::module::TypedClass;
use ironbridge::pyo3::prelude::*;
use ironbridge::{ErrorKind, Result, Session, python};

use super::support::{Bridge, Embedder, Gate, is_loaded, number, state, until};

#[test]
fn a_bridge_module_is_loaded_and_unloaded_by_its_functions() -> Result<()> {
    let models = Models::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let bridge = models.add(
        Model::new("bridge")
            .load(|loading| {
                let bridge = Bridge::load()?;
                bridge.load_all_models(loading.callback())?;
                Ok(bridge)
            })
            .unload(Bridge::unload_all_models),
    )?;
    let lease = {
        let seen = seen.clone();
        let asked = models.acquire(&bridge).on_progress(move |progress| {
            seen.lock().expect("no failure").push(progress.clone());
        });
        block_on(asked)?
    };
    assert_eq!(lease.embed("four")?, [4.0, 2.0, 4.0 / 3.0, 1.0]);
    assert_eq!(lease.answer("life")?, 42);
    assert_eq!(lease.loaded()?, ["answers", "embedder"]);
    let seen: Vec<_> = seen.lock().expect("no failure").drain(..).collect();
    let seen: Vec<_> = seen.iter().map(Progress::to_string).collect();
    assert_eq!(
        seen,
        ["25 % reading the embedder", "75 % reading the answers"]
    );
    drop(lease);

    let unloaded = block_on(models.unload("bridge"))?.expect("it was loaded");
    assert!(unloaded.hook_error.is_none(), "{unloaded}");
    let module = Bridge::load()?;
    assert!(module.loaded()?.is_empty());
    assert!(module.hooks()?.contains(&"unloaded all".to_owned()));
    assert!(!is_loaded(&models, "bridge"));
    // It can come again.
    assert_eq!(models.acquire_blocking(&bridge)?.answer("life")?, 42);
    Ok(())
}

#[test]
fn a_class_is_a_model_and_its_object_is_gone_afterwards() -> Result<()> {
    let models = Models::new();
    let embedder: ModelId<Embedder> = models.add(
        Model::new("embedder")
            .load(|_| Bridge::load()?.embedder(2, 0))
            .unload(Embedder::close)
            .object(TypedClass::object),
    )?;
    let lease = models.acquire_blocking(&embedder)?;
    assert!(lease.is_open()?);
    assert_eq!(lease.embed("ab")?, [2.0, 1.0]);
    let clone = (*lease).clone();
    drop(lease);
    let unloaded = models.unload("embedder").wait()?.expect("it was loaded");
    assert!(!clone.is_open()?, "the hook was called");
    let left = unloaded.left.as_ref().expect("there is a clone");
    assert_eq!(left.references, 1, "{left}");
    drop(clone);

    drop(models.acquire_blocking(&embedder)?);
    let unloaded = models.unload("embedder").wait()?.expect("it was loaded");
    assert_eq!(unloaded.left, None);
    Ok(())
}

#[test]
fn what_python_holds_of_a_model_is_named() -> Result<()> {
    let models = Models::new();
    let session = Session::new()?;
    python! { session =>
        class Model: pass
        kept = []
    }?;
    let made = session.clone();
    models.add(
        Model::new("kept")
            .load(move |_| {
                python! { made -> Py<PyAny> =>
                    model = Model()
                    kept.append(model)
                    model
                }
            })
            .object(|object| object),
    )?;
    drop(models.acquire_blocking::<Py<PyAny>>("kept")?);
    let unloaded = models.unload("kept").wait()?.expect("it was loaded");
    let left = unloaded.left.as_ref().expect("two hold it").to_string();
    assert!(left.starts_with("still held by 2 reference(s): "), "{left}");
    assert!(left.contains("a list of 1"), "{left}");
    assert!(
        left.contains("as model") || left.contains("'model'"),
        "{left}"
    );
    Ok(())
}

#[test]
fn all_who_ask_at_once_share_one_load() -> Result<()> {
    const CALLERS: usize = 32;

    let (models, gate) = (Models::new(), Gate::default());
    let shared = models.add(gate.number("shared", 7))?;
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let lease = models.acquire_blocking(&shared).expect("it is loaded");
                assert_eq!(*lease, 7);
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        until("all wait", || {
            models.table().get("shared").map(|row| row.waiting) == Some(CALLERS)
        });
        assert_eq!(gate.came(), 1);
        // A second load would find the gate closed.
        gate.open(1);
    });
    assert_eq!(done.into_inner(), CALLERS);
    assert_eq!(gate.came(), 1);
    assert_eq!(models.table().get("shared").map(|row| row.loads), Some(1));
    Ok(())
}

#[test]
fn a_caller_who_goes_disturbs_no_other_and_the_last_one_cancels() -> Result<()> {
    let (models, gate) = (Models::new(), Gate::default());
    let shared = {
        let gate = gate.clone();
        models.add(Model::new("shared").load(move |loading| {
            gate.pass();
            loading.check()?;
            Ok(7)
        }))?
    };
    let mut first = models.acquire(&shared);
    let mut second = models.acquire(&shared);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    drop(first);
    gate.open(1);
    assert_eq!(*block_on(second)?, 7);
    models.unload(&shared).wait()?;

    let mut events = models.events();
    let mut only = models.acquire(&shared);
    assert!((&mut only).now_or_never().is_none());
    until("it loads", || gate.came() == 2);
    drop(only);
    gate.open(1);
    until("the load has ended", || {
        let mut said = std::iter::from_fn(|| events.try_next());
        said.any(|event| event.to_string() == "shared: load cancelled")
    });
    assert_eq!(state(&models, "shared").to_string(), "unloaded");
    // It was no failure: nothing keeps the next caller back.
    gate.open(1);
    assert_eq!(*models.acquire_blocking(&shared)?, 7);
    Ok(())
}

#[test]
fn a_cancelled_load_is_interrupted_in_python() -> Result<()> {
    let models = Models::new();
    let session = Session::new()?;
    session.run("import time\nseen = []")?;
    let made = session.clone();
    let slow = models.add(Model::new("slow").load(move |_| {
        python! { made =>
            try:
                seen.append("begun")
                while True:
                    time.sleep(0.01)
            except BaseException as error:
                seen.append(type(error).__name__)
                raise
        }
    }))?;
    let mut only = models.acquire(&slow);
    assert!((&mut only).now_or_never().is_none());
    let seen = || session.eval::<Vec<String>>("seen");
    until("it loads", || seen().is_ok_and(|seen| seen == ["begun"]));
    drop(only);
    until("it was interrupted", || {
        seen().is_ok_and(|seen| seen == ["begun", "LoadInterrupted"])
    });
    until("it is over", || {
        state(&models, "slow").to_string() == "unloaded"
    });
    Ok(())
}

#[test]
fn a_coroutine_loads_a_model() -> Result<()> {
    let models = Models::new();
    let session = Session::new()?;
    session.run("import asyncio\nasync def load(n):\n  await asyncio.sleep(0.001)\n  return n")?;
    let answer = models.add(Model::new("answer").load_async(move |_| {
        let session = session.clone();
        async move { session.call_async::<i64, _>("load", (42,)).await }
    }))?;
    let leases = block_on(join_all((0..4).map(|_| models.acquire(&answer))));
    for lease in leases {
        assert_eq!(*lease?, 42);
    }
    Ok(())
}

#[test]
fn what_is_there_is_given_without_waiting_and_else_nothing() -> Result<()> {
    let models = Models::new();
    let seven = models.add(number("seven", 7))?;
    assert!(models.try_acquire(&seven)?.is_none());
    assert!(!is_loaded(&models, "seven"));
    drop(models.acquire_blocking(&seven)?);
    assert_eq!(models.try_acquire(&seven)?.as_deref(), Some(&7));
    Ok(())
}

#[test]
fn names_and_types_are_checked() -> Result<()> {
    let models = Models::new();
    models.add(number("seven", 7))?;
    let again = models.add(number("seven", 8)).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Model);
    assert_eq!(
        again.to_string(),
        "the model `seven` was not added: there is one of that name"
    );
    let empty = models.add(number("", 8)).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::Model);
    let idle = models.add(Model::<i64>::new("idle")).unwrap_err();
    assert!(idle.to_string().contains("no loader"), "{idle}");

    let other = models.acquire_blocking::<String>("seven").unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Model);
    assert_eq!(
        other.to_string(),
        "the model `seven` is a `i64`, not a `alloc::string::String`"
    );
    let unknown = models.acquire_blocking::<i64>("eight").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Model);
    assert!(
        format!("{unknown:#}").contains("models: seven"),
        "{unknown:#}"
    );
    assert_eq!(
        models.unload("eight").wait().unwrap_err().kind(),
        ErrorKind::Model
    );
    assert_eq!(*models.acquire_blocking::<i64>("seven")?, 7);
    Ok(())
}
