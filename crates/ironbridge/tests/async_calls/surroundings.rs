//! What a call takes along from where it was made, and who may poll it.

use ironbridge::__private::{RunsOn, await_python};
use ironbridge::pyo3::prelude::*;
use ironbridge::session::Function;
use ironbridge::{Result, attach, python};
use pollster::block_on;

use super::support::{call, session};

#[test]
fn context_variables_carry_over() -> Result<()> {
    let session = session()?;
    python! { session =>
        import contextvars
        user = contextvars.ContextVar("user", default="nobody")
        async def who_awaits(n):
            await asyncio.sleep(0)
            return user.get()
        def who(n):
            return user.get()
        async def leaves_it(n):
            user.set("changed")
            return user.get()
    }?;
    for (runs_on, name) in [(RunsOn::Loop, "who_awaits"), (RunsOn::Pool, "who")] {
        let function: Function = session.get(name)?;
        let inside = attach(|py| -> PyResult<_> {
            let user = session_variable(&session, py)?;
            let token = user.call_method1("set", ("ada",))?;
            let future = await_python::<String, _, _>(runs_on, "call()", move |py| {
                let Ok(function) = function.into_pyobject(py);
                Ok(function.call1((0,))?)
            });
            user.call_method1("reset", (token,))?;
            Ok(future)
        })??;
        assert_eq!(block_on(inside)?, "ada");
        let outside = call::<String, _>(&session, runs_on, name, 0);
        assert_eq!(block_on(outside)?, "nobody");
    }
    // What one sets is its own.
    let changed = block_on(call::<String, _>(&session, RunsOn::Loop, "leaves_it", 0))?;
    assert_eq!(changed, "changed");
    let outside = call::<String, _>(&session, RunsOn::Loop, "who_awaits", 0);
    assert_eq!(block_on(outside)?, "nobody");
    Ok(())
}

fn session_variable<'py>(
    session: &ironbridge::Session,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let user: Py<PyAny> = session.get("user").map_err(PyErr::from)?;
    Ok(user.into_bound(py))
}

#[test]
fn every_executor_will_do() -> Result<()> {
    let session = session()?;
    for runs_on in [RunsOn::Loop, RunsOn::Pool] {
        let double = |n| call::<u32, _>(&session, runs_on, "double", n);
        assert_eq!(pollster::block_on(double(1))?, 2);
        assert_eq!(futures::executor::block_on(double(2))?, 4);
        assert_eq!(smol::block_on(smol::spawn(double(3)))?, 6);
        let pool = futures::executor::ThreadPool::new().expect("threads");
        let (sender, receiver) = futures::channel::oneshot::channel();
        let doubled = double(4);
        pool.spawn_ok(async move {
            let _ = sender.send(doubled.await);
        });
        assert_eq!(pollster::block_on(receiver).expect("sent")?, 8);
        let current = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        assert_eq!(current.block_on(double(5))?, 10);
    }
    Ok(())
}
