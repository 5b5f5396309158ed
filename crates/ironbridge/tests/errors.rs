//! What an error says: of exceptions, of conversions, and on the way back into Python.

use std::collections::HashMap;

use ironbridge::pyo3::exceptions::{PyKeyError, PyValueError};
use ironbridge::pyo3::prelude::*;
use ironbridge::{Error, ErrorKind, Result, Session, python};

fn is_plain_data<T: Send + Sync + 'static>() {}

#[test]
fn errors_are_one_pointer_and_cross_threads() {
    is_plain_data::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn the_story_has_frames_notes_causes_and_the_rust_place() {
    let raw = "12x";
    let line = line!() + 1;
    let error = python! { -> f64 =>
        def parse(text):
            try:
                return float(text)
            except ValueError as error:
                error.add_note("while reading the first column")
                raise LookupError("no number there") from error
        parse('raw)
    }
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exception);
    assert_eq!(error.to_string(), "LookupError: no number there");

    let exception = error.exception().expect("it began as an exception");
    assert_eq!(exception.type_name(), "LookupError");
    assert_eq!(exception.message(), "no number there");
    let origin = exception.origin().expect("a block knows its place");
    assert!(origin.file.ends_with("tests/errors.rs"), "{}", origin.file);
    assert_eq!(origin.line, line);

    let story = exception.story();
    let frames: Vec<_> = story
        .frames
        .iter()
        .map(|frame| {
            (
                frame.function.as_str(),
                frame.line - line,
                frame.source.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        frames,
        [
            ("<python!>", 7, Some("parse(\u{2bc}raw)")),
            (
                "parse",
                6,
                Some("raise LookupError(\"no number there\") from error")
            ),
        ]
    );
    assert!(story.frames[0].file.ends_with("tests/errors.rs"));
    let cause = story.cause.as_ref().expect("raised from another");
    assert!(cause.explicit);
    assert_eq!(cause.story.type_name, "ValueError");
    assert_eq!(cause.story.notes, ["while reading the first column"]);

    let whole = format!("{error:#}");
    for part in [
        "ValueError: could not convert string to float: '12x'\nwhile reading the first column",
        "The above exception was the direct cause of the following exception:",
        "Traceback (most recent call last):",
        "in parse\n    raise LookupError(\"no number there\") from error",
        "LookupError: no number there\n  called from Rust at ",
    ] {
        assert!(whole.contains(part), "{part:?} is missing in:\n{whole}");
    }
    assert_eq!(format!("{error:?}"), whole, "Debug tells the whole story");
}

#[test]
fn implicit_context_is_told_and_from_none_hides_it() -> Result<()> {
    let session = Session::new()?;
    let hidden = python! { session => hide = False };
    hidden?;
    let run = || {
        python! { session =>
            try:
                {}["key"]
            except KeyError:
                if hide:
                    raise RuntimeError("second") from None
                raise RuntimeError("second")
        }
        .unwrap_err()
    };
    let error = run();
    let cause = error.exception().unwrap().story().cause.as_ref().unwrap();
    assert!(!cause.explicit);
    assert_eq!(cause.story.type_name, "KeyError");
    session.set("hide", true)?;
    assert!(run().exception().unwrap().story().cause.is_none());
    Ok(())
}

#[test]
fn locals_are_shown_where_asked_for_and_cut_short() {
    let error = python! {
        def fail(items):
            class Rude:
                def __repr__(self):
                    raise ValueError
            rude = Rude()
            return items[9999]
        fail(list(range(1000)))
    }
    .unwrap_err();
    let exception = error.exception().unwrap();
    assert!(
        exception
            .story()
            .frames
            .iter()
            .all(|frame| frame.locals.is_none())
    );
    let story = exception.story_with_locals();
    let locals: HashMap<_, _> = story.frames[1]
        .locals
        .clone()
        .unwrap()
        .into_iter()
        .collect();
    assert!(locals["items"].starts_with("[0, 1, 2,") && locals["items"].ends_with('…'));
    assert_eq!(locals["rude"], "<its repr() raised an exception>");
}

#[test]
fn a_story_that_was_read_needs_no_interpreter() {
    let error = python! { 1 / 0 }.unwrap_err();
    let story = error.exception().unwrap().story().clone();
    drop(error);
    assert_eq!(story.message, "division by zero");
    let printed = std::thread::spawn(move || story.to_string())
        .join()
        .unwrap();
    assert!(printed.ends_with("ZeroDivisionError: division by zero"));
}

#[cfg(feature = "serde")]
#[test]
fn errors_serialise() {
    let error = python! { raise KeyError("k") }.unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json["kind"], "Exception");
    assert_eq!(json["message"], "KeyError: 'k'");
    assert_eq!(json["story"]["frames"][0]["function"], "<python!>");
}

#[test]
fn kinds_tell_what_happened() {
    let kind = |error: Result<()>| error.unwrap_err().kind();
    assert_eq!(
        kind(python! { import not_a_module_at_all }),
        ErrorKind::Import
    );
    assert_eq!(
        kind(python! { raise ImportError("odd") }),
        ErrorKind::Import
    );
    assert_eq!(
        kind(python! { raise KeyboardInterrupt }),
        ErrorKind::KeyboardInterrupt
    );
    let exit = python! { import sys; sys.exit(3) }.unwrap_err();
    assert_eq!(
        (exit.kind(), exit.exit_code()),
        (ErrorKind::SystemExit, Some(3))
    );
    let text = python! { raise SystemExit("bye") }.unwrap_err();
    assert_eq!(text.exit_code(), Some(1));
    assert_eq!(
        python! { raise SystemExit }.unwrap_err().exit_code(),
        Some(0)
    );
    assert_eq!(python! { 1 / 0 }.unwrap_err().exit_code(), None);
}

#[test]
fn types_are_named_as_tracebacks_name_them() {
    let name = |error: Result<()>| {
        error
            .unwrap_err()
            .exception()
            .unwrap()
            .type_name()
            .to_owned()
    };
    assert_eq!(
        name(python! { raise OSError(2, "gone") }),
        "FileNotFoundError"
    );
    assert_eq!(
        name(python! { import json; json.loads("[") }),
        "json.decoder.JSONDecodeError"
    );
    let session = Session::new().unwrap();
    let own = python! { session =>
        class Own(Exception):
            def __str__(self):
                return "mine"
        raise Own("args")
    }
    .unwrap_err();
    assert_eq!(own.to_string(), format!("{}.Own: mine", session.name()));
    let broken = python! { session =>
        class Broken(Exception):
            def __str__(self):
                raise ValueError("no text")
        raise Broken
    }
    .unwrap_err();
    assert!(
        broken
            .to_string()
            .ends_with("Broken: <its str() raised an exception>")
    );
}

#[test]
fn an_error_is_the_same_exception_in_python_again() {
    let error = python! { raise KeyError("same") }.unwrap_err();
    let address =
        ironbridge::attach(|py| error.exception().unwrap().value(py).as_ptr() as usize).unwrap();
    ironbridge::attach(|py| {
        let back = PyErr::from(error);
        assert!(back.is_instance_of::<PyKeyError>(py));
        assert_eq!(back.value(py).as_ptr() as usize, address);
        assert!(back.traceback(py).is_some());
    })
    .unwrap();
}

#[test]
fn rust_called_from_python_passes_errors_through() -> Result<()> {
    #[pyo3::pyfunction]
    fn inner() -> PyResult<i64> {
        Ok(python! { -> i64 => int("not a number") }?)
    }
    use ironbridge::pyo3;
    let function = ironbridge::attach(|py| pyo3::wrap_pyfunction!(inner, py).map(Bound::unbind))??;
    let message = python! { -> String =>
        try:
            'function()
            seen = "nothing raised"
        except ValueError as error:
            seen = str(error)
        seen
    }?;
    assert_eq!(
        message,
        "invalid literal for int() with base 10: 'not a number'"
    );
    Ok(())
}

#[test]
fn a_panic_in_rust_called_from_python_is_an_error() -> Result<()> {
    use ironbridge::pyo3;
    #[pyo3::pyfunction]
    fn panics() {
        panic!("on request");
    }
    let function = ironbridge::attach(|py| pyo3::wrap_pyfunction!(panics, py).map(Bound::unbind))??;
    let error = python! { 'function() }.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exception);
    assert!(
        error.to_string().contains("PanicException: on request"),
        "{error}"
    );
    Ok(())
}

#[test]
fn failed_results_name_the_path() {
    let text = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Conversion);
        error.to_string()
    };
    let error = python! { -> Vec<f64> => [1.0, 2, "three"] }.unwrap_err();
    assert_eq!(text(error), "the block[2]: expected f64, found str 'three'");
    let error = python! { -> HashMap<String, Vec<u8>> => {"a": [1], "b": [2, 300]} }.unwrap_err();
    assert_eq!(text(error), "the block['b'][1]: expected u8, found int 300");
    let error = python! { -> (String, Option<i64>) => ("x", "y") }.unwrap_err();
    assert_eq!(text(error), "the block[1]: expected i64, found str 'y'");
    let error = python! { -> i64 => None }.unwrap_err();
    assert_eq!(text(error), "the block: expected i64, found None");
    let error = python! { -> Vec<String> => "text" }.unwrap_err();
    assert_eq!(
        text(error),
        "the block: expected Vec<String>, found str 'text'"
    );
    let session = Session::new().unwrap();
    session.set("n", 1.5).unwrap();
    let error = session.get::<i64>("n").unwrap_err();
    assert_eq!(text(error), "n: expected i64, found float 1.5");
}

#[test]
fn a_capture_that_cannot_convert_is_named() {
    struct Refuses;
    impl<'py> IntoPyObject<'py> for &Refuses {
        type Target = PyAny;
        type Output = Bound<'py, PyAny>;
        type Error = PyErr;
        fn into_pyobject(self, _: Python<'py>) -> PyResult<Self::Output> {
            Err(PyValueError::new_err("it is shut"))
        }
    }
    let door = Refuses;
    let error = python! { print('door) }.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(
        error.to_string(),
        "'door: a Rust `Refuses` cannot become a Python object: it is shut"
    );
    assert!(
        format!("{error:#}").contains("tests/errors.rs"),
        "{error:#}"
    );
}

#[test]
fn lone_surrogates_are_told_and_lose_nothing() {
    let error = python! { -> String => "ab" + chr(0xdc80) }.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the block: expected str, found a str with a lone surrogate, which is no Unicode text"
    );
    let error = python! { raise ValueError("bad " + chr(0xdc80)) }.unwrap_err();
    assert_eq!(error.exception().unwrap().message(), "bad \\udc80");
    assert!(format!("{error:#}").contains("bad \\udc80"));
}

#[test]
fn a_message_of_ten_megabytes_is_whole_but_not_in_one_line() {
    let error = python! { raise ValueError("x" * 10_000_000) }.unwrap_err();
    assert_eq!(error.exception().unwrap().message().len(), 10_000_000);
    assert!(error.to_string().chars().count() < 1100);
    assert!(format!("{error:#}").len() > 10_000_000);
    let error = python! { raise ValueError("first\nsecond") }.unwrap_err();
    assert_eq!(error.to_string(), "ValueError: first …");
}

#[test]
fn recursion_without_end_is_an_error_on_any_thread() {
    let run = || {
        let error = python! {
            def forever(n):
                return forever(n + 1)
            forever(0)
        }
        .unwrap_err();
        assert_eq!(error.exception().unwrap().type_name(), "RecursionError");
        let whole = format!("{error:#}");
        assert!(whole.contains("[Previous line repeated") || whole.contains("frames left out"));
        assert!(whole.lines().count() < 40, "{whole}");
        let error = python! {
            nested = []
            for _ in range(100_000):
                nested = [nested]
            repr(nested)
        }
        .unwrap_err();
        assert_eq!(error.exception().unwrap().type_name(), "RecursionError");
    };
    run();
    std::thread::spawn(run).join().unwrap();
}

#[test]
fn a_block_that_raises_in_a_thread_is_that_threads_error() {
    let workers: Vec<_> = (0..8_i64)
        .map(|n| std::thread::spawn(move || python! { raise ValueError(str('n)) }.unwrap_err()))
        .collect();
    for (n, worker) in workers.into_iter().enumerate() {
        let error = worker.join().unwrap();
        assert_eq!(error.to_string(), format!("ValueError: {n}"));
    }
}

#[test]
fn a_session_may_be_dropped_while_another_thread_runs_in_it() {
    let session = Session::new().unwrap();
    let (started, starts) = std::sync::mpsc::channel();
    let worker = {
        let session = session.clone();
        std::thread::spawn(move || {
            python! { session => later = "still here" }.unwrap();
            started.send(()).unwrap();
            let result = python! { session -> String =>
                import time
                for _ in range(50):
                    time.sleep(0.001)
                later
            };
            drop(session);
            result
        })
    };
    starts.recv().unwrap();
    drop(session);
    assert_eq!(worker.join().unwrap().unwrap(), "still here");
}

#[test]
fn code_given_as_text_has_its_place_and_lines() {
    let session = Session::new().unwrap();
    let error = session.run("x = 1\nraise ValueError(x)").unwrap_err();
    let whole = format!("{error:#}");
    assert!(
        whole.contains("<code at crates/ironbridge/tests/errors.rs:"),
        "{whole}"
    );
    assert!(
        whole.contains("line 2, in <module>\n    raise ValueError(x)"),
        "{whole}"
    );
    let error = session.run("x = = 1").unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "SyntaxError");
    let error = session
        .call::<i64, _>("nothing_of_the_kind", ())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("'nothing_of_the_kind' is not defined"),
        "{error}"
    );
}

#[test]
fn memory_that_runs_out_has_a_kind_of_its_own() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        class OutOfMemoryError(RuntimeError): pass
        class OnCard(OutOfMemoryError): pass
        class MyOutOfMemoryError(RuntimeError): pass
        def throw(kind):
            raise kind("no room")
    }?;
    let kind = |class: &str| {
        let error = session.run(&format!("throw({class})")).unwrap_err();
        assert!(error.to_string().ends_with(": no room"), "{error}");
        error.kind()
    };
    assert_eq!(kind("MemoryError"), ErrorKind::OutOfMemory);
    assert_eq!(kind("OutOfMemoryError"), ErrorKind::OutOfMemory);
    assert_eq!(kind("OnCard"), ErrorKind::OutOfMemory);
    assert_eq!(kind("MyOutOfMemoryError"), ErrorKind::Exception);
    assert_eq!(kind("RuntimeError"), ErrorKind::Exception);
    Ok(())
}
