"""The thread that runs coroutines for Rust: one event loop, woken by a socket."""

import asyncio
import atexit
import socket
import threading

# What tasks get to finish in at the program's end, in seconds.
GRACE = 1.0


def start(descriptor, take_messages, end):
    """Starts the thread. A byte that comes through the socket says that there are messages to take."""
    receiver = socket.socket(fileno=descriptor)
    receiver.setblocking(False)
    loop = new_event_loop()
    # A daemon: Rust programs end when their `main` does.
    thread = threading.Thread(
        target=run, args=(loop, receiver, take_messages), name="ironbridge-asyncio", daemon=True
    )
    thread.start()
    atexit.register(stop, loop, thread, end)


def new_event_loop():
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(loop, receiver, take_messages):
    asyncio.set_event_loop(loop)
    tasks = {}

    def woken():
        try:
            receiver.recv(4096)
        except BlockingIOError:
            pass
        take_messages(loop, tasks)

    async def listen():
        while await loop.sock_recv(receiver, 4096):
            take_messages(loop, tasks)

    try:
        loop.add_reader(receiver, woken)
    except NotImplementedError:
        # Windows' loop of completion ports has none.
        listening = loop.create_task(listen())
    while True:
        try:
            loop.run_forever()
        except BaseException:
            # `SystemExit` and `KeyboardInterrupt` of a task leave the loop, too; they are in the task.
            continue
        break
    loop.close()
    receiver.close()


def stop(loop, thread, end):
    """Cancels what runs, and waits for it a little."""
    end()
    try:
        asyncio.run_coroutine_threadsafe(finish(loop), loop)
    except RuntimeError:
        # The loop is closed.
        return
    thread.join(GRACE)


async def finish(loop):
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    await loop.shutdown_asyncgens()
    loop.stop()
