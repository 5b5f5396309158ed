use futures::stream::{self, FusedStream, StreamExt, TryStreamExt};
use ironbridge::pyo3::prelude::*;
use ironbridge::{AsyncIter, ErrorKind, Iter, Result, Session, python};
use pollster::block_on;

use super::support::{session, until};

fn is_a_task_of_any_runtime<T: Send + Unpin + 'static>() {}

#[test]
fn items_come_in_order_and_then_the_end() -> Result<()> {
    is_a_task_of_any_runtime::<AsyncIter<String>>();
    let session = session()?;
    for ahead in [1, 2, 3, 7, 1000] {
        let counted: AsyncIter<usize> = session.call("count", (100,))?;
        let mut counted = counted.read_ahead(ahead);
        block_on(async {
            for expected in 0..100 {
                assert_eq!(counted.next().await.transpose()?, Some(expected));
            }
            assert!(!counted.is_terminated());
            assert!(counted.next().await.is_none());
            assert!(counted.is_terminated());
            assert!(counted.next().await.is_none());
            Ok::<_, ironbridge::Error>(())
        })?;
    }
    Ok(())
}

#[test]
fn adapters_of_streams_fit() -> Result<()> {
    let session = session()?;
    let counted: AsyncIter<u32> = session.call("count", (10, 0.0))?;
    let sum = counted
        .map_ok(|n| 2 * n)
        .try_fold(0, |sum, n| async move { Ok(sum + n) });
    assert_eq!(block_on(sum)?, 90);
    let counted: AsyncIter<u32> = session.call("count", (10,))?;
    let first: Vec<u32> = block_on(counted.take(3).try_collect())?;
    assert_eq!(first, [0, 1, 2]);
    Ok(())
}

#[test]
fn python_runs_no_further_than_the_program() -> Result<()> {
    let session = session()?;
    let mut counted: AsyncIter<usize> = session.call("count", (10,))?;
    assert_eq!(session.eval::<usize>("len(made)")?, 0);
    for expected in 0..5 {
        assert_eq!(block_on(counted.next()).transpose()?, Some(expected));
        // Whoever asks now asks the loop, so that what it would do unasked is done.
        block_on(python! { async session =>
            for _ in range(10):
                await asyncio.sleep(0)
        })?;
        assert_eq!(session.eval::<usize>("len(made)")?, expected + 1);
    }
    Ok(())
}

#[test]
fn python_runs_ahead_as_far_as_it_may() -> Result<()> {
    let session = session()?;
    let counted: AsyncIter<usize> = session.call("count", (1000,))?;
    let mut counted = counted.read_ahead(8);
    for taken in 1..=500 {
        assert_eq!(block_on(counted.next()).transpose()?, Some(taken - 1));
        let made: usize = session.eval("len(made)")?;
        assert!(taken <= made && made <= taken + 8, "{made} of {taken}");
    }
    until(&session, "len(made) >= 504");
    Ok(())
}

#[test]
fn one_task_serves_all_items() -> Result<()> {
    let session = session()?;
    python! { session =>
        variable = contextvars.ContextVar("variable", default=0)
        async def tasks():
            token = variable.set(17)
            first = asyncio.current_task()
            for _ in range(20):
                await asyncio.sleep(0)
                yield asyncio.current_task() is first and variable.get() == 17
            variable.reset(token) # which only its own context allows
        async def timed():
            async with asyncio.timeout(30):
                yield 1
                await asyncio.sleep(0)
                yield 2
    }?;
    let tasks: AsyncIter<bool> = session.call("tasks", ())?;
    let tasks = block_on(tasks.collect_all())?;
    assert_eq!(tasks, [true; 20]);
    let timed: AsyncIter<u32> = session.call("timed", ())?;
    assert_eq!(block_on(timed.collect_all())?, [1, 2]);
    Ok(())
}

#[test]
fn it_sees_the_context_in_which_it_was_made() -> Result<()> {
    let session = session()?;
    python! { session =>
        variable = contextvars.ContextVar("variable", default=0)
        async def read():
            yield variable.get()
    }?;
    let read = ironbridge::attach(|_| {
        session.run("variable.set(3)")?;
        session.call::<AsyncIter<u32>, _>("read", ())
    })??;
    assert_eq!(block_on(read.collect_all())?, [3]);
    Ok(())
}

#[test]
fn what_the_iterator_raises_comes_after_its_items() -> Result<()> {
    let session = session()?;
    for ahead in [1, 16] {
        let numbers: AsyncIter<u32> = session.call("fail", (3,))?;
        let mut numbers = numbers.read_ahead(ahead);
        block_on(async {
            for expected in 0..3 {
                assert_eq!(numbers.next().await.transpose()?, Some(expected));
            }
            let error = numbers.next().await.expect("an outcome").unwrap_err();
            assert_eq!(error.to_string(), "ValueError: no more of these");
            let story = error.exception().expect("Python raised it").story();
            assert_eq!(story.frames.len(), 1, "{story:?}");
            assert_eq!(story.frames[0].function, "fail");
            assert!(numbers.next().await.is_none());
            Ok::<_, ironbridge::Error>(())
        })?;
    }
    Ok(())
}

#[test]
fn an_item_of_another_type_is_named_and_ends_it() -> Result<()> {
    let session = session()?;
    python! { session =>
        async def words():
            try:
                yield "one"
                yield ["two"]
                yield "three"
            finally:
                await asyncio.sleep(0)
                seen.append("closed")
    }?;
    let mut words: AsyncIter<String> = session.call("words", ())?;
    assert_eq!(block_on(words.next()).transpose()?, Some("one".to_owned()));
    let error = block_on(words.next()).expect("an outcome").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(
        error.to_string(),
        "words()[1]: expected str, found list ['two']"
    );
    // Where it was asked for.
    assert!(format!("{error:#}").contains("streams/items.rs"));
    assert_eq!(session.get::<Vec<String>>("seen")?, ["closed"]);
    assert!(block_on(words.next()).is_none());
    let named: AsyncIter<u8> = session.call("count", (300,))?;
    let error = block_on(named.named("bytes").collect_all()).unwrap_err();
    assert!(error.to_string().starts_with("bytes[256]: "), "{error}");
    Ok(())
}

#[test]
fn whatever_has_an_aiter_is_taken() -> Result<()> {
    let session = session()?;
    python! { session =>
        class Twice:
            def __init__(self, n):
                self.n = n
            def __aiter__(self):
                return self
            async def __anext__(self):
                if self.n == 0:
                    raise StopAsyncIteration
                self.n -= 1
                await asyncio.sleep(0)
                return 2 * self.n
        class Fresh:
            async def __aiter__(self):
                yield 7
    }?;
    let twice: AsyncIter<u32> = session.eval("Twice(3)")?;
    assert_eq!(block_on(twice.collect_all())?, [4, 2, 0]);
    let broken: AsyncIter<u32> = session.eval("Fresh()")?;
    let fresh = block_on(broken.collect_all())?;
    assert_eq!(fresh, [7]);
    let expression: AsyncIter<u32> = session.eval("(n * n async for n in count(3))")?;
    assert_eq!(block_on(expression.collect_all())?, [0, 1, 4]);
    Ok(())
}

#[test]
fn whatever_has_none_is_refused_with_a_reason() -> Result<()> {
    let session = session()?;
    session.run("async def coroutine(): pass\ndef plain(): yield 1")?;
    for (expression, expected) in [
        (
            "plain()",
            "'generator' object is not an asynchronous iterator: it is a plain iterable, which is an `Iter` in Rust",
        ),
        (
            "asyncio.Queue()",
            "'Queue' object is not an asynchronous iterator: it has no `__aiter__`",
        ),
    ] {
        let error = session.eval::<AsyncIter<u32>>(expression).unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
    let error = session.eval::<Iter<u32>>("count(3)").unwrap_err();
    assert!(
        format!("{error:#}").contains("which is an `AsyncIter` in Rust"),
        "{error:#}"
    );
    let error = session
        .eval::<AsyncIter<u32>>("(made_coroutine := coroutine())")
        .unwrap_err();
    session.run("made_coroutine.close()")?;
    assert!(
        format!("{error:#}").contains("it is to be awaited first"),
        "{error:#}"
    );
    Ok(())
}

#[test]
fn blocks_give_streams() -> Result<()> {
    let session = session()?;
    let n = 3_u32;
    let plain = python! { session -> AsyncIter<u32> => count('n) }?;
    assert_eq!(block_on(plain.collect_all())?, [0, 1, 2]);
    let numbers = block_on(async {
        let awaited = python! { async session -> AsyncIter<u32> =>
            await asyncio.sleep(0)
            count('n)
        };
        awaited.await?.collect_all().await
    })?;
    assert_eq!(numbers, [0, 1, 2]);
    Ok(())
}

#[test]
fn streams_are_tasks_of_a_runtime() -> Result<()> {
    let session = session()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sum: usize = runtime.block_on(async {
        let tasks: Vec<_> = (0..1000)
            .map(|n| session.call::<AsyncIter<usize>, _>("count", (n % 10, 0.001)))
            .map(|counted| {
                let counted = counted.expect("it is called");
                tokio::spawn(counted.try_fold(0, |sum, n| async move { Ok(sum + n) }))
            })
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.expect("no panic")?;
        }
        Ok::<_, ironbridge::Error>(sum)
    })?;
    // 0 + 1 + … + k - 1 for each k up to 9, a hundred times.
    assert_eq!(sum, 100 * 120);
    Ok(())
}

#[test]
fn other_executors_serve_as_well() -> Result<()> {
    let session = session()?;
    let all: Vec<u32> = smol::block_on(async {
        let streams = [
            session.call::<AsyncIter<u32>, _>("count", (50, 0.0))?,
            session
                .call::<AsyncIter<u32>, _>("count", (50,))?
                .read_ahead(4),
        ];
        stream::select_all(streams).try_collect().await
    })?;
    assert_eq!(all.len(), 100);
    assert_eq!(all.iter().sum::<u32>(), 2 * 1225);
    let local =
        futures::executor::block_on_stream(session.call::<AsyncIter<u32>, _>("count", (5,))?);
    assert_eq!(local.collect::<Result<Vec<_>>>()?, [0, 1, 2, 3, 4]);
    Ok(())
}

#[test]
fn items_may_be_whatever_converts() -> Result<()> {
    #[derive(Debug, PartialEq, ironbridge::Python)]
    struct Token {
        text: String,
        score: f64,
    }
    let session = Session::new()?;
    python! { session =>
        async def tokens():
            yield {"text": "a", "score": 0.5}
            yield {"text": "b", "score": 1}
    }?;
    let tokens: AsyncIter<Token> = session.call("tokens", ())?;
    let tokens = block_on(tokens.collect_all())?;
    let texts: Vec<_> = tokens.iter().map(|token| &*token.text).collect();
    assert_eq!((texts, tokens[1].score), (vec!["a", "b"], 1.0));
    let objects: AsyncIter<Py<PyAny>> = session.call("tokens", ())?;
    assert_eq!(block_on(objects.collect_all())?.len(), 2);
    Ok(())
}
