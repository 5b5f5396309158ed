//! How calls are left: by dropping their futures and by timeouts, and what goes on afterwards.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures::future::join_all;
use ironbridge::__private::RunsOn;
use ironbridge::{Error, ErrorKind, Result, Session, python};
use pollster::block_on;

use super::support::{call, session, until};

/// On time is well before this, on a busy machine too.
const SOON: Duration = Duration::from_secs(10);

fn times_out<T>(outcome: Result<T>) -> Error {
    let Err(error) = outcome else {
        panic!("it came to an end");
    };
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
    error
}

/// The event loop and the pool serve others.
fn goes_on(session: &Session) -> Result<()> {
    for runs_on in [RunsOn::Loop, RunsOn::Pool] {
        assert_eq!(block_on(call::<u32, _>(session, runs_on, "double", 4))?, 8);
    }
    Ok(())
}

#[test]
fn a_coroutine_that_never_ends_is_cancelled() -> Result<()> {
    let session = session()?;
    let mut lingering = call::<u32, _>(&session, RunsOn::Loop, "linger", 0);
    lingering.try_start()?;
    until(&session, "seen == ['begun']");
    let error = times_out(block_on(lingering.timeout(Duration::from_millis(300))));
    let text = error.to_string();
    assert!(
        text.starts_with("call() took longer than the 300ms it was given"),
        "{text}"
    );
    until(&session, "seen == ['begun', 'cancelled', 'finally']");
    goes_on(&session)
}

#[test]
fn a_coroutine_that_swallows_its_cancellation_keeps_nobody() -> Result<()> {
    let session = session()?;
    python! { session =>
        is_released = False
        async def stubborn(n):
            seen.append("begun")
            while not is_released:
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    seen.append("swallowed")
            seen.append("over")
    }?;
    let mut stubborn = call::<(), _>(&session, RunsOn::Loop, "stubborn", 0);
    stubborn.try_start()?;
    until(&session, "seen == ['begun']");
    times_out(block_on(stubborn.timeout(Duration::from_millis(300))));
    until(&session, "seen == ['begun', 'swallowed']");
    goes_on(&session)?;
    session.run("is_released = True")?;
    until(&session, "seen == ['begun', 'swallowed', 'over']");
    Ok(())
}

#[test]
fn a_function_that_overruns_is_interrupted() -> Result<()> {
    let session = session()?;
    python! { session =>
        def spin(n):
            try:
                seen.append("begun")
                while True:
                    pass
            except BaseException as interrupt:
                seen.append((type(interrupt).__module__, type(interrupt).__name__))
                raise
    }?;
    let mut spinning = call::<(), _>(&session, RunsOn::Pool, "spin", 0);
    spinning.try_start()?;
    until(&session, "seen == ['begun']");
    times_out(block_on(spinning.timeout(Duration::from_millis(300))));
    until(
        &session,
        r#"seen == ["begun", ("ironbridge", "CallTimeout")]"#,
    );
    goes_on(&session)
}

#[test]
fn a_function_that_holds_the_lock_in_c_is_late_alone() -> Result<()> {
    let session = session()?;
    python! { session =>
        import ctypes
        def hold_lock(n):
            try:
                ctypes.PyDLL(None).usleep(n * 100_000)
                while True:
                    pass
            except BaseException as interrupt:
                seen.append(type(interrupt).__name__)
                raise
    }?;
    let held = call::<(), _>(&session, RunsOn::Pool, "hold_lock", 30);
    let begun = Instant::now();
    times_out(block_on(held.timeout(Duration::from_millis(200))));
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "it waited for the lock: {:?}",
        begun.elapsed()
    );
    // Interrupted as soon as it comes back from C.
    until(&session, "seen == ['CallTimeout']");
    goes_on(&session)
}

#[test]
fn an_interrupt_hits_its_own_call_alone() -> Result<()> {
    let session = session()?;
    python! { session =>
        def count(n):
            for _ in range(n):
                pass
            return n
    }?;
    for round in 0_u32..200 {
        let limit = Duration::from_micros(u64::from(20 * (round % 20)));
        let limited = call::<u32, _>(&session, RunsOn::Pool, "count", 5_000);
        if let Err(error) = block_on(limited.timeout(limit)) {
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
        }
        let counted = block_on(call::<u32, _>(&session, RunsOn::Pool, "count", 3))?;
        assert_eq!(counted, 3);
    }
    Ok(())
}

/// CPython takes locks in its import system that an exception at the wrong place would leave taken.
#[test]
fn interrupted_imports_leave_no_lock() -> Result<()> {
    let session = session()?;
    python! { session =>
        import importlib, sys
        def import_again(n):
            for _ in range(n):
                for name in ["colorsys", "this_is_not_there", "chunk", "sched"]:
                    sys.modules.pop(name, None)
                    try:
                        importlib.import_module(name)
                    except (ImportError, KeyError):
                        # Or another thread has taken it out.
                        pass
    }?;
    for round in 0_u64..1_000 {
        let limit = Duration::from_micros(200 + round);
        let importing = call::<(), _>(&session, RunsOn::Pool, "import_again", 1_000);
        times_out(block_on(importing.timeout(limit)));
    }
    // The thread that has a lock can take it again: another one asks.
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(session.run("import_again(1)")));
    is_done
        .recv_timeout(SOON)
        .expect("nobody else has the lock")
}

#[test]
fn a_call_that_waits_is_taken_out() -> Result<()> {
    let session = session()?;
    python! { session =>
        gate = threading.Event()
        def wait(n):
            gate.wait(30)
        def note(n):
            seen.append(n)
    }?;
    block_on(async {
        // More than there are threads.
        let mut busy: Vec<_> = (0..8)
            .map(|n| call::<(), _>(&session, RunsOn::Pool, "wait", n))
            .collect();
        for wait in &mut busy {
            wait.try_start()?;
        }
        let mut dropped = call::<(), _>(&session, RunsOn::Pool, "note", 1);
        dropped.try_start()?;
        drop(dropped);
        let late = call::<(), _>(&session, RunsOn::Pool, "note", 2);
        let error = times_out(late.timeout(Duration::from_millis(50)).await);
        let story = format!("{error:#}");
        assert!(story.contains("waited for its turn"), "{story}");
        session.run("gate.set()")?;
        join_all(busy).await.into_iter().collect::<Result<()>>()
    })?;
    goes_on(&session)?;
    assert!(session.eval::<bool>("seen == []")?);
    Ok(())
}

#[test]
fn ten_thousand_are_dropped_at_once() -> Result<()> {
    let session = session()?;
    python! { session =>
        async def all_tasks(n):
            return sum(task.get_coro().__name__ == "linger" for task in asyncio.all_tasks())
    }?;
    let mut futures = Vec::new();
    for n in 0..5_000 {
        for (runs_on, name) in [(RunsOn::Loop, "linger"), (RunsOn::Pool, "double")] {
            let mut future = call::<u32, _>(&session, runs_on, name, n);
            future.try_start()?;
            futures.push(future);
        }
    }
    until(&session, "len(seen) > 100");
    drop(futures);
    goes_on(&session)?;
    let begun = Instant::now();
    let left = || block_on(call::<u32, _>(&session, RunsOn::Loop, "all_tasks", 0));
    while left()? > 0 {
        assert!(begun.elapsed() < SOON, "tasks are left");
        thread::sleep(Duration::from_millis(5));
    }
    // Those that had begun saw it.
    let code = "seen.count('begun') == seen.count('cancelled') == seen.count('finally')";
    assert!(session.eval::<bool>(code)?);
    Ok(())
}
