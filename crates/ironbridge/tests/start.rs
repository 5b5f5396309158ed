//! How the interpreter starts: as which Python, with which settings, and what is said when it cannot.

#![allow(clippy::unwrap_used, clippy::too_many_lines, missing_docs)]

mod children;

use std::{
    path::Path,
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use children::{python, run, say, start_with};
use ironbridge::{ErrorKind, Interpreter, attach, detach, environment::Environment};
use pyo3::prelude::*;

fn main() -> ExitCode {
    children::main(
        &[
            ("runs_as_the_environments_python", || {
                let directory = tempfile::tempdir().unwrap();
                let venv = directory.path().canonicalize().unwrap().join("venv");
                make_environment(&venv);
                let venv_text = venv.to_str().unwrap().to_owned();
                start_with("facts", |command| {
                    command.env("VIRTUAL_ENV", &venv);
                })
                .end()
                .with_code(0)
                .said(&format!("prefix {venv_text}\n"))
                .said(&format!("executable {venv_text}/bin/python\n"))
                .said("child agrees")
                .quietly();
            }),
            ("multiprocessing_spawns", || {
                run("multiprocessing")
                    .with_code(0)
                    .said("[1.0, 2.0, 3.0]")
                    .quietly()
                    .within(30);
            }),
            ("settings_are_taken", || {
                run("settings").with_code(0).said("as asked").quietly();
            }),
            ("other_settings_later_are_an_error", || {
                run("conflict")
                    .with_code(0)
                    .said("the interpreter runs already")
                    .quietly();
            }),
            ("no_standard_library_is_an_error_that_can_be_mended", || {
                start_with("no_library", |command| {
                    command.env("PYTHONHOME", "/nonexistent");
                })
                .end()
                .with_code(0)
                .said("no standard library")
                .said("unset PYTHONHOME")
                .said("started after all")
                .quietly();
            }),
            ("a_refused_start_is_remembered", || {
                run("refused")
                    .with_code(0)
                    .said("cannot be tried again")
                    .quietly();
            }),
            ("a_running_python_is_adopted", || {
                run("adopted").with_code(0).said("adopted").quietly();
            }),
            ("nested_and_detached", || {
                run("nested").with_code(0).said("fine").quietly();
            }),
            ("panics_leave_nothing_behind", || {
                run("panics").with_code(0).said("fine");
            }),
        ],
        &[
            ("facts", || {
                python(concat!(
                    "import sys, subprocess\n",
                    "print('prefix', sys.prefix); print('executable', sys.executable)\n",
                    "facts = 'import sys; print(sys.prefix, sys.base_prefix, sys.path[-1], sys.flags)'\n",
                    "said = subprocess.run([sys.executable, '-c', facts], capture_output=True, text=True).stdout\n",
                    "ours = f'{sys.prefix} {sys.base_prefix} {sys.path[-1]} {sys.flags}\\n'\n",
                    "assert said == ours, (said, ours)\n",
                    "print('child agrees')\n",
                ))
                .unwrap();
            }),
            ("multiprocessing", || {
                python(concat!(
                    "import math, multiprocessing\n",
                    "with multiprocessing.get_context('spawn').Pool(2) as pool:\n",
                    "    print(pool.map(math.sqrt, [1, 4, 9]))\n",
                ))
                .unwrap();
            }),
            ("settings", || {
                Interpreter::builder()
                    .argv(["program", "--flag", "ünï"])
                    .python_path(["/first", "/second"])
                    .warnings(["error::UserWarning"])
                    .optimization(1)
                    .utf8(true)
                    .start()
                    .unwrap();
                python(concat!(
                    "import sys, warnings\n",
                    "assert sys.argv == ['program', '--flag', 'ünï'], sys.argv\n",
                    "assert sys.path[:2] == ['/first', '/second'], sys.path\n",
                    "assert sys.flags.optimize == 1 and sys.flags.utf8_mode == 1\n",
                    "try:\n    warnings.warn('as error')\n",
                    "except UserWarning:\n    print('as asked')\n",
                ))
                .unwrap();
            }),
            ("conflict", || {
                let builder = Interpreter::builder().exit_grace(Duration::from_secs(3));
                let first = builder.clone().start().unwrap();
                assert!(std::ptr::eq(first, builder.start().unwrap()));
                assert!(std::ptr::eq(first, Interpreter::builder().start().unwrap()));
                let error = Interpreter::builder().signals(false).start().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Start);
                say(&format!("{error:#}"));
                assert!(format!("{error:#}").contains("waits up to 3 s"));
            }),
            ("no_library", || {
                let error = attach(|_| ()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Start);
                say(&format!("{error:#}"));
                // SAFETY: the process has one thread.
                unsafe { std::env::remove_var("PYTHONHOME") };
                python("print('started after all')").unwrap();
            }),
            ("refused", || {
                let bad = || Interpreter::builder().argv(["nul\0"]).start().unwrap_err();
                let error = bad();
                assert_eq!(error.kind(), ErrorKind::Start);
                assert!(error.to_string().contains("CPython refused"), "{error:#}");
                say(&format!("{:#}", bad()));
            }),
            ("adopted", || {
                Python::initialize();
                let interpreter = Interpreter::get().unwrap();
                assert!(interpreter.is_adopted());
                python("import sys; sys.stdout.write('adopted\\n'); sys.stdout.flush()").unwrap();
                thread::spawn(|| python("x = 1").unwrap()).join().unwrap();
                let error = Interpreter::builder().argv(["x"]).start().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Start);
                interpreter.shutdown().unwrap();
                python("x = 1").unwrap();
            }),
            ("nested", || {
                // The first use may be inside PyO3's own attachment, and detached from it.
                let total = attach(|py| {
                    let inner = detach(|| {
                        let one = attach(|_| 1).unwrap();
                        one + thread::spawn(|| attach(|_| 2).unwrap()).join().unwrap()
                    });
                    assert!(py.eval(c"True", None, None).unwrap().is_truthy().unwrap());
                    inner + attach(|_| 3).unwrap() + detach(|| 0)
                })
                .unwrap();
                assert_eq!(total, 6);
                assert_eq!(detach(|| 1), 1);
                // A thread that Python made has a state of its own, which is left alone.
                attach(|py| {
                    let call = pyo3::types::PyCFunction::new_closure(py, None, None, |_, _| {
                        let _ = attach(|_| ());
                        detach(|| attach(|_| ()).unwrap());
                    })
                    .unwrap();
                    let threads = py.import("threading").unwrap();
                    for _ in 0..50 {
                        let thread = threads
                            .getattr("Thread")
                            .unwrap()
                            .call1((py.None(), &call))
                            .unwrap();
                        thread.call_method0("start").unwrap();
                        thread.call_method0("join").unwrap();
                    }
                })
                .unwrap();
                // A state that another user of the C API made and deletes.
                thread::spawn(|| {
                    Python::attach(|py| py.detach(|| attach(|_| ()).unwrap()));
                    attach(|_| ()).unwrap();
                    Python::attach(|_| ());
                })
                .join()
                .unwrap();
                say("fine");
            }),
            ("panics", || {
                for _ in 0..3 {
                    let panicked = std::panic::catch_unwind(|| attach(|_| panic!("on purpose")));
                    assert!(panicked.is_err());
                }
                assert!(
                    !Interpreter::get().unwrap().interrupt(),
                    "no call is in flight"
                );
                python("print('fine')").unwrap();
            }),
        ],
    )
}

/// What `python -m venv` makes, without running it.
fn make_environment(at: &Path) {
    let environment = Environment::discover().unwrap();
    let status = Command::new(environment.executable())
        .args(["-m", "venv", "--without-pip"])
        .arg(at)
        .status()
        .unwrap();
    assert!(status.success());
}
