//! Models at the end of a process, and within a limit of its memory, seen from outside.

#![allow(clippy::unwrap_used, missing_docs)]

mod children;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use children::{run, say};
use futures::FutureExt;
use ironbridge::models::{Model, Models};
use ironbridge::{Interpreter, Session, python};

fn main() -> ExitCode {
    children::main(
        &[
            ("the_end_unloads_what_is_idle_and_names_what_hangs", || {
                run("all_of_it")
                    .with_code(0)
                    .said("hook of idle\n")
                    .said("stuck")
                    .said("the end was played\n")
                    .within(20);
            }),
            ("loads_under_way_may_finish", || {
                run("finishes")
                    .with_code(0)
                    .said("loaded\nhook\nno more: Cancelled\n")
                    .quietly()
                    .within(20);
            }),
            ("leaving_main_waits_for_no_load", || {
                run("leaves").with_code(0).said("leaving\n").within(20);
            }),
            (
                "memory_that_an_idle_model_has_is_there_for_the_next",
                || {
                    if cfg!(target_os = "linux") {
                        run("limited")
                        .with_code(0)
                        .said("without: OutOfMemory\nfirst: loaded\nwith: 1 loads\nfirst: unloaded\n")
                        .quietly();
                    }
                },
            ),
        ],
        &[
            ("all_of_it", all_of_it),
            ("finishes", finishes),
            ("leaves", leaves),
            ("limited", limited),
        ],
    )
}

/// A loader of Rust that never comes back.
fn stuck() -> Model<u8> {
    Model::new("stuck").load(|_| {
        loop {
            thread::park();
        }
    })
}

/// A loader of Python that does not let itself be interrupted.
fn stubborn() -> Model<u8> {
    Model::new("stubborn").load(|loading| {
        python! { import time }?;
        loading.progress(None, "hangs")?;
        python! { -> u8 =>
            while True:
                try:
                    while True:
                        time.sleep(0.01)
                except BaseException:
                    pass
            0
        }
    })
}

fn asked(models: &Models, name: &str) {
    let mut asked = models.acquire::<u8>(name);
    assert!((&mut asked).now_or_never().is_none());
    // Whoever asks does not go.
    std::mem::forget(asked);
    while models.table().get(name).unwrap().state.to_string() == "waits for room" {
        thread::sleep(Duration::from_millis(1));
    }
}

fn stubborn_hangs(models: &Models) {
    asked(models, "stubborn");
    while models.table().get("stubborn").unwrap().state.to_string() != "loading: hangs" {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Idle, leased and lost, loading and stuck: all at once.
fn all_of_it() {
    let grace = Duration::from_millis(300);
    let interpreter = Interpreter::builder().exit_grace(grace).start().unwrap();
    let models = Models::new();
    let hook = |name: &'static str| {
        Model::new(name).load(|_| Ok(1_u8)).unload(move |_| {
            Session::new()?.run("pass")?;
            say(&format!("hook of {name}"));
            Ok(())
        })
    };
    for name in ["idle", "lost"] {
        models.add(hook(name)).unwrap();
    }
    models.add(stuck()).unwrap();
    models.add(stubborn()).unwrap();
    drop(models.acquire_blocking::<u8>("idle").unwrap());
    std::mem::forget(models.acquire_blocking::<u8>("lost").unwrap());
    asked(&models, "stuck");
    stubborn_hangs(&models);
    let error = interpreter.shutdown().unwrap_err();
    let story = format!("{error:#}");
    assert!(story.contains("stuck, stubborn"), "{story}");
    say(&story);
    assert_eq!(
        models.table().get("idle").unwrap().state.to_string(),
        "unloaded"
    );
    assert_eq!(models.table().get("lost").unwrap().leases, 1);
    say("the end was played");
}

fn finishes() {
    let interpreter = Interpreter::get().unwrap();
    let models = Models::new();
    let model = Model::new("slow").load(|_| {
        let number = python! { -> u8 =>
            import time
            time.sleep(0.2)
            7
        }?;
        say("loaded");
        Ok(number)
    });
    let model = model.unload(|_| {
        say("hook");
        Ok(())
    });
    models.add(model).unwrap();
    asked(&models, "slow");
    interpreter.shutdown().unwrap();
    let error = models.acquire_blocking::<u8>("slow").unwrap_err();
    say(&format!("no more: {:?}", error.kind()));
}

fn leaves() {
    let models = Models::new();
    models.add(stuck()).unwrap();
    models.add(stubborn()).unwrap();
    asked(&models, "stuck");
    stubborn_hangs(&models);
    say("leaving");
}

/// Two models of which the process has room for one.
fn limited() {
    const SIZE: u64 = 512 << 20;

    let models = Models::new();
    let blob = |name: &str| {
        Model::new(name).load(|_| {
            let session = Session::new()?;
            session.set("size", SIZE)?;
            session.run("blob = bytearray(size)")?;
            Ok(session)
        })
    };
    models.add(blob("first")).unwrap();
    models.add(blob("without")).unwrap();
    models.add(blob("with").evict_and_retry(true)).unwrap();
    drop(models.acquire_blocking::<Session>("first").unwrap());
    limit_address_space(SIZE / 2);
    let error = models.acquire_blocking::<Session>("without").unwrap_err();
    say(&format!("without: {:?}", error.kind()));
    say(&format!(
        "first: {}",
        models.table().get("first").unwrap().state
    ));
    drop(models.acquire_blocking::<Session>("with").unwrap());
    say(&format!(
        "with: {} loads",
        models.table().get("with").unwrap().loads
    ));
    say(&format!(
        "first: {}",
        models.table().get("first").unwrap().state
    ));
}

/// Allows so much more than the process has now.
#[cfg(target_os = "linux")]
fn limit_address_space(more: u64) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split_whitespace().next().unwrap().parse().unwrap();
    let limit = libc::rlimit {
        rlim_cur: pages * 4096 + more,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: `limit` lives for the call.
    let outcome = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(outcome, 0);
}

#[cfg(not(target_os = "linux"))]
fn limit_address_space(_more: u64) {}
