use std::panic::{AssertUnwindSafe, catch_unwind};

use ironbridge::pyo3::exceptions::{PyRuntimeError, PyValueError};
use ironbridge::pyo3::prelude::*;
use ironbridge::{Context, ErrorKind, Result, Session, python};

/// A session with a context manager that notes how it was left, and what it does on the way out.
fn noting() -> Result<Session> {
    let session = Session::new()?;
    python! { session =>
        import sys
        left = []
        class Noting:
            def __init__(self, suppress=False, fail=None):
                self.suppress = suppress
                self.fail = fail
            def __enter__(self):
                return "value"
            def __exit__(self, kind, value, traceback):
                handled = sys.exc_info()[1] is value
                left.append((kind.__name__ if kind else None, str(value), traceback is not None, handled))
                if self.fail:
                    raise self.fail
                return self.suppress
    }?;
    Ok(session)
}

type Left = Vec<(Option<String>, String, bool, bool)>;

#[test]
fn a_guard_leaves_by_exit_and_by_drop() -> Result<()> {
    let session = noting()?;
    let context: Context<String> = session.eval("Noting()")?;
    let guard = context.enter()?;
    assert_eq!(*guard, "value");
    assert!(session.get::<Left>("left")?.is_empty());
    guard.exit()?;
    // Entered again: it is up to the manager.
    drop(context.enter()?);
    let expected = (None, "None".to_owned(), false, true);
    assert_eq!(session.get::<Left>("left")?, [expected.clone(), expected]);
    Ok(())
}

#[test]
fn run_passes_errors_with_their_traceback_and_honours_suppression() -> Result<()> {
    let session = noting()?;
    let context: Context<String> = session.eval("Noting()")?;
    assert_eq!(context.run(|value| Ok(value.len()))?, Some(5));
    let error = context
        .run(|_| session.run("int('many')"))
        .expect_err("not suppressed");
    assert!(
        error
            .exception()
            .expect("the same")
            .is_instance_of::<PyValueError>()
    );
    let suppressing: Context<String> = session.eval("Noting(suppress=True)")?;
    let hidden = suppressing.run(|_| session.run("int('few')"))?;
    assert_eq!(hidden, None);
    // An error of Rust's is an exception without a traceback, and comes back as it was.
    let error = context
        .run(|_| session.eval::<u8>("300"))
        .expect_err("too big");
    assert_eq!(error.kind(), ErrorKind::Conversion);
    let left = session.get::<Left>("left")?;
    let kinds: Vec<_> = left
        .iter()
        .map(|(kind, _, trace, _)| (kind.as_deref(), *trace))
        .collect();
    assert_eq!(
        kinds,
        [
            (None, false),
            (Some("ValueError"), true),
            (Some("ValueError"), true),
            (Some("TypeError"), false)
        ]
    );
    assert!(
        left.iter().all(|(.., handled)| *handled),
        "sys.exc_info() agrees"
    );
    Ok(())
}

#[test]
fn an_error_of_exit_replaces_the_one_it_left_by() -> Result<()> {
    let session = noting()?;
    let context: Context<String> = session.eval("Noting(fail=KeyError('k'))")?;
    let error = context.run(|_| session.run("1 / 0")).expect_err("raised");
    assert_eq!(error.to_string(), "KeyError: 'k'");
    let story = error.exception().expect("raised").story();
    let behind = story.cause.as_ref().expect("what it left by");
    assert_eq!(behind.story.type_name, "ZeroDivisionError");
    let error = context.run(|_| Ok(())).expect_err("raised");
    assert_eq!(error.to_string(), "KeyError: 'k'");
    assert!(context.enter()?.exit().is_err());
    Ok(())
}

#[test]
fn an_error_of_exit_in_a_drop_goes_to_the_hook() -> Result<()> {
    let session = noting()?;
    python! { session =>
        import sys
        unraised = []
        before = sys.unraisablehook
        def hook(args):
            if isinstance(args.exc_value, KeyError):
                unraised.append(args.exc_value.args[0])
            else:
                before(args)
        sys.unraisablehook = hook
    }?;
    let context: Context<String> = session.eval("Noting(fail=KeyError('dropped'))")?;
    drop(context.enter()?);
    assert_eq!(session.get::<Vec<String>>("unraised")?, ["dropped"]);
    session.run("sys.unraisablehook = before")
}

#[test]
fn a_panic_leaves_by_an_exception_and_goes_on() -> Result<()> {
    let session = noting()?;
    let context: Context<String> = session.eval("Noting(suppress=True)")?;
    let panic = catch_unwind(AssertUnwindSafe(|| {
        context.run(|_| -> Result<()> { panic!("on purpose") })
    }))
    .expect_err("it goes on");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _guard = context.enter().expect("entered");
        panic!("again");
    }));
    assert!(panic.is_err());
    let left = session.get::<Left>("left")?;
    assert_eq!(left[0].0.as_deref(), Some("RuntimeError"));
    assert_eq!(left[0].1, "on purpose");
    assert_eq!(left[1].0.as_deref(), Some("RuntimeError"));
    Ok(())
}

#[test]
fn a_value_of_another_type_leaves_again() -> Result<()> {
    let session = noting()?;
    let context: Context<u8> = session.eval("Noting()")?;
    let error = context.enter().expect_err("a str");
    assert_eq!(
        error.to_string(),
        "the context's value: expected u8, found str 'value'"
    );
    assert_eq!(
        session.get::<Left>("left")?[0].0.as_deref(),
        Some("TypeError")
    );
    let suppressing: Context<u8> = session.eval("Noting(suppress=True)")?;
    assert!(suppressing.run(|_| Ok(())).is_err());
    Ok(())
}

#[test]
fn contexts_nest_and_locks_are_taken_again() -> Result<()> {
    let session = Session::new()?;
    session.run("import threading\nlock = threading.RLock()")?;
    let lock: Context<bool> = session.get("lock")?;
    let result = lock.run(|_| lock.run(|_| session.eval::<bool>("lock._is_owned()")))?;
    assert_eq!(result, Some(Some(true)));
    assert!(!session.eval::<bool>("lock._is_owned()")?);
    Ok(())
}

#[test]
fn files_and_temporary_directories_work() -> Result<()> {
    let session = Session::new()?;
    session.run("import tempfile, pathlib, contextlib, io")?;
    let directory: Context<std::path::PathBuf> = session.eval("tempfile.TemporaryDirectory()")?;
    let guard = directory.enter()?;
    let path = guard.join("text");
    session.set("path", path.clone())?;
    let file: Context<Py<PyAny>> = session.eval("open(path, 'w')")?;
    file.run(|file| {
        python! { 'file.write("text") }
    })?;
    assert_eq!(
        std::fs::read_to_string(&path).expect("closed and there"),
        "text"
    );
    guard.exit()?;
    assert!(!path.exists());
    // A context that is used inside of Python too.
    let context: Context<Py<PyAny>> = session.eval("contextlib.nullcontext(3)")?;
    session.set("context", &context)?;
    session.run("with context as three: pass")?;
    assert_eq!(session.get::<u8>("three")?, 3);
    Ok(())
}

#[test]
fn a_generator_context_can_be_entered_once() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        import contextlib
        @contextlib.contextmanager
        def once():
            yield 1
    }?;
    let once: Context<u8> = session.call("once", ())?;
    assert_eq!(once.run(Ok)?, Some(1));
    let error = once.run(Ok).expect_err("used up");
    let exception = error.exception().expect("raised");
    assert!(
        exception.is_instance_of::<PyRuntimeError>() || exception.type_name() == "AttributeError",
        "{error}"
    );
    Ok(())
}

#[test]
fn what_is_no_context_manager_says_so() -> Result<()> {
    let session = Session::new()?;
    let error = session.eval::<Context<u8>>("3").expect_err("an int");
    let text = format!("{error:#}");
    assert!(
        text.contains("'int' object is not a context manager"),
        "{text}"
    );
    session.run("import asyncio\nlock = asyncio.Lock()")?;
    let error = session
        .get::<Context<u8>>("lock")
        .expect_err("no plain one");
    assert!(format!("{error:#}").contains("asynchronous"), "{error:#}");
    Ok(())
}
