//! Leaving the process, seen from outside: what arrives, what runs, with which code, how soon.

#![allow(clippy::unwrap_used, clippy::too_many_lines, missing_docs)]

mod children;

use std::{process::ExitCode, sync::Barrier, thread, time::Duration};

use children::{python, run, say};
use ironbridge::__private::{PythonFuture, RunsOn, await_python};
use ironbridge::pyo3::prelude::*;
use ironbridge::{Interpreter, attach, detach};

fn main() -> ExitCode {
    children::main(
        &[
            ("output_without_newline_arrives", || {
                run("output")
                    .with_code(0)
                    .said("no newline")
                    .quietly()
                    .within(5);
            }),
            ("atexit_functions_run", || {
                run("atexit")
                    .with_code(0)
                    .said("first\nsecond\nat exit")
                    .quietly();
            }),
            ("executors_finish", || {
                run("executor")
                    .with_code(0)
                    .said("work 0\nwork 1\nwork 2")
                    .quietly()
                    .within(5);
            }),
            ("threads_are_waited_for", || {
                run("thread")
                    .with_code(0)
                    .said("thread done")
                    .quietly()
                    .within(5);
            }),
            ("endless_threads_are_named_and_left", || {
                run("endless_thread")
                    .with_code(0)
                    .said("at exit")
                    .complained("forever")
                    .within(8);
            }),
            ("endless_executor_work_is_named_and_left", || {
                run("endless_executor")
                    .with_code(0)
                    .complained("ThreadPoolExecutor")
                    .within(8);
            }),
            ("daemon_threads_do_not_delay", || {
                run("daemon").with_code(0).quietly().within(5);
            }),
            ("busy_rust_worker_does_not_delay", || {
                run("busy_worker")
                    .with_code(0)
                    .said("buffered")
                    .quietly()
                    .within(5);
            }),
            ("a_lock_kept_by_c_code_does_not_hang", || {
                run("kept_lock")
                    .with_code(0)
                    .complained("interpreter lock")
                    .within(8);
            }),
            ("forked_child_ends", || {
                run("fork")
                    .with_code(0)
                    .said("child says")
                    .said("child ended with 7")
                    .quietly();
            }),
            ("forked_child_of_a_worker_ends", || {
                run("fork_on_worker")
                    .with_code(0)
                    .said("child ended with 0");
            }),
            ("fork_behind_pythons_back_ends", || {
                run("raw_fork")
                    .with_code(0)
                    .said("child ended with 5")
                    .quietly()
                    .within(5);
            }),
            ("os_exit_skips_everything", || {
                let ended = run("os_exit").with_code(3).quietly();
                assert!(!ended.stdout.contains("buffered"), "{ended:#?}");
            }),
            ("process_exit_flushes", || {
                run("process_exit").with_code(4).said("buffered").quietly();
            }),
            ("process_exit_on_a_worker_flushes", || {
                run("process_exit_on_worker")
                    .with_code(4)
                    .said("buffered")
                    .said("at exit")
                    .quietly();
            }),
            ("process_exit_inside_a_call_flushes", || {
                run("process_exit_inside")
                    .with_code(4)
                    .said("buffered")
                    .quietly()
                    .within(5);
            }),
            ("started_on_another_thread", || {
                run("started_elsewhere")
                    .with_code(0)
                    .said("buffered")
                    .said("at exit")
                    .quietly();
            }),
            ("started_and_used_on_another_thread_only", || {
                run("used_elsewhere")
                    .with_code(0)
                    .said("buffered")
                    .quietly();
            }),
            ("panic_in_main_flushes", || {
                run("panic")
                    .with_code(101)
                    .said("buffered")
                    .complained("on purpose");
            }),
            ("sixty_four_threads_start_one", || {
                run("crowd").with_code(0).said("one interpreter").quietly();
            }),
            ("threads_come_and_go", || {
                run("coming_and_going")
                    .with_code(0)
                    .said("all dropped")
                    .quietly()
                    .within(30);
            }),
            (
                "threads_come_and_go_where_the_program_has_its_signals",
                || {
                    run("coming_and_going_without_signals")
                        .with_code(0)
                        .said("all dropped")
                        .quietly()
                        .within(30);
                },
            ),
            ("a_thread_that_ends_does_not_wait_for_the_lock", || {
                run("joined_while_attached")
                    .with_code(0)
                    .said("joined")
                    .quietly()
                    .within(8);
            }),
            ("a_running_event_loop_is_left", || {
                run("event_loop")
                    .with_code(0)
                    .said("begun\ncancelled")
                    .quietly()
                    .within(5);
            }),
            ("a_busy_event_loop_and_pool_are_left", || {
                // `hog` alone: `spin` is interrupted.
                run("busy_event_loop")
                    .with_code(0)
                    .complained("did not end when they were cancelled at the end: call()\n")
                    .within(8);
            }),
            ("a_call_after_the_end_fails", || {
                run("call_after_shutdown")
                    .with_code(0)
                    .said("kind Cancelled")
                    .quietly()
                    .within(5);
            }),
            ("shutdown_on_demand", || {
                run("shutdown")
                    .with_code(0)
                    .said("at exit\nstill usable")
                    .quietly();
            }),
            ("closed_stdout_is_no_error", || {
                run("closed").with_code(0).quietly();
            }),
            ("python_used_while_thread_locals_are_destroyed", || {
                run("thread_local")
                    .with_code(0)
                    .said("from a destructor")
                    .quietly()
                    .within(8);
            }),
        ],
        &[
            ("output", || python("print('no newline', end='')").unwrap()),
            ("atexit", || {
                python("import atexit; atexit.register(print, 'at exit'); print('first')").unwrap();
                python("print('second')").unwrap();
            }),
            ("executor", || {
                python(concat!(
                    "import time, concurrent.futures as cf\n",
                    "pool = cf.ThreadPoolExecutor(1)\n",
                    "def work(n):\n    time.sleep(0.1)\n    print('work', n)\n",
                    "for n in range(3): pool.submit(work, n)\n",
                ))
                .unwrap();
            }),
            ("thread", || {
                python(concat!(
                    "import time, threading\n",
                    "def work():\n    time.sleep(0.3)\n    print('thread done')\n",
                    "threading.Thread(target=work).start()\n",
                ))
                .unwrap();
            }),
            ("endless_thread", || {
                hurried();
                python(concat!(
                    "import time, threading, atexit\n",
                    "atexit.register(print, 'at exit')\n",
                    "def work():\n    while True: time.sleep(0.01)\n",
                    "threading.Thread(target=work, name='forever').start()\n",
                ))
                .unwrap();
            }),
            ("endless_executor", || {
                hurried();
                python(concat!(
                    "import time, concurrent.futures as cf\n",
                    "def work():\n    while True: time.sleep(0.01)\n",
                    "cf.ThreadPoolExecutor(1).submit(work)\n",
                ))
                .unwrap();
            }),
            ("daemon", || {
                python(concat!(
                    "import threading\n",
                    "def work():\n    while True: pass\n",
                    "threading.Thread(target=work, daemon=True).start()\n",
                ))
                .unwrap();
            }),
            ("busy_worker", || {
                python("print('buffered')").unwrap();
                thread::spawn(|| python("while True: pass"));
                thread::sleep(Duration::from_millis(200));
            }),
            ("kept_lock", || {
                hurried();
                python("print('buffered')").unwrap();
                thread::spawn(|| attach(|_py| thread::sleep(Duration::from_mins(10))));
                thread::sleep(Duration::from_millis(200));
            }),
            ("fork", fork),
            ("fork_on_worker", || {
                thread::spawn(fork_in_worker).join().unwrap();
            }),
            ("raw_fork", raw_fork),
            ("os_exit", || {
                python("import os; print('buffered'); os._exit(3)").unwrap();
            }),
            ("process_exit", || {
                python("print('buffered')").unwrap();
                std::process::exit(4);
            }),
            ("process_exit_on_worker", || {
                python("import atexit; print('buffered'); atexit.register(print, 'at exit')")
                    .unwrap();
                thread::spawn(|| {
                    python("pass").unwrap();
                    std::process::exit(4)
                });
                thread::sleep(Duration::from_secs(30));
            }),
            ("process_exit_inside", || {
                attach(|py| {
                    py.run(c"print('buffered')", None, None).unwrap();
                    std::process::exit(4)
                })
                .unwrap();
            }),
            ("started_elsewhere", || {
                thread::spawn(|| {
                    python("import atexit; atexit.register(print, 'at exit')").unwrap();
                })
                .join()
                .unwrap();
                python("print('buffered')").unwrap();
            }),
            ("used_elsewhere", || {
                thread::spawn(|| python("print('buffered')").unwrap())
                    .join()
                    .unwrap();
            }),
            ("panic", || {
                python("print('buffered')").unwrap();
                panic!("on purpose");
            }),
            ("crowd", crowd),
            ("coming_and_going", coming_and_going),
            ("coming_and_going_without_signals", || {
                Interpreter::builder().signals(false).start().unwrap();
                coming_and_going();
            }),
            ("joined_while_attached", joined_while_attached),
            ("shutdown", || {
                python("import atexit; atexit.register(print, 'at exit')").unwrap();
                Interpreter::get().unwrap().shutdown().unwrap();
                python("print('still usable')").unwrap();
            }),
            ("closed", || {
                python("import sys; sys.stdout.close()").unwrap();
            }),
            ("thread_local", thread_locals),
            ("event_loop", || {
                python(LINGER).unwrap();
                poll_once(RunsOn::Loop, "linger");
                await_until("begun");
            }),
            ("busy_event_loop", || {
                python(LINGER).unwrap();
                poll_once(RunsOn::Loop, "hog");
                poll_once(RunsOn::Pool, "spin");
                await_until("hogging");
                await_until("spinning");
            }),
            ("call_after_shutdown", || {
                // What goes on is let finish for so long.
                let grace = Duration::from_millis(200);
                Interpreter::builder().exit_grace(grace).start().unwrap();
                python(LINGER).unwrap();
                poll_once(RunsOn::Loop, "linger");
                await_until("begun");
                Interpreter::get().unwrap().shutdown().unwrap();
                let late = pollster::block_on(call(RunsOn::Loop, "linger"));
                say(&format!("kind {:?}", late.unwrap_err().kind()));
            }),
        ],
    )
}

const LINGER: &str = "
import asyncio, builtins, time
said = builtins.said = set()

async def linger():
    print('begun')
    said.add('begun')
    try:
        await asyncio.sleep(60)
    finally:
        print('cancelled')

async def hog():
    said.add('hogging')
    time.sleep(60)

def spin():
    said.add('spinning')
    while True: pass

builtins.linger, builtins.hog, builtins.spin = linger, hog, spin
";

fn call(runs_on: RunsOn, name: &'static str) -> PythonFuture<()> {
    await_python(runs_on, "call()", move |py| {
        Ok(py.import("builtins")?.getattr(name)?.call0()?)
    })
}

/// Begins a call, and leaves it running.
fn poll_once(runs_on: RunsOn, name: &'static str) {
    let mut call = Box::pin(call(runs_on, name));
    pollster::block_on(async { assert!(futures::poll!(&mut call).is_pending()) });
    std::mem::forget(call);
}

fn await_until(said: &str) {
    while !attach(|py| {
        let all = py.import("builtins").unwrap().getattr("said").unwrap();
        all.contains(said).unwrap()
    })
    .unwrap()
    {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A short grace.
fn hurried() {
    Interpreter::builder()
        .exit_grace(Duration::from_millis(700))
        .start()
        .unwrap();
}

fn fork() {
    python(concat!(
        "import os, sys\n",
        "child = os.fork()\n",
        "if child:\n",
        "    _, status = os.waitpid(child, 0)\n",
        "    print('child ended with', os.waitstatus_to_exitcode(status))\n",
        "else:\n",
        "    print('child says', end=' ')\n",
    ))
    .unwrap();
    let in_child: bool = attach(|py| {
        use pyo3::prelude::*;
        py.eval(c"child == 0", None, None)
            .unwrap()
            .extract()
            .unwrap()
    })
    .unwrap();
    if in_child {
        std::process::exit(7);
    }
}

fn fork_in_worker() {
    python("pass").unwrap();
    fork_and_let_it_end();
}

/// In the child, the thread that forked is the only one; its end is the process's.
fn fork_and_let_it_end() {
    python(concat!(
        "import os\n",
        "child = os.fork()\n",
        "if child:\n",
        "    _, status = os.waitpid(child, 0)\n",
        "    print('child ended with', os.waitstatus_to_exitcode(status))\n",
    ))
    .unwrap();
}

fn raw_fork() {
    python("pass").unwrap();
    // SAFETY: the child only exits and the parent only waits.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            std::process::exit(5);
        }
        let mut status = 0;
        libc::waitpid(child, &raw mut status, 0);
        say(&format!("child ended with {}", libc::WEXITSTATUS(status)));
    }
}

fn crowd() {
    let barrier = Barrier::new(64);
    let interpreters: Vec<usize> = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    python("import json").unwrap();
                    std::ptr::from_ref(Interpreter::get().unwrap()) as usize
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(interpreters.iter().all(|one| *one == interpreters[0]));
    say("one interpreter");
}

/// What Python keeps for a thread goes when the thread has ended.
fn coming_and_going() {
    python(concat!(
        "import threading, gc\n",
        "local = threading.local()\n",
        "alive = 0\n",
        "class Kept:\n",
        "    def __init__(self):\n        global alive; alive += 1\n",
        "    def __del__(self):\n        global alive; alive -= 1\n",
    ))
    .unwrap();
    for _ in 0..40 {
        thread::scope(|scope| {
            for _ in 0..25 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        python("local.kept = Kept()").unwrap();
                    }
                });
            }
        });
    }
    for _ in 0..200 {
        thread::sleep(Duration::from_millis(20));
        if python("assert alive == 0").is_ok() {
            say("all dropped");
            return;
        }
    }
    python("print(alive)").unwrap();
}

/// Whoever joins a thread may hold the interpreter, as a destructor of a Python object does.
fn joined_while_attached() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let worker = thread::spawn(move || {
        python("pass").unwrap();
        let _ = receiver.recv();
    });
    attach(|py| {
        detach(|| thread::sleep(Duration::from_millis(100)));
        drop(sender);
        worker.join().unwrap();
        py.run(c"print('joined')", None, None).unwrap();
    })
    .unwrap();
}

fn thread_locals() {
    struct UsesPython;
    impl Drop for UsesPython {
        fn drop(&mut self) {
            python("import sys; print('from a destructor'); sys.stdout.flush()").unwrap();
        }
    }
    thread_local!(static EARLY: UsesPython = const { UsesPython });
    thread_local!(static LATE: UsesPython = const { UsesPython });
    EARLY.with(|_| ());
    python("pass").unwrap();
    LATE.with(|_| ());
}
