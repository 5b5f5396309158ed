//! What becomes of streams when their event loop dies, and at the end of Python: in a process of its own.

use std::thread;
use std::time::{Duration, Instant};

use ironbridge::{AsyncIter, ErrorKind, Interpreter, Result, Session, python};
use pollster::block_on;

#[test]
fn streams_end_with_their_loop() -> Result<()> {
    let grace = Duration::from_millis(200);
    let interpreter = Interpreter::builder().exit_grace(grace).start()?;
    let session = Session::new()?;
    python! { session =>
        import asyncio
        seen = []
        async def stand():
            try:
                while True:
                    yield 1
            finally:
                seen.append("stood")
        async def wait():
            yield 1
            try:
                await asyncio.sleep(60)
            finally:
                seen.append("waited")
        async def break_the_loop():
            yield 1
            loop = asyncio.get_running_loop()
            loop._selector = None
            await asyncio.sleep(0)
    }?;
    let begun = |name: &str| {
        let mut stream: AsyncIter<u32> = session.call(name, ())?;
        assert_eq!(block_on(stream.next()).transpose()?, Some(1));
        Ok::<_, ironbridge::Error>(stream)
    };
    let (mut standing, mut waiting) = (begun("stand")?, begun("wait")?);
    let dropped = begun("stand")?;
    for stream in [&mut begun("break_the_loop")?, &mut standing, &mut waiting] {
        let error = block_on(stream.next()).expect("an outcome").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        let whole = format!("{error:#}");
        assert!(whole.contains("the event loop died"), "{whole}");
        assert!(block_on(stream.next()).is_none());
    }
    drop(dropped);
    // They are closed now, not when the garbage collector comes by.
    let since = Instant::now();
    while session.eval::<Vec<String>>("sorted(seen)")? != ["stood", "stood"] {
        assert!(
            since.elapsed() < Duration::from_secs(10),
            "they were not closed"
        );
        thread::sleep(Duration::from_millis(1));
    }

    // What comes starts another one.
    let mut standing = begun("stand")?;
    assert_eq!(block_on(standing.next()).transpose()?, Some(1));
    let waiting: AsyncIter<u32> = session.call("wait", ())?;
    let mut waiting = waiting.read_ahead(2);
    assert_eq!(block_on(waiting.next()).transpose()?, Some(1));
    let late: AsyncIter<u32> = session.call("wait", ())?;

    session.run("seen.clear()")?;
    interpreter.shutdown()?;
    for mut stream in [standing, waiting, late] {
        let error = block_on(stream.next()).expect("an outcome").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(block_on(stream.next()).is_none());
    }
    assert_eq!(
        session.eval::<Vec<String>>("sorted(seen)")?,
        ["stood", "waited"]
    );
    Ok(())
}
