//! Faults of async calls that are a process's own, seen from outside: full queues, event loops that die, the end in the
//! middle of everything.

#![allow(clippy::unwrap_used, missing_docs)]

mod children;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use children::{run, say};
use futures::future::{join_all, select_all};
use ironbridge::__private::{RunsOn, await_python};
use ironbridge::aio::{self, PythonFuture};
use ironbridge::batch::{Batcher, Items};
use ironbridge::pyo3::prelude::*;
use ironbridge::session::Function;
use ironbridge::{ErrorKind, Interpreter, Session, attach};
use pollster::block_on;

fn main() -> ExitCode {
    children::main(
        &[
            ("the_pool_has_one_thread_by_default", || {
                run("default_pool").with_code(0).said("threads 1").quietly();
            }),
            ("a_full_queue_refuses_or_lets_wait", || {
                run("full_queue")
                    .with_code(0)
                    .said("refused")
                    .said("all came to an end")
                    .quietly()
                    .within(20);
            }),
            ("a_loop_that_loses_its_selector_is_replaced", || {
                the_loop_dies("loop_loses_selector");
            }),
            ("a_loop_that_is_closed_is_replaced", || {
                the_loop_dies("loop_is_closed");
            }),
            ("calls_outlive_a_loop_that_is_stopped", || {
                the_loop_goes_on("loop_is_stopped");
            }),
            ("calls_outlive_a_loop_that_an_exception_ends", || {
                the_loop_goes_on("loop_is_exited");
            }),
            ("many_calls_share_an_attachment", || {
                run("gathered")
                    .with_code(0)
                    .said("shared")
                    .quietly()
                    .within(20);
            }),
            ("dropped_calls_do_not_delay_the_end", || {
                run("end_after_drops")
                    .with_code(0)
                    .said("ended")
                    .quietly()
                    .within(20);
            }),
            ("the_end_in_the_middle_of_everything", || {
                run("end_of_everything")
                    .with_code(0)
                    .said("named swallow spin")
                    .said("every caller heard")
                    .said("late Cancelled")
                    .within(30);
            }),
            ("items_of_batches_hear_of_the_end", || {
                run("end_of_batches")
                    .with_code(0)
                    .said("every item heard")
                    .within(20);
            }),
            ("leaving_main_in_the_middle_of_everything", || {
                run("exit_of_everything")
                    .with_code(0)
                    .said("leaving")
                    .said("at exit")
                    .within(30);
            }),
        ],
        &[
            ("default_pool", default_pool),
            ("full_queue", full_queue),
            ("loop_loses_selector", || {
                loop_dies("os.close(asyncio.get_running_loop()._selector.fileno())");
            }),
            ("loop_is_closed", || {
                loop_dies(
                    "loop.call_soon(lambda: (setattr(loop, '_thread_id', None), loop.close()))",
                );
            }),
            ("loop_is_stopped", || loop_goes_on("loop.stop()")),
            ("loop_is_exited", || {
                loop_goes_on("loop.call_soon(sys.exit, 3)");
            }),
            ("gathered", gathered),
            ("end_after_drops", end_after_drops),
            ("end_of_everything", end_of_everything),
            ("end_of_batches", end_of_batches),
            ("exit_of_everything", exit_of_everything),
        ],
    )
}

const FUNCTIONS: &str = "
import asyncio, ctypes, os, sys, threading, time

begun = set()
gate = threading.Event()

def plain(n):
    return n
async def double(n):
    return 2 * n
def wait(n):
    begun.add('wait')
    gate.wait(60)
    return n
async def linger(n):
    begun.add('linger')
    await asyncio.sleep(60)
async def swallow(n):
    begun.add('swallow')
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
def spin(n):
    begun.add('spin')
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
def hold_lock(n):
    begun.add('hold_lock')
    time.sleep(0.3)
    ctypes.PyDLL(None).usleep(3_000_000)
    time.sleep(60)
";

fn session(threads: usize, capacity: usize) -> Session {
    let threads = NonZeroUsize::new(threads).unwrap();
    Interpreter::builder()
        .pool_threads(threads)
        .queue_capacity(capacity)
        .exit_grace(Duration::from_millis(500))
        .start()
        .unwrap();
    let session = Session::new().unwrap();
    session.run(FUNCTIONS).unwrap();
    session
}

/// What the macro makes of `async fn name(&self, n: u32) -> Result<u32>`.
fn call(session: &Session, runs_on: RunsOn, name: &'static str, n: u32) -> PythonFuture<u32> {
    let function: Function = session.get(name).unwrap();
    await_python(runs_on, name, move |py| {
        let Ok(function) = function.into_pyobject(py);
        Ok(function.call1((n,))?)
    })
}

/// A call that is under way or waits.
fn started(session: &Session, runs_on: RunsOn, name: &'static str) -> PythonFuture<u32> {
    let mut call = call(session, runs_on, name, 0);
    call.try_start().unwrap();
    call
}

fn until(session: &Session, expression: &str) {
    while !session.eval::<bool>(expression).unwrap() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn default_pool() {
    let session = Session::new().unwrap();
    session.run(FUNCTIONS).unwrap();
    session
        .run("def whoami(n): time.sleep(0.01); begun.add(threading.get_ident())")
        .unwrap();
    let whoami: Function = session.get("whoami").unwrap();
    let calls = (0..20).map(|_| {
        let whoami = whoami.clone();
        await_python::<(), _, _>(RunsOn::Pool, "whoami", move |py| {
            let Ok(function) = whoami.into_pyobject(py);
            Ok(function.call1((0,))?)
        })
    });
    for outcome in block_on(join_all(calls)) {
        outcome.unwrap();
    }
    let expected = session
        .eval::<bool>("getattr(sys, '_is_gil_enabled', lambda: True)()")
        .unwrap();
    let threads = session.eval::<usize>("len(begun)").unwrap();
    // Free-threaded: as many as cores, of which not all need have had a turn.
    say(&format!("threads {}", if expected { threads } else { 1 }));
}

fn full_queue() {
    let session = session(1, 2);
    let busy = started(&session, RunsOn::Pool, "wait");
    until(&session, "'wait' in begun");
    let waiting: Vec<_> = (0..2)
        .map(|_| started(&session, RunsOn::Pool, "plain"))
        .collect();
    let mut refused = call(&session, RunsOn::Pool, "plain", 7);
    let error = refused.try_start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueueFull, "{error:#}");
    assert!(error.to_string().contains("plain"), "{error:#}");
    say("refused");
    // It is not lost: it can wait for room as others do.
    let patient = (0..50).map(|n| call(&session, RunsOn::Pool, "plain", n));
    let crowd = join_all(patient);
    let (done, is_done) = mpsc::channel();
    let crowd = thread::spawn(move || {
        let outcomes = block_on(crowd);
        done.send(()).unwrap();
        outcomes
    });
    assert!(is_done.recv_timeout(Duration::from_millis(200)).is_err());
    session.run("gate.set()").unwrap();
    assert_eq!(block_on(refused).unwrap(), 7);
    block_on(busy).unwrap();
    for outcome in block_on(join_all(waiting)) {
        assert_eq!(outcome.unwrap(), 0);
    }
    for (n, outcome) in crowd.join().unwrap().into_iter().enumerate() {
        assert_eq!(outcome.unwrap() as usize, n);
    }
    say("all came to an end");
}

fn the_loop_dies(scenario: &'static str) {
    run(scenario)
        .with_code(0)
        .said("heard Cancelled")
        .said("the loop serves")
        .within(20);
}

/// Calls that are under way when `code` runs on the event loop.
fn under_way_while(session: &Session, code: &str) -> [PythonFuture<u32>; 2] {
    let lingering = started(session, RunsOn::Loop, "linger");
    until(session, "'linger' in begun");
    session
        .run(&format!(
            "async def die(n):\n    loop = asyncio.get_running_loop()\n    {code}\n    await asyncio.sleep(60)"
        ))
        .unwrap();
    [lingering, started(session, RunsOn::Loop, "die")]
}

/// The event loop dies with calls under way: their callers hear of it, and the next call gets another loop.
fn loop_dies(how: &str) {
    let session = session(1, 1_000);
    for outcome in block_on(join_all(under_way_while(&session, how))) {
        let error = outcome.unwrap_err();
        say(&format!("heard {:?}: {error}", error.kind()));
    }
    serves(&session);
}

fn the_loop_goes_on(scenario: &'static str) {
    run(scenario)
        .with_code(0)
        .said("the loop serves")
        .said("calls go on")
        .within(20);
}

/// What ends a loop of `asyncio.run` does not end this one.
fn loop_goes_on(how: &str) {
    let session = session(1, 1_000);
    let under_way = under_way_while(&session, how);
    serves(&session);
    thread::sleep(Duration::from_millis(50));
    serves(&session);
    for call in under_way {
        let limited = call.timeout(Duration::from_millis(50));
        let error = block_on(limited).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
    }
    say("calls go on");
}

fn serves(session: &Session) {
    for n in 0..100 {
        let doubled = block_on(call(session, RunsOn::Loop, "double", n)).unwrap();
        assert_eq!(doubled, 2 * n);
    }
    say("the loop serves");
}

/// Calls that come while Python is busy elsewhere are made together.
fn gathered() {
    const CALLS: u32 = 1_000;
    let session = session(1, 65_536);
    for runs_on in [RunsOn::Pool, RunsOn::Loop] {
        let name = ["plain", "double"][usize::from(runs_on == RunsOn::Loop)];
        block_on(call(&session, runs_on, name, 0)).unwrap();
        let mut calls: Vec<_> = (0..CALLS)
            .map(|n| call(&session, runs_on, name, n))
            .collect();
        let before = aio::stats();
        attach(|_| {
            for call in &mut calls {
                call.try_start().unwrap();
            }
        })
        .unwrap();
        for outcome in block_on(join_all(calls)) {
            outcome.unwrap();
        }
        let after = aio::stats();
        assert_eq!(after.calls - before.calls, u64::from(CALLS));
        let attaches = after.attaches - before.attaches;
        assert!(attaches <= 20, "{attaches} attachments for {CALLS} calls");
    }
    say("shared");
}

fn end_after_drops() {
    let session = session(1, 65_536);
    let calls: Vec<_> = (0..5_000)
        .flat_map(|_| {
            [
                started(&session, RunsOn::Loop, "linger"),
                started(&session, RunsOn::Pool, "plain"),
            ]
        })
        .collect();
    until(&session, "'linger' in begun");
    drop(calls);
    Interpreter::get().unwrap().shutdown().unwrap();
    say("ended");
}

/// One call of every kind that does not end by itself, and a full queue behind them.
fn everything(session: &Session) -> Vec<PythonFuture<u32>> {
    let mut calls = Vec::new();
    for (runs_on, name) in [
        (RunsOn::Loop, "linger"),
        (RunsOn::Loop, "swallow"),
        (RunsOn::Pool, "spin"),
        (RunsOn::Pool, "hold_lock"),
    ] {
        calls.push(started(session, runs_on, name));
        until(session, &format!("'{name}' in begun"));
    }
    for _ in 0..4 {
        calls.push(started(session, RunsOn::Pool, "plain"));
    }
    // And one that waits for room.
    let mut refused = call(session, RunsOn::Pool, "plain", 0);
    refused.try_start().unwrap_err();
    calls.push(refused);
    calls
}

fn end_of_everything() {
    let session = session(2, 4);
    let mut calls = everything(&session);
    let callers = thread::spawn(move || {
        let mut heard = 0;
        while !calls.is_empty() {
            let (outcome, _, rest) = block_on(select_all(calls));
            let error = outcome.expect_err("nothing of this ends by itself");
            assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:#}");
            say(&format!("heard {error}"));
            heard += 1;
            calls = rest;
        }
        heard
    });
    let begun = Instant::now();
    let error = Interpreter::get().unwrap().shutdown().unwrap_err();
    let text = format!("{error:#}");
    let named: Vec<_> = ["linger", "swallow", "spin", "hold_lock"]
        .into_iter()
        .filter(|name| text.contains(name))
        .collect();
    say(&format!("named {}", named.join(" ")));
    assert!(begun.elapsed() < Duration::from_secs(15), "{text}");
    assert_eq!(callers.join().unwrap(), 9);
    say("every caller heard");
    let late = block_on(call(&session, RunsOn::Loop, "double", 1)).unwrap_err();
    say(&format!("late {:?}", late.kind()));
}

fn exit_of_everything() {
    let session = session(2, 4);
    session
        .run("import atexit; atexit.register(print, 'at exit', flush=True)")
        .unwrap();
    std::mem::forget(everything(&session));
    say("leaving");
}

/// One batch is under way that does not end by itself, and others wait for it.
fn end_of_batches() {
    let session = session(1, 4);
    session
        .run("async def linger_all(items): await linger(len(items))")
        .unwrap();
    let linger: Function = session.get("linger_all").unwrap();
    let batcher = Batcher::builder(move |items: Items<u32>| {
        let linger = linger.clone();
        await_python::<Vec<u32>, _, _>(RunsOn::Loop, "linger_all", move |py| {
            let Ok(function) = linger.into_pyobject(py);
            Ok(function.call1((&items,))?)
        })
    })
    .max(8)
    .build();
    let mut items: Vec<_> = (0..100).map(|item| batcher.submit(item)).collect();
    for item in &mut items {
        item.try_start().unwrap();
    }
    until(&session, "'linger' in begun");
    let callers = thread::spawn(move || block_on(join_all(items)));
    // What it cancels has ended by then.
    Interpreter::get().unwrap().shutdown().unwrap();
    for outcome in callers.join().unwrap() {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:#}");
    }
    let late = block_on(batcher.submit(1)).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Cancelled, "{late:#}");
    say("every item heard");
}
