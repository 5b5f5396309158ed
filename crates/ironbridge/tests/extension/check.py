"""What Python sees of the extension. Run by the test `extension`, with each Python that it knows."""

import asyncio
import collections.abc
import contextvars
import gc
import inspect
import os
import subprocess
import sys
import threading
import time
import traceback
import warnings

import async_extension as ext

try:
    import uvloop
except ImportError:
    uvloop = None

# Seconds that only something that hangs takes.
LONG = 60


class Raised(Exception):
    pass


async def gone():
    """Waits until no future is left."""
    await live(0)


async def live(count):
    """Waits until so many futures are there, which have begun."""
    end = time.monotonic() + LONG
    while ext.live() != count:
        assert time.monotonic() < end, f"{ext.live()} are there, not {count}"
        await asyncio.sleep(0.001)


# Each runs in a loop of its own, of asyncio's and of uvloop's.


async def awaits():
    value = object()
    assert await ext.waits(0.001, value) is value
    assert await ext.add(1, b=2) == 3
    assert await ext.nothing() is None
    assert await ext.waits(0) is None
    assert await ext.count(["a", "b"]) == 2
    assert await ext.names_thread() == "of-the-test"


async def is_taken_wherever_a_coroutine_is():
    made = ext.add(1, 2)
    assert inspect.isawaitable(made) and isinstance(made, collections.abc.Coroutine)
    assert (made.__name__, made.__qualname__) == ("add", "add")
    assert repr(made) == "<ironbridge.Awaitable add, not started>"
    task = asyncio.create_task(made, name="sum")
    assert "add" in repr(task)
    assert await task == 3
    assert repr(made) == "<ironbridge.Awaitable add, done>"
    assert await asyncio.gather(*(ext.add(n, 1) for n in range(100))) == list(range(1, 101))
    assert await asyncio.wait_for(ext.add(1, 1), LONG) == 2
    assert await asyncio.shield(ext.add(2, 2)) == 4
    async with asyncio.timeout(LONG):
        assert await ext.waits(0.01, 5) == 5
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ext.waits(0.001, n)) for n in range(10)]
    assert [task.result() for task in tasks] == list(range(10))
    done, pending = await asyncio.wait([asyncio.ensure_future(ext.add(0, n)) for n in range(3)])
    assert len(done) == 3 and not pending
    finished = [await one for one in asyncio.as_completed([ext.waits(0.5, "late"), ext.waits(0, "soon")])]
    assert finished == ["soon", "late"]


async def many_in_flight():
    async def worker(n):
        for _ in range(50):
            assert await ext.add(n, 1) == n + 1
            assert await ext.waits(0.0001, n) == n

    await asyncio.gather(*(worker(n) for n in range(64)))
    await gone()


async def runs_at_the_same_time():
    tasks = [asyncio.create_task(ext.waits(1000)) for _ in range(50)]
    await live(50)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await gone()


async def does_not_hold_the_interpreter():
    # It keeps its thread until Python, which goes on, opens the gate.
    blocked = asyncio.ensure_future(ext.blocks_at_the_gate())
    await live(1)
    for _ in range(20):
        await asyncio.sleep(0.001)
        assert not blocked.done()
    ext.open_gate()
    await blocked
    # Other threads go on while one waits for the runtime in a function that is not async.
    opener = threading.Timer(0.01, ext.open_gate)
    opener.start()
    ext.joined_at_the_gate()
    opener.join()
    await gone()


async def is_cancelled():
    task = asyncio.create_task(ext.waits(1000))
    await live(1)
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("it was not cancelled")
    await gone()
    # Before it began.
    task = asyncio.create_task(ext.waits(1000))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() and not ext.live()
    # Under other coroutines.
    seen = []

    async def outer():
        try:
            await ext.waits(1000)
        except asyncio.CancelledError:
            seen.append(await ext.add(1, 1))
            raise
        finally:
            seen.append("finally")

    task = asyncio.create_task(outer())
    await live(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seen == [2, "finally"]
    await gone()


async def is_timed_out():
    for attempt in range(2):
        try:
            if attempt:
                async with asyncio.timeout(0.01):
                    await ext.waits(1000)
            else:
                await asyncio.wait_for(ext.waits(1000), 0.01)
        except TimeoutError:
            pass
        else:
            raise AssertionError("no timeout")
        await gone()
    assert await ext.add(1, 1) == 2


async def a_failing_group_cancels():
    async def fail():
        await ext.waits(0.01)
        raise Raised

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(ext.waits(1000))
            group.create_task(fail())
    except* Raised:
        pass
    await gone()


async def cancelled_while_it_completes():
    """Whichever comes first: a value or a cancellation, and the loop goes on."""
    for n in range(300):
        task = asyncio.create_task(ext.waits(0 if n % 2 else 0.0001, n))
        for _ in range(n % 5):
            await asyncio.sleep(0)
        task.cancel()
        try:
            assert await task == n
        except asyncio.CancelledError:
            pass
    await gone()


async def errors_are_exceptions():
    try:
        await ext.fails("/no/such")
    except FileNotFoundError as error:
        assert "/no/such" in str(error)
    try:
        await ext.refuses("not today")
    except KeyError as error:
        assert error.args == ("not today",)
    original = Raised("mine")

    def fail():
        raise original

    try:
        await ext.calls(fail)
    except Raised as error:
        assert error is original
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert "fail" in names and "errors_are_exceptions" in names, names
    else:
        raise AssertionError("nothing was raised")
    try:
        ext.add("one", 2)
    except TypeError:
        pass
    else:
        raise AssertionError("it was called")


async def panics_are_exceptions():
    assert issubclass(ext.RustPanic, RuntimeError)
    for late in False, True:
        try:
            await ext.panics(late)
        except ext.RustPanic as error:
            said = str(error)
            assert said.startswith("panics() panicked at ") and "lib.rs:" in said, said
            assert said.endswith(f"on purpose, late: {str(late).lower()}"), said
        else:
            raise AssertionError("it did not panic")
    try:
        await ext.panics_converting()
    except ext.RustPanic as error:
        assert "in a conversion" in str(error)
    else:
        raise AssertionError("it did not panic")
    await gone()
    assert await ext.add(1, 1) == 2


variable = contextvars.ContextVar("variable", default="none")


async def context_variables_are_kept():
    variable.set("outer")
    assert await ext.calls(variable.get) == "outer"
    assert await ext.calls_later(variable.get) == ("outer", "outer")

    async def task(n):
        variable.set(n)
        assert await ext.calls_later(variable.get) == (n, n)
        assert await ext.calls(variable.get) == n
        assert variable.get() == n

    await asyncio.gather(*(task(n) for n in range(50)))
    assert await asyncio.create_task(ext.calls(variable.get)) == "outer"
    inner = contextvars.copy_context()
    inner.run(variable.set, "of the task")
    assert await asyncio.get_running_loop().create_task(ext.calls(variable.get), context=inner) == "of the task"
    # What Rust's side sets stays there.
    await ext.calls(lambda: variable.set("changed"))
    assert variable.get() == "outer"


async def is_awaited_once():
    made = ext.add(1, 2)
    assert await made == 3
    try:
        await made
    except RuntimeError as error:
        assert str(error) == "cannot reuse already awaited coroutine"
    else:
        raise AssertionError("it was awaited twice")
    made = ext.waits_at_the_gate(1)
    first = asyncio.create_task(made)
    await live(1)
    try:
        await made
    except RuntimeError as error:
        assert str(error) == "coroutine is being awaited already"
    else:
        raise AssertionError("it was awaited twice")
    ext.open_gate()
    assert await first == 1


async def steps_by_hand():
    made = ext.waits(1000)
    waiter = made.send(None)
    assert asyncio.isfuture(waiter) and waiter._asyncio_future_blocking
    # Someone else wakes it: it waits again.
    waiter.set_result(None)
    another = made.send(None)
    assert another is not waiter
    try:
        made.throw(Raised("out"))
    except Raised as error:
        assert str(error) == "out"
    await gone()
    for arguments in (Raised,), (Raised, "text"), (Raised, Raised("text"), None):
        made = ext.waits(1000)
        made.send(None)
        try:
            made.throw(*arguments)
        except Raised:
            pass
        else:
            raise AssertionError(arguments)
    try:
        ext.add(1, 1).throw(1)
    except TypeError:
        pass
    made = ext.waits(1000)
    made.send(None)
    made.close()
    made.close()
    await gone()
    try:
        made.send(None)
    except RuntimeError:
        pass
    else:
        raise AssertionError("it goes on")


async def methods():
    client = ext.Client()
    assert await client.fetch("ab", times=2) == b"abab"
    assert client.fetch.__doc__ == "Gives what it was given, as bytes."
    assert client.fetch.__text_signature__ == "($self, url, *, times=1)"
    assert await asyncio.gather(*(client.fetch(str(n)) for n in range(20))) == [str(n).encode() for n in range(20)]
    assert client.calls() == 21
    assert await ext.Client.version() == "1"
    made = client.fetch("")
    assert made.__qualname__ == "Client.fetch"
    made.close()
    async with client as calls:
        assert calls == 21
        raise Raised("is taken by __aexit__")
    assert [n async for n in ext.Countdown(3)] == [2, 1, 0]


async def warns_when_never_awaited():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ext.add(1, 2)
        closed = ext.add(1, 2)
        closed.close()
        del closed
        task = asyncio.create_task(ext.add(1, 2))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        del task
        gc.collect()
    said = [(w.category, str(w.message)) for w in caught]
    assert said == [(RuntimeWarning, "coroutine 'add' was never awaited")], said
    # As an error it goes where errors of finalisers go, and leaves the exception under way alone.
    hooked = []
    before, sys.unraisablehook = sys.unraisablehook, hooked.append
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                unused = ext.add(1, 2)
                raise Raised
            except Raised:
                unused = None
    finally:
        sys.unraisablehook = before
    assert [one.exc_type for one in hooked] == [RuntimeWarning]


async def functions_that_are_not_async():
    assert ext.joined(100) == 4950
    assert ext.asks_itself() == 3


IN_A_LOOP = [
    awaits,
    is_taken_wherever_a_coroutine_is,
    many_in_flight,
    runs_at_the_same_time,
    does_not_hold_the_interpreter,
    is_cancelled,
    is_timed_out,
    a_failing_group_cancels,
    cancelled_while_it_completes,
    errors_are_exceptions,
    panics_are_exceptions,
    context_variables_are_kept,
    is_awaited_once,
    steps_by_hand,
    methods,
    warns_when_never_awaited,
    functions_that_are_not_async,
]

# These make loops of their own.


def needs_a_loop():
    try:
        ext.add(1, 2).send(None)
    except RuntimeError as error:
        assert "no running event loop" in str(error)
    else:
        raise AssertionError("it ran without one")


def a_loop_that_is_closed_drops_it(new_event_loop):
    loop = new_event_loop()
    task = loop.create_task(ext.waits(1000))
    loop.run_until_complete(live(1))
    # Nobody is to hear that it was pending.
    task._log_destroy_pending = False
    loop.close()
    del task, loop
    end = time.monotonic() + LONG
    while ext.live():
        gc.collect()
        time.sleep(0.001)
        assert time.monotonic() < end, "it was not dropped"


def completes_when_its_loop_is_closed(new_event_loop):
    loop = new_event_loop()
    task = loop.create_task(ext.waits_at_the_gate())
    loop.run_until_complete(live(1))
    loop.close()
    ext.open_gate()
    end = time.monotonic() + LONG
    while ext.live():
        time.sleep(0.001)
        assert time.monotonic() < end, "it did not complete"
    time.sleep(0.01)
    assert not task.done()
    task._log_destroy_pending = False
    # The next loop may be where that one was.
    del task, loop
    gc.collect()
    for _ in range(20):
        loop = new_event_loop()
        assert loop.run_until_complete(ext.waits(0.001, 5)) == 5
        loop.close()


def a_loop_that_goes_on_later(new_event_loop):
    loop = new_event_loop()
    task = loop.create_task(ext.waits(0.02, 7))
    loop.run_until_complete(asyncio.sleep(0.001))
    time.sleep(0.1)
    assert loop.run_until_complete(task) == 7
    loop.close()


def loops_of_many_threads(new_event_loop):
    failed = []

    def work():
        try:
            loop = new_event_loop()

            async def main():
                for n in range(30):
                    assert await asyncio.gather(*(ext.waits(0.0005, n) for _ in range(8))) == [n] * 8

            loop.run_until_complete(main())
            loop.close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


def a_child_has_a_runtime_of_its_own(new_event_loop):
    if not hasattr(os, "fork"):
        return

    async def many():
        assert await asyncio.gather(*(ext.waits(0.001, n) for n in range(10))) == list(range(10))

    loop = new_event_loop()
    assert loop.run_until_complete(ext.waits(0.001, 1)) == 1
    before = ext.runtimes()
    for _ in range(3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                new_event_loop().run_until_complete(many())
                assert ext.runtimes() == before + 1
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        end = time.monotonic() + LONG
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > end:
                os.kill(child, 9)
                raise AssertionError("the child hung")
            time.sleep(0.005)
        assert os.waitstatus_to_exitcode(status) == 0
    assert loop.run_until_complete(ext.waits(0.001, 2)) == 2
    loop.close()


WITH_LOOPS = [
    a_loop_that_is_closed_drops_it,
    completes_when_its_loop_is_closed,
    a_loop_that_goes_on_later,
    loops_of_many_threads,
    a_child_has_a_runtime_of_its_own,
]


def a_lock_over_calls_into_python():
    """Many threads want a lock whose holder calls Python, which switches threads."""
    threads = [
        threading.Thread(target=lambda: [ext.locked(lambda: time.sleep(0.0001)) for _ in range(50)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ext.locked(lambda: None) == 301


def run(code):
    """Runs a program; gives how it ended and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", "import asyncio, os, sys, threading, time\nimport async_extension as ext\n" + code],
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    return done.returncode, done.stdout, done.stderr


def programs_end_with_work_pending():
    pending = """
async def main():
    tasks = [asyncio.create_task(ext.waits(1000)) for _ in range(10)]
    while ext.live() < 10:
        await asyncio.sleep(0.001)
"""
    assert run(pending + "asyncio.run(main())\nprint('end')") == (0, "end\n", "")
    # The loop is neither closed, nor are its tasks cancelled.
    loop = "loop = asyncio.new_event_loop()\nloop.run_until_complete(main())\nprint('end')"
    code, stdout, _ = run(pending + loop)
    assert (code, stdout) == (0, "end\n")
    # Python is called again and again while it ends.
    busy = """
async def main():
    for _ in range(4):
        asyncio.create_task(again())
    await asyncio.sleep(0.05)

async def again():
    while True:
        await ext.calls(lambda: [n for n in range(100)])
"""
    for _ in range(5):
        code, stdout, stderr = run(busy + "loop = asyncio.new_event_loop()\nloop.run_until_complete(main())\nprint('end')")
        assert (code, stdout) == (0, "end\n"), (code, stderr)
    # One that does not await, and never ends.
    blocked = """
async def main():
    asyncio.create_task(ext.blocks_at_the_gate())
    while not ext.live():
        await asyncio.sleep(0.001)
"""
    code, stdout, _ = run(blocked + "asyncio.run(main())\nprint('end')")
    assert (code, stdout) == (0, "end\n")
    # In a loop of a daemon, on other threads.
    daemon = """
def work():
    asyncio.run(main())

async def main():
    while True:
        await asyncio.gather(*(ext.calls(lambda: sum(range(50))) for _ in range(8)))

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
print('end')
"""
    for _ in range(5):
        code, stdout, stderr = run(daemon)
        assert (code, stdout) == (0, "end\n"), (code, stderr)


def a_panic_does_not_abort():
    code, stdout, stderr = run("""
async def main():
    return await asyncio.gather(ext.panics(True), ext.panics(False), return_exceptions=True)
print([type(one).__name__ for one in asyncio.run(main())])
""")
    assert (code, stdout) == (0, "['RustPanic', 'RustPanic']\n"), stderr
    # The hook of panics is as ever.
    assert "panicked at" in stderr


def exceptions_of_exit_come_out():
    code, _, stderr = run("""
def leave():
    sys.exit(3)
async def main():
    await ext.calls(leave)
asyncio.run(main())
""")
    assert code == 3, stderr


class NoReaders(asyncio.SelectorEventLoop):
    """As the loops of Windows are."""

    def add_reader(self, *arguments):
        raise NotImplementedError


def new_no_readers():
    loop = NoReaders.__new__(NoReaders)
    # A loop listens to itself by `add_reader`.
    NoReaders.add_reader, refuse = asyncio.SelectorEventLoop.add_reader, NoReaders.add_reader
    NoReaders.__init__(loop)
    NoReaders.add_reader = refuse
    return loop


def main():
    loops = {"asyncio": asyncio.new_event_loop, "without readers": new_no_readers}
    if uvloop is not None:
        loops["uvloop"] = uvloop.new_event_loop
    for kind, new_event_loop in loops.items():
        for test in IN_A_LOOP:
            loop = new_event_loop()
            loop.run_until_complete(test())
            loop.close()
            print(f"{kind}: {test.__name__} ... ok", flush=True)
        for test in WITH_LOOPS:
            test(new_event_loop)
            print(f"{kind}: {test.__name__} ... ok", flush=True)
    if sys.version_info >= (3, 12):
        loop = asyncio.new_event_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        for test in is_taken_wherever_a_coroutine_is, many_in_flight, is_timed_out, context_variables_are_kept:
            loop.run_until_complete(test())
            print(f"eager tasks: {test.__name__} ... ok", flush=True)
        loop.close()
    # It asks more of what a task runs, and says more of it.
    loop = asyncio.new_event_loop()
    loop.set_debug(True)
    for test in is_taken_wherever_a_coroutine_is, many_in_flight, is_cancelled, is_awaited_once:
        loop.run_until_complete(test())
        print(f"in debug mode: {test.__name__} ... ok", flush=True)
    loop.close()
    for test in (
        needs_a_loop,
        a_lock_over_calls_into_python,
        a_panic_does_not_abort,
        exceptions_of_exit_come_out,
        programs_end_with_work_pending,
    ):
        test()
        print(f"{test.__name__} ... ok", flush=True)
    print(f"all is well on {sys.version.split()[0]}", flush=True)


main()
