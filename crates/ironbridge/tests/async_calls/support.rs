//! Functions of Python, and calls of them as a typed module's macro makes them.

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use ironbridge::__private::{RunsOn, await_python};
use ironbridge::aio::PythonFuture;
use ironbridge::handles::Returns;
use ironbridge::pyo3::prelude::*;
use ironbridge::session::Function;
use ironbridge::{Interpreter, Result, Session, python};

/// A session with a few functions.
pub(crate) fn session() -> Result<Session> {
    let threads = NonZeroUsize::new(4).expect("not zero");
    Interpreter::builder().pool_threads(threads).start()?;
    let session = Session::new()?;
    python! { session =>
        import asyncio, threading, time
        seen = []
        async def double(n):
            await asyncio.sleep(0)
            return 2 * n
        async def fail(n):
            raise ValueError("no such thing")
        async def where_am_i(n):
            return threading.current_thread().name
        async def linger(n):
            try:
                seen.append("begun")
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
            finally:
                seen.append("finally")
        async def cancel_myself(n):
            asyncio.current_task().cancel()
            await asyncio.sleep(60)
        async def leave(n):
            raise SystemExit(n)
        def plain(n):
            return threading.current_thread().name
        meeting = threading.Barrier(4, timeout=30)
        def meet(n):
            meeting.wait()
            return n
        def gives_awaitable(n):
            return double(n)
    }?;
    Ok(session)
}

/// What the macro makes of `async fn name(&self, n: u32) -> Result<T>`.
pub(crate) fn call<T, Kind>(
    session: &Session,
    runs_on: RunsOn,
    name: &str,
    n: u32,
) -> PythonFuture<T>
where
    T: Returns<Kind> + Send + 'static,
    Kind: 'static,
{
    let function: Function = session.get(name).expect("it is defined");
    await_python(runs_on, "call()", move |py| {
        let Ok(function) = function.into_pyobject(py);
        Ok(function.call1((n,))?)
    })
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
