//! `python! { async … }`: what it runs, owns, and says, seen from programs with and without a runtime.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ironbridge::aio::PythonFuture;
use ironbridge::pyo3::{Py, PyAny};
use ironbridge::{ErrorKind, Result, Session, python};
use pollster::block_on;

/// Waits until `expression` is true, or fails.
fn until(session: &Session, expression: &str) {
    let begun = Instant::now();
    while !session.eval::<bool>(expression).expect("it runs") {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "never {expression}"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_block_awaits_at_its_top() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        import asyncio
        async def fetch(url):
            await asyncio.sleep(0)
            return "page of " + url
    }?;
    let url = String::from("http://here");
    let page = block_on(python! { async session -> String => await fetch('url) })?;
    assert_eq!(page, "page of http://here");
    // It was captured by reference.
    assert_eq!(url.len(), 11);
    Ok(())
}

#[test]
fn everything_asynchronous_may_stand_at_the_top() -> Result<()> {
    let session = Session::new()?;
    let found = block_on(python! { async session -> Vec<i64> =>
        import asyncio
        class Lock:
            async def __aenter__(self):
                await asyncio.sleep(0)
                return 1
            async def __aexit__(self, *about):
                found.append(100)
        async def count(n):
            for i in range(n):
                await asyncio.sleep(0)
                yield i
        async def double(n):
            return 2 * n
        found = []
        async with Lock() as one:
            found.append(one)
        async for i in count(2):
            found.append(i)
        else:
            found.append(-1)
        found += [i async for i in count(2)]
        found += [await double(i) for i in (3, 4)]
        found += await asyncio.gather(double(1), double(2))
        if sum(found) < 0:
            return []
        found
    })?;
    assert_eq!(found, [1, 100, 0, 1, -1, 0, 1, 6, 8, 2, 4]);
    // What it binds belongs to the session, as with any block.
    assert_eq!(session.get::<i64>("one")?, 1);
    Ok(())
}

#[test]
fn a_block_may_have_no_type_no_session_and_no_await() -> Result<()> {
    let key = 17;
    block_on(python! { async =>
        import threading
        async_block_ran_on = threading.current_thread().name + str('key)
    })?;
    let name = python! { -> String => async_block_ran_on }?;
    assert_eq!(name, "ironbridge-asyncio17");
    Ok(())
}

#[test]
fn literals_and_files_may_be_asynchronous() -> Result<()> {
    let session = Session::new()?;
    let words = ["a", "b"];
    let literal = python!(async session -> String => r"
        import asyncio
        await asyncio.sleep(0)
        f'{len(words)} {n // 2}'
    ", words, n = words.len() * 3);
    assert_eq!(block_on(literal)?, "2 3");
    let seconds = 0.0;
    let file = python!(async session -> f64 => file = "tests/language/nap.py", seconds);
    assert!(block_on(file)? >= 0.0);
    Ok(())
}

#[test]
fn the_future_owns_what_was_captured() -> Result<()> {
    fn make(session: &Session, text: &str, numbers: &[f64], path: &Path) -> PythonFuture<String> {
        let cow = Cow::Borrowed(text);
        let maybe = Some(text);
        let several = vec![text, text];
        let map = HashMap::from([("k", 1)]);
        let object: Py<PyAny> = session.get("thing").expect("it was set");
        let shared = &object;
        python! { async session -> String =>
            import asyncio
            await asyncio.sleep(0)
            repr(['text, list('numbers), str('path), 'cow, 'maybe, 'several, 'map, 'object is 'shared])
        }
    }
    let session = Session::new()?;
    session.run("thing = object()")?;
    let future = {
        let text = String::from("t");
        make(&session, &text, &[0.5], Path::new("/p"))
    };
    // The session, too, may go.
    drop(session);
    assert_eq!(
        block_on(future)?,
        "['t', [0.5], '/p', 't', 't', ['t', 't'], {'k': 1}, True]"
    );
    Ok(())
}

#[test]
fn values_are_those_of_when_it_was_made() -> Result<()> {
    let mut n = 1;
    let future = python! { async -> i64 => 'n };
    n += 1;
    assert_eq!(block_on(future)?, 1);
    assert_eq!(n, 2);
    Ok(())
}

#[test]
fn blocks_are_tasks_of_a_runtime() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sum: i64 = runtime.block_on(async {
        let tasks: Vec<_> = (0..200_i64)
            .map(|n| {
                tokio::spawn(python! { async -> i64 =>
                    import asyncio
                    await asyncio.sleep(0.001)
                    2 * 'n
                })
            })
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.expect("no panic")?;
        }
        Ok::<_, ironbridge::Error>(sum)
    })?;
    assert_eq!(sum, 39_800);
    Ok(())
}

#[test]
fn nothing_runs_before_it_is_polled_and_a_drop_cancels() -> Result<()> {
    let session = Session::new()?;
    session.run("import asyncio\nseen = []")?;
    let linger = || {
        python! { async session =>
            try:
                seen.append("begun")
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
        }
    };
    drop(linger());
    let mut future = linger();
    assert_eq!(session.eval::<Vec<String>>("seen")?.len(), 0);
    future.try_start()?;
    until(&session, "seen == ['begun']");
    drop(future);
    until(&session, "seen == ['begun', 'cancelled']");
    Ok(())
}

#[test]
fn a_block_can_be_given_a_time() {
    let future = python! { async =>
        import asyncio
        await asyncio.sleep(60)
    };
    let error = block_on(future.timeout(Duration::from_millis(20))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "the block took longer than the 20ms it was given"
    );
    let whole = format!("{error:#}");
    assert!(
        whole.contains("\n  at: crates/ironbridge/tests/async_blocks.rs:")
            || whole.contains("\n  at: tests/async_blocks.rs:"),
        "{whole}"
    );
}

#[test]
fn a_traceback_names_the_rust_file_and_line() -> Result<()> {
    let session = Session::new()?;
    let line = line!() + 3;
    let future = python! { async session =>
        import asyncio
        await asyncio.sleep(1 / 0)
    };
    let error = block_on(future).unwrap_err();
    let exception = error.exception().expect("Python raised it");
    let story = exception.story();
    let frame = story.frames.last().expect("a frame");
    assert!(frame.file.ends_with("async_blocks.rs"), "{frame:?}");
    assert_eq!(frame.line, line);
    assert_eq!(
        frame.source.as_deref().map(str::trim),
        Some("await asyncio.sleep(1 / 0)")
    );
    Ok(())
}

#[test]
fn values_that_do_not_convert_are_named() {
    let error = block_on(python! { async -> Vec<u8> => [1, "two"] }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(
        error.to_string(),
        "the block[1]: expected u8, found str 'two'"
    );
    let names = vec![String::from("fine"), String::new()];
    let bad = ironbridge_refusing(&names);
    let error = block_on(bad).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert!(error.to_string().starts_with("'values[1]"), "{error}");
}

#[test]
fn a_coroutine_that_nobody_awaited_is_no_value() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        kept = []
        def keep(coroutine):
            kept.append(coroutine)
            return coroutine
        async def fetch(): return 1
        async def count(): yield 1
    }?;
    // Kept, so that Python does not warn of it as well.
    let error = block_on(python! { async session -> u32 => keep(fetch()) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    let text = format!("{error:#}");
    assert!(
        text.starts_with("the block: expected u32, found coroutine <coroutine object fetch"),
        "{text}"
    );
    assert!(
        text.contains("help: its value comes when it is awaited: put `await` before it"),
        "{text}"
    );
    let error = python! { session -> Vec<String> => [keep(fetch())] }.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with("the block[0]: expected str"), "{text}");
    assert!(text.contains("put `await` before it"), "{text}");
    let error = block_on(python! { async session -> u32 => count() }).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("help: take it as an `AsyncIter`"), "{text}");
    session.run("for coroutine in kept: coroutine.close()")
}

#[test]
fn python_warns_of_a_coroutine_whose_value_nobody_takes() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        import warnings
        async def unheard_of(): pass
        said = []
        def show(message, *about, before=warnings.showwarning):
            if "unheard_of" in str(message):
                said.append(repr(message))
            else:
                before(message, *about)
        warnings.showwarning = show
    }?;
    block_on(python! { async session => unheard_of() })?;
    let said = session.get::<Vec<String>>("said")?;
    assert_eq!(
        said,
        [r#"RuntimeWarning("coroutine 'unheard_of' was never awaited")"#]
    );
    Ok(())
}

/// A block that captures what does not convert.
fn ironbridge_refusing(names: &[String]) -> PythonFuture<usize> {
    let values: Vec<Picky> = names.iter().cloned().map(Picky).collect();
    python! { async -> usize => len('values) }
}

#[derive(Clone)]
struct Picky(String);

impl<'py> ironbridge::pyo3::IntoPyObject<'py> for &Picky {
    type Target = ironbridge::pyo3::types::PyString;
    type Output = ironbridge::pyo3::Bound<'py, Self::Target>;
    type Error = ironbridge::pyo3::PyErr;

    fn into_pyobject(
        self,
        py: ironbridge::pyo3::Python<'py>,
    ) -> std::result::Result<Self::Output, Self::Error> {
        if self.0.is_empty() {
            let message = "an empty name";
            return Err(ironbridge::pyo3::exceptions::PyValueError::new_err(message));
        }
        Ok(ironbridge::pyo3::types::PyString::new(py, &self.0))
    }
}
