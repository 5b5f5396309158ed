//! Ctrl-C, seen from outside: a real SIGINT to a real process.

#![cfg_attr(unix, allow(clippy::unwrap_used, clippy::too_many_lines, missing_docs))]

#[cfg(unix)]
mod children;

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(unix)]
mod unix {
    use std::{
        os::unix::process::ExitStatusExt,
        process::ExitCode,
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::Duration,
    };

    use ironbridge::{Interpreter, attach};
    use pyo3::{Python, exceptions::PyKeyboardInterrupt};

    use crate::children::{self, Ended, python, say, start};

    pub(crate) fn main() -> ExitCode {
        children::main(
            &[
                ("busy_main_thread", || {
                    pressed("busy")
                        .with_code(0)
                        .said("interrupted\n1\nafter")
                        .quietly()
                        .within(10);
                }),
                ("sleeping_main_thread", || {
                    pressed("sleeping")
                        .with_code(0)
                        .said("interrupted\nafter")
                        .quietly()
                        .within(10);
                }),
                ("busy_worker_that_main_joins", || {
                    pressed("worker")
                        .with_code(0)
                        .said("interrupted\nafter")
                        .quietly()
                        .within(10);
                }),
                ("busy_main_and_worker", || {
                    pressed("both")
                        .with_code(0)
                        .said("interrupted\nafter")
                        .quietly()
                        .within(10);
                }),
                ("several_in_a_row", || {
                    let mut running = start("in_a_row");
                    for _ in 0..5 {
                        running.wait_for("ready");
                        running.interrupt();
                    }
                    running
                        .end()
                        .with_code(0)
                        .said("after")
                        .quietly()
                        .within(20);
                }),
                ("no_python_before_ends_the_process", || killed("rust_only")),
                ("no_python_after_a_call_ends_the_process", || {
                    killed("rust_after_python");
                }),
                ("no_python_after_asyncio_ends_the_process", || {
                    killed("rust_after_asyncio");
                }),
                ("background_python_thread_does_not_save_the_process", || {
                    killed("background");
                }),
                ("asyncio_is_interrupted", || {
                    pressed("asyncio")
                        .with_code(0)
                        .said("cancelled\ninterrupted\nafter")
                        .quietly()
                        .within(10);
                }),
                ("the_programs_own_handler_stays", || {
                    pressed("own_handler")
                        .with_code(0)
                        .said("handled")
                        .quietly()
                        .within(10);
                }),
                ("a_later_handler_that_chains_keeps_the_process", || {
                    pressed("chained")
                        .with_code(0)
                        .said("handled")
                        .quietly()
                        .within(10);
                }),
                ("signals_off", || killed("signals_off")),
                ("interrupt_by_the_program", || {
                    start("by_program")
                        .end()
                        .with_code(0)
                        .said("interrupted\nafter")
                        .quietly()
                        .within(10);
                }),
                ("nothing_is_left_for_the_next_call", || {
                    pressed("left_over")
                        .with_code(0)
                        .said("not interrupted")
                        .quietly()
                        .within(10);
                }),
                ("a_forked_child_is_interrupted", || {
                    let mut running = start("fork");
                    running.wait_for("ready");
                    running
                        .end()
                        .with_code(0)
                        .said("child interrupted")
                        .said("parent fine")
                        .quietly()
                        .within(10);
                }),
                ("sigpipe_and_sigxfsz_stay", || {
                    start("dispositions")
                        .end()
                        .with_code(0)
                        .said("as they were")
                        .quietly();
                }),
            ],
            &[
                ("busy", || {
                    interrupted(&python(
                        "import sys; n = 1; print('ready'); sys.stdout.flush()\nwhile True: pass",
                    ));
                    python("print(n); sys.stdout.flush()").unwrap();
                    say("after");
                }),
                ("sleeping", || {
                    interrupted(&python(
                        "import time; print('ready', flush=True); time.sleep(60)",
                    ));
                    say("after");
                }),
                ("worker", || {
                    python("pass").unwrap();
                    thread::spawn(|| {
                        interrupted(&python("print('ready', flush=True)\nwhile True: pass"));
                    })
                    .join()
                    .unwrap();
                    say("after");
                }),
                ("both", || {
                    python("pass").unwrap();
                    let worker = thread::spawn(|| {
                        assert!(is_interrupt(&python("while True: pass")));
                    });
                    interrupted(&python("print('ready', flush=True)\nwhile True: pass"));
                    worker.join().unwrap();
                    say("after");
                }),
                ("in_a_row", || {
                    python("pass").unwrap();
                    for turn in 0..5 {
                        let code = "print('ready', flush=True)\nwhile True: pass";
                        if turn % 2 == 0 {
                            interrupted(&python(code));
                        } else {
                            thread::spawn(move || interrupted(&python(code)))
                                .join()
                                .unwrap();
                        }
                    }
                    say("after");
                }),
                ("rust_only", || {
                    Interpreter::get().unwrap();
                    sleep_in_rust();
                }),
                ("rust_after_python", || {
                    python("import signal, json").unwrap();
                    sleep_in_rust();
                }),
                ("rust_after_asyncio", || {
                    python("import asyncio; asyncio.run(asyncio.sleep(0))").unwrap();
                    sleep_in_rust();
                }),
                ("background", || {
                    python("import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()").unwrap();
                    sleep_in_rust();
                }),
                ("asyncio", || {
                    interrupted(&python(concat!(
                        "import asyncio\n",
                        "async def work():\n",
                        "    print('ready', flush=True)\n",
                        "    try:\n        await asyncio.sleep(60)\n",
                        "    except asyncio.CancelledError:\n        print('cancelled', flush=True); raise\n",
                        "asyncio.run(work())\n",
                    )));
                    say("after");
                }),
                ("own_handler", || {
                    install_handler();
                    python("import signal, asyncio; asyncio.run(asyncio.sleep(0))").unwrap();
                    wait_until_handled();
                }),
                ("chained", || {
                    python("pass").unwrap();
                    install_handler();
                    wait_until_handled();
                }),
                ("signals_off", || {
                    Interpreter::builder().signals(false).start().unwrap();
                    python("import signal").unwrap();
                    sleep_in_rust();
                }),
                ("by_program", || {
                    python("pass").unwrap();
                    thread::spawn(|| {
                        thread::sleep(Duration::from_millis(300));
                        assert!(Interpreter::get().unwrap().interrupt());
                    });
                    interrupted(&python("import time; time.sleep(60)"));
                    assert!(!Interpreter::get().unwrap().interrupt());
                    say("after");
                }),
                ("left_over", || {
                    python("pass").unwrap();
                    thread::spawn(|| {
                        attach(|py| {
                            // In flight, but in Rust: it ends without having seen the interrupt.
                            py.detach(|| {
                                say("ready");
                                thread::sleep(Duration::from_millis(600));
                            });
                        })
                        .unwrap();
                        python("x = [i for i in range(1000)]").unwrap();
                        say("not interrupted");
                    })
                    .join()
                    .unwrap();
                }),
                ("fork", || {
                    python(concat!(
                        "import os, signal, time, threading\n",
                        "child = os.fork()\n",
                        "if child == 0:\n",
                        "    try:\n        time.sleep(60)\n",
                        "    except KeyboardInterrupt:\n        print('child interrupted', flush=True); os._exit(0)\n",
                        "print('ready', flush=True)\n",
                        "time.sleep(0.3)\n",
                        "os.kill(child, signal.SIGINT)\n",
                        "os.waitpid(child, 0)\n",
                        "print('parent fine', flush=True)\n",
                    ))
                    .unwrap();
                }),
                ("dispositions", || {
                    let before = [libc::SIGPIPE, libc::SIGXFSZ].map(handler_of);
                    python("import signal").unwrap();
                    assert_eq!(before, [libc::SIGPIPE, libc::SIGXFSZ].map(handler_of));
                    say("as they were");
                }),
            ],
        )
    }

    fn pressed(scenario: &str) -> Ended {
        let mut running = start(scenario);
        running.wait_for("ready");
        running.interrupt();
        running.end()
    }

    #[track_caller]
    fn killed(scenario: &str) {
        let ended = pressed(scenario).within(10);
        assert_eq!(ended.status.signal(), Some(libc::SIGINT), "{ended:#?}");
    }

    fn is_interrupt(result: &pyo3::PyResult<()>) -> bool {
        Python::attach(|py| {
            result
                .as_ref()
                .is_err_and(|error| error.is_instance_of::<PyKeyboardInterrupt>(py))
        })
    }

    fn interrupted(result: &pyo3::PyResult<()>) {
        assert!(is_interrupt(result), "{result:?}");
        say("interrupted");
    }

    fn sleep_in_rust() {
        say("ready");
        for _ in 0..200 {
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn handler_of(signal: libc::c_int) -> libc::sighandler_t {
        // SAFETY: all zeroes is a value of `sigaction`; the call only writes to it.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &raw mut action);
            action.sa_sigaction
        }
    }

    static HANDLED: AtomicBool = AtomicBool::new(false);
    static PREVIOUS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

    extern "C" fn handle(signal: libc::c_int) {
        HANDLED.store(true, Ordering::Relaxed);
        let previous = PREVIOUS.load(Ordering::Relaxed);
        if previous != libc::SIG_DFL && previous != libc::SIG_IGN {
            // SAFETY: what `handler_of` gave, and a handler without SA_SIGINFO.
            let previous: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(previous) };
            previous(signal);
        }
    }

    /// As signal-hook does it: call the handler that was there, too.
    fn install_handler() {
        PREVIOUS.store(handler_of(libc::SIGINT), Ordering::Relaxed);
        // SAFETY: a handler that reads and writes atomics and calls a handler.
        unsafe {
            libc::signal(
                libc::SIGINT,
                handle as extern "C" fn(libc::c_int) as libc::sighandler_t,
            )
        };
    }

    fn wait_until_handled() {
        say("ready");
        while !HANDLED.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(100));
        say("handled");
    }
}
