//! The methods of sessions and functions that give futures.

use std::time::Duration;

use ironbridge::session::Function;
use ironbridge::{ErrorKind, Result, Session};
use pollster::block_on;

/// A session with a few functions.
fn session() -> Result<Session> {
    let session = Session::new()?;
    session.run(
        "
import asyncio, functools, threading, time
def where(): return threading.current_thread().name
async def where_async(): return threading.current_thread().name
async def fail(text): raise ValueError(text)
async def nap(seconds): await asyncio.sleep(seconds)
class Model:
    async def embed(self, words): return [float(len(word)) for word in words]
model = Model()
embed = model.embed
partial = functools.partial(model.embed, ['partial'])
",
    )?;
    Ok(session)
}

#[test]
fn code_awaits_at_its_top() -> Result<()> {
    let session = session()?;
    block_on(async {
        session
            .run_async("await nap(0)\nn = 1\nasync with asyncio.Lock(): n += 1")
            .await?;
        assert_eq!(session.eval_async::<u32>(" n + 1 ").await?, 3);
        assert_eq!(
            session.eval_async::<String>("await where_async()").await?,
            "ironbridge-asyncio"
        );
        // What is asynchronous in itself needs no `await`.
        assert_eq!(
            session.eval_async::<String>("where_async()").await?,
            "ironbridge-asyncio"
        );
        Ok(())
    })
}

#[test]
fn code_that_does_not_await_leaves_the_event_loop_alone() -> Result<()> {
    let session = session()?;
    block_on(async {
        let name = session.eval_async::<String>("where()").await?;
        assert!(name.starts_with("ironbridge-pool-"), "{name}");
        session.run_async("ran_on = where()").await?;
        assert!(
            session
                .get::<String>("ran_on")?
                .starts_with("ironbridge-pool-")
        );
        Ok(())
    })
}

#[test]
fn functions_run_where_they_belong() -> Result<()> {
    let session = session()?;
    block_on(async {
        let name: String = session.call_async("where_async", ()).await?;
        assert_eq!(name, "ironbridge-asyncio");
        let name: String = session.call_async("where", ()).await?;
        assert!(name.starts_with("ironbridge-pool-"), "{name}");
        let longest: u64 = session.call_async("max", (1, 2)).await?;
        assert_eq!(longest, 2);
        for name in ["where", "where_async"] {
            let function = session.function(name)?;
            let found: String = function.call_async(()).await?;
            assert_eq!(found == "ironbridge-asyncio", name == "where_async");
        }
        Ok(())
    })
}

#[test]
fn anything_that_can_be_called_can_be_awaited() -> Result<()> {
    let session = session()?;
    block_on(async {
        let words = vec!["a".to_owned(), "bcd".to_owned()];
        let embed = session.function("embed")?;
        assert_eq!(embed.call_async::<Vec<f64>, _>((words,)).await?, [1.0, 3.0]);
        let partial: Function = session.get("partial")?;
        assert_eq!(partial.call_async::<Vec<f64>, _>(()).await?, [7.0]);
        Ok(())
    })
}

#[test]
fn errors_come_from_the_future() -> Result<()> {
    let session = session()?;
    block_on(async {
        let error = session.run_async("await fail(").await.unwrap_err();
        assert_eq!(
            error.exception().expect("it is one").type_name(),
            "SyntaxError"
        );
        let error = session
            .eval_async::<u8>("await fail('now')")
            .await
            .unwrap_err();
        assert_eq!(
            error.exception().expect("it is one").type_name(),
            "ValueError"
        );
        let error = session
            .call_async::<u8, _>("nowhere", ())
            .await
            .unwrap_err();
        assert_eq!(
            error.exception().expect("it is one").type_name(),
            "NameError"
        );
        let error = session.call_async::<u8, _>("where", ()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conversion);
        assert!(
            error
                .to_string()
                .starts_with("where(): expected u8, found str"),
            "{error}"
        );
        let nap = session.call_async::<Option<u8>, _>("nap", (60,));
        let error = nap.timeout(Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(
            error.to_string(),
            "nap() took longer than the 20ms it was given"
        );
        Ok(())
    })
}

#[test]
fn tracebacks_name_the_place_of_the_text() -> Result<()> {
    let session = session()?;
    let line = line!() + 1;
    let error = block_on(session.run_async("await nap(0)\nawait fail('here')")).unwrap_err();
    let shown = format!("{error:#}");
    assert!(
        shown.contains(&format!("async_sessions.rs:{line}:")),
        "{shown}"
    );
    assert!(shown.contains("await fail('here')"), "{shown}");
    Ok(())
}
