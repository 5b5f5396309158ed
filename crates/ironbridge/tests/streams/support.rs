//! Asynchronous generators, and waiting for what they do.

use std::thread;
use std::time::{Duration, Instant};

use ironbridge::{Result, Session, python};

/// A session with a few generators.
pub(crate) fn session() -> Result<Session> {
    let session = Session::new()?;
    python! { session =>
        import asyncio, contextvars, threading
        seen = []
        made = []
        async def count(n, nap=None):
            for i in range(n):
                if nap is not None:
                    await asyncio.sleep(nap)
                made.append(i)
                yield i
        async def endless():
            i = 0
            try:
                while True:
                    yield i
                    i += 1
            finally:
                seen.append("finally on " + threading.current_thread().name)
        async def linger():
            try:
                yield 1
                seen.append("waits")
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
            finally:
                await asyncio.sleep(0)
                seen.append("finally")
        async def fail(n):
            for i in range(n):
                yield i
            raise ValueError("no more of these")
    }?;
    Ok(session)
}

/// Waits until `expression` is true, or fails.
pub(crate) fn until(session: &Session, expression: &str) {
    let begun = Instant::now();
    while !session.eval::<bool>(expression).expect("it runs") {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "never {expression}"
        );
        thread::sleep(Duration::from_millis(1));
    }
}
