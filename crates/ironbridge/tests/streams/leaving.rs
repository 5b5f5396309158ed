use std::time::{Duration, Instant};

use ironbridge::{AsyncIter, Error, ErrorKind, Result, python};
use pollster::block_on;

use super::support::{session, until};

#[test]
fn nothing_is_called_before_an_item_is_asked_for() -> Result<()> {
    let session = session()?;
    let counted: AsyncIter<u32> = session.call("count", (3,))?;
    drop(counted);
    block_on(python! { async session => await asyncio.sleep(0) })?;
    assert_eq!(session.eval::<usize>("len(made)")?, 0);
    Ok(())
}

#[test]
fn dropped_at_a_yield_it_is_closed_on_the_loop() -> Result<()> {
    let session = session()?;
    for ahead in [1, 5] {
        session.run("seen.clear()")?;
        let endless: AsyncIter<u64> = session.call("endless", ())?;
        let mut endless = endless.read_ahead(ahead);
        for expected in 0..1000 {
            assert_eq!(block_on(endless.next()).transpose()?, Some(expected));
        }
        drop(endless);
        until(&session, "seen == ['finally on ironbridge-asyncio']");
    }
    Ok(())
}

#[test]
fn dropped_while_it_waits_it_is_cancelled() -> Result<()> {
    let session = session()?;
    let linger: AsyncIter<u32> = session.call("linger", ())?;
    let mut linger = linger.read_ahead(2);
    assert_eq!(block_on(linger.next()).transpose()?, Some(1));
    until(&session, "seen == ['waits']");
    drop(linger);
    until(&session, "seen == ['waits', 'cancelled', 'finally']");
    Ok(())
}

#[test]
fn close_waits_for_the_end() -> Result<()> {
    let session = session()?;
    python! { session =>
        async def slow_to_close():
            try:
                yield 1
            finally:
                await asyncio.sleep(0.05)
                seen.append("closed")
        async def raises_when_closed():
            try:
                yield 1
            finally:
                raise ValueError("cannot close")
    }?;
    let slow: AsyncIter<u32> = session.call("slow_to_close", ())?;
    block_on(slow.close())?;
    let mut slow: AsyncIter<u32> = session.call("slow_to_close", ())?;
    block_on(slow.next()).transpose()?;
    block_on(slow.close())?;
    assert_eq!(session.get::<Vec<String>>("seen")?, ["closed"]);
    // A future that is dropped does not disturb it.
    let mut slow: AsyncIter<u32> = session.call("slow_to_close", ())?;
    block_on(slow.next()).transpose()?;
    let closing = Box::pin(slow.close());
    block_on(futures::future::select(closing, std::future::ready(())));
    until(&session, "seen == ['closed', 'closed']");
    let mut raises: AsyncIter<u32> = session.call("raises_when_closed", ())?;
    block_on(raises.next()).transpose()?;
    let error = block_on(raises.close()).unwrap_err();
    assert_eq!(error.to_string(), "ValueError: cannot close");
    Ok(())
}

#[test]
fn each_item_can_be_given_a_time() -> Result<()> {
    let session = session()?;
    let numbers: AsyncIter<u32> = session.call("linger", ())?;
    let mut numbers = numbers.timeout(Duration::from_secs(30));
    assert_eq!(block_on(numbers.next()).transpose()?, Some(1));
    let mut numbers = numbers.timeout(Duration::from_millis(30));
    let error = block_on(numbers.next()).expect("an outcome").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "linger()[1] took longer than the 30ms it was given"
    );
    assert!(format!("{error:#}").contains("found: the iterator is cancelled"));
    assert!(block_on(numbers.next()).is_none());
    until(&session, "seen == ['waits', 'cancelled', 'finally']");
    // All of it may take longer.
    let naps: AsyncIter<u32> = session.call("count", (20, 0.02))?;
    let naps = naps.timeout(Duration::from_millis(300));
    assert_eq!(block_on(naps.collect_all())?.len(), 20);
    Ok(())
}

#[test]
fn one_that_swallows_cancellation_is_left_on_time() -> Result<()> {
    let session = session()?;
    python! { session =>
        async def stubborn():
            for i in range(3):
                try:
                    yield i
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    seen.append("swallowed")
            seen.append("never")
    }?;
    let stubborn: AsyncIter<u32> = session.call("stubborn", ())?;
    let mut stubborn = stubborn.timeout(Duration::from_secs(30));
    assert_eq!(block_on(stubborn.next()).transpose()?, Some(0));
    let mut stubborn = stubborn.timeout(Duration::from_millis(20));
    let begun = Instant::now();
    let error = block_on(stubborn.next()).expect("an outcome").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(10));
    // Its next item finds nobody, and it is closed there.
    until(&session, "seen == ['swallowed']");
    drop(stubborn);
    assert_eq!(session.get::<Vec<String>>("seen")?, ["swallowed"]);
    Ok(())
}

#[test]
fn a_thousand_are_left_at_once() -> Result<()> {
    let session = session()?;
    session.run("seen.clear()")?;
    let mut streams = Vec::new();
    for _ in 0..1000 {
        let mut endless: AsyncIter<u64> = session.call("endless", ())?;
        assert_eq!(block_on(endless.next()).transpose()?, Some(0));
        streams.push(endless);
    }
    drop(streams);
    until(&session, "len(seen) == 1000");
    Ok(())
}

#[test]
fn a_future_of_an_item_may_be_dropped() -> Result<()> {
    let session = session()?;
    let mut naps: AsyncIter<usize> = session.call("count", (50, 0.002))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let all = runtime.block_on(async {
        let mut all = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_millis(1), naps.next()).await {
                Ok(Some(item)) => all.push(item?),
                Ok(None) => return Ok::<_, Error>(all),
                Err(_) => {}
            }
        }
    })?;
    assert_eq!(all, (0..50).collect::<Vec<_>>());
    Ok(())
}
