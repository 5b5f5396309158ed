//! What comes of a call, and where it runs.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures::future::{join_all, select};
use ironbridge::__private::{RunsOn, await_python};
use ironbridge::pyo3::exceptions::{PyKeyError, PyValueError};
use ironbridge::{Error, ErrorKind, Result, attach};
use pollster::block_on;

use super::support::{call, session, until};

#[test]
fn a_coroutine_is_a_future_without_a_runtime() -> Result<()> {
    let session = session()?;
    let doubled = block_on(call::<u32, _>(&session, RunsOn::Loop, "double", 21))?;
    assert_eq!(doubled, 42);
    block_on(call::<(), _>(&session, RunsOn::Loop, "double", 21))?;
    let name = block_on(call::<String, _>(&session, RunsOn::Loop, "where_am_i", 0))?;
    assert_eq!(name, "ironbridge-asyncio");
    Ok(())
}

#[test]
fn many_run_at_once_on_one_thread() -> Result<()> {
    let session = session()?;
    let calls = (0..1000).map(|n| call::<u32, _>(&session, RunsOn::Loop, "double", n));
    let doubled = futures::executor::block_on(join_all(calls));
    for (n, doubled) in (0..).zip(doubled) {
        assert_eq!(doubled?, 2 * n);
    }
    Ok(())
}

#[test]
fn plain_functions_run_on_the_pool_at_once() -> Result<()> {
    let session = session()?;
    let name = block_on(call::<String, _>(&session, RunsOn::Pool, "plain", 0))?;
    assert!(name.starts_with("ironbridge-pool-"), "{name}");
    // Each waits for the three others.
    let meetings = (0..4).map(|n| call::<u32, _>(&session, RunsOn::Pool, "meet", n));
    let met = block_on(join_all(meetings))
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    assert_eq!(met, [0, 1, 2, 3]);
    let doubled = block_on(call::<u32, _>(&session, RunsOn::Pool, "gives_awaitable", 4))?;
    assert_eq!(doubled, 8);
    Ok(())
}

#[test]
fn errors_come_out_of_every_stage() -> Result<()> {
    let session = session()?;
    for runs_on in [RunsOn::Loop, RunsOn::Pool] {
        let error = block_on(call::<u32, _>(&session, runs_on, "fail", 0)).expect_err("raised");
        assert_eq!(error.to_string(), "ValueError: no such thing");
        assert!(
            error
                .exception()
                .expect("raised")
                .is_instance_of::<PyValueError>()
        );
        let story = format!("{error:#}");
        assert!(
            story.contains("raise ValueError") && story.contains("support.rs:"),
            "{story}"
        );
        let error =
            block_on(call::<String, _>(&session, runs_on, "double", 3)).expect_err("an int");
        assert_eq!(error.to_string(), "call(): expected str, found int 6");
        let refused = await_python::<u32, _, _>(runs_on, "call()", |py| {
            Err(Error::from(PyKeyError::new_err("argument").clone_ref(py)))
        });
        assert_eq!(
            block_on(refused).expect_err("refused").to_string(),
            "KeyError: 'argument'"
        );
        let nothing =
            await_python::<u32, _, _>(runs_on, "call()", |py| Ok(py.None().into_bound(py)));
        assert!(
            block_on(nothing).is_err(),
            "None is no number, nor awaitable"
        );
    }
    let error = block_on(call::<u32, _>(&session, RunsOn::Loop, "cancel_myself", 0))
        .expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let error = block_on(call::<u32, _>(&session, RunsOn::Loop, "leave", 3)).expect_err("it left");
    assert_eq!(error.kind(), ErrorKind::SystemExit);
    assert_eq!(error.exit_code(), Some(3));
    // And the loop goes on.
    assert_eq!(
        block_on(call::<u32, _>(&session, RunsOn::Loop, "double", 1))?,
        2
    );
    Ok(())
}

#[test]
fn a_dropped_future_cancels_its_task() -> Result<()> {
    let session = session()?;
    let lingering = call::<u32, _>(&session, RunsOn::Loop, "linger", 0);
    let waiting = session.clone();
    let timer = async move {
        until(&waiting, "seen == ['begun']");
    };
    block_on(async {
        let mut lingering = Box::pin(lingering);
        assert!(futures::poll!(&mut lingering).is_pending());
        select(lingering, Box::pin(timer)).await;
    });
    until(&session, "seen == ['begun', 'cancelled', 'finally']");
    // One that was never polled calls nothing.
    session.run("seen.clear()")?;
    drop(call::<u32, _>(&session, RunsOn::Loop, "linger", 0));
    block_on(call::<u32, _>(&session, RunsOn::Loop, "double", 1))?;
    assert!(session.eval::<bool>("not seen")?);
    Ok(())
}

#[test]
fn polling_does_not_wait_for_the_interpreter() -> Result<()> {
    let session = session()?;
    block_on(call::<u32, _>(&session, RunsOn::Loop, "double", 1))?;
    let calls = [RunsOn::Loop, RunsOn::Pool].map(|on| call::<u32, _>(&session, on, "double", 1));
    let (held, is_held) = mpsc::channel();
    let (polled, is_polled) = mpsc::channel();
    let holder = thread::spawn(move || {
        attach(|_py| {
            held.send(()).expect("somebody waits");
            is_polled.recv_timeout(Duration::from_secs(10))
        })
    });
    is_held.recv().expect("it is held");
    block_on(async {
        for mut call in calls.map(Box::pin) {
            assert!(futures::poll!(&mut call).is_pending());
        }
    });
    // It may have given up by now.
    let _ = polled.send(());
    let outcome = holder.join().expect("no panic")?;
    assert_eq!(outcome, Ok(()), "a poll waited for the interpreter");
    Ok(())
}

#[test]
fn it_works_on_tokio_with_timeouts() -> Result<()> {
    let session = session()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let tasks: Vec<_> = (0..64)
            .map(|n| tokio::spawn(call::<u32, _>(&session, RunsOn::Loop, "double", n)))
            .collect();
        for (n, task) in (0..).zip(tasks) {
            assert_eq!(task.await.expect("no panic")?, 2 * n);
        }
        let mut lingering = call::<u32, _>(&session, RunsOn::Loop, "linger", 0);
        lingering.try_start()?;
        until(&session, "'begun' in seen");
        let late = tokio::time::timeout(Duration::from_millis(50), lingering).await;
        assert!(late.is_err());
        Ok::<_, Error>(())
    })?;
    until(&session, "'finally' in seen");
    Ok(())
}
