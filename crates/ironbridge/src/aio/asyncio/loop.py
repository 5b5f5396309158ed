"""The thread that runs coroutines for Rust: one event loop, woken by a socket."""

import asyncio
import atexit
import contextvars
import socket
import threading

# What the loop gets to close its asynchronous generators in, at the end, in seconds.
GRACE = 1.0


class Ending:
    """Whether the loop is to end, since tasks may stop it without being asked to."""

    def __init__(self, loop, thread):
        self.loop = loop
        self.thread = thread
        self.is_asked = False


def start(descriptor, take_messages, lost, end):
    """Starts the thread; gives what ends it. A byte that comes through the socket says that there are messages to take."""
    receiver = socket.socket(fileno=descriptor)
    receiver.setblocking(False)
    loop = new_event_loop()
    # A daemon: Rust programs end when their `main` does.
    thread = threading.Thread(name="ironbridge-asyncio", daemon=True)
    ending = Ending(loop, thread)
    thread.run = lambda: run(ending, receiver, take_messages, lost)
    atexit.register(end)
    thread.start()
    return lambda: stop(ending)


def new_event_loop():
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(ending, receiver, take_messages, lost):
    loop = ending.loop
    asyncio.set_event_loop(loop)

    def woken():
        try:
            receiver.recv(4096)
        except BlockingIOError:
            pass
        take_messages(loop)

    async def listen():
        while await loop.sock_recv(receiver, 4096):
            take_messages(loop)

    try:
        loop.add_reader(receiver, woken)
    except NotImplementedError:
        # Windows' loop of completion ports has none.
        listening = loop.create_task(listen())
    why = None
    while not ending.is_asked and why is None:
        try:
            loop.run_forever()
        except Exception as broken:
            why = f"{type(broken).__name__}: {broken}"
        except BaseException:
            # `SystemExit` and `KeyboardInterrupt` of a task leave the loop, too; they are in the task.
            pass
        if loop.is_closed():
            why = "it was closed"
    try:
        receiver.close()
        loop.close()
    except Exception as broken:
        why = why or f"{type(broken).__name__}: {broken}"
    if why is not None:
        lost(why)
        close_tasks(loop)


def close_tasks(loop):
    """Cancels what a dead loop leaves, so that `finally` blocks run, and not when the garbage collector comes by.

    Whoever awaits something there cannot be served.
    """
    for task in asyncio.all_tasks(loop):
        # CPython 3.11 does not tell it.
        context = task.get_context() if hasattr(task, "get_context") else contextvars.copy_context()
        try:
            context.run(cancel, task.get_coro())
            # As asyncio does with what it has cancelled itself.
            task._log_destroy_pending = False
        except BaseException as raised:
            message = "a task could not be cancelled when its event loop had died"
            loop.call_exception_handler({"message": message, "exception": raised, "task": task})


def cancel(coroutine):
    # Not `close` alone: before 3.13 it leaves an asynchronous generator that the coroutine asks for an item as it is.
    try:
        coroutine.throw(asyncio.CancelledError("the event loop died"))
    except (asyncio.CancelledError, StopIteration):
        return
    coroutine.close()


def stop(ending):
    """Ends the loop, and waits for it a little."""
    ending.is_asked = True
    try:
        asyncio.run_coroutine_threadsafe(finish(ending.loop), ending.loop)
    except RuntimeError:
        # The loop is closed.
        return
    ending.thread.join(GRACE)


async def finish(loop):
    """Cancels what others started there, too."""
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=GRACE)
    await loop.shutdown_asyncgens()
    loop.stop()
