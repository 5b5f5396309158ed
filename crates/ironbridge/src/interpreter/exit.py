"""What CPython does at its end, up to the point where it would take itself apart.

Threads that are not daemons are waited for, executors finish their work, `atexit` functions run, streams are flushed.
"""

import atexit
import sys
import threading


def finish(grace):
    """Waits at most `grace` seconds; returns the names of the threads that were left running."""
    left = []
    if _somebody_to_wait_for():
        done = threading.Event()
        # On a thread of its own, because nothing in here takes a timeout. A daemon, so that it does not wait for itself.
        waiter = threading.Thread(target=_wait, args=(done,), name="ironbridge-exit", daemon=True)
        waiter.start()
        if not done.wait(grace):
            left = [thread.name for thread in _working()]
    atexit._run_exitfuncs()
    flush()
    return left


def flush():
    """Flushes the two streams, each whether or not the other could be."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                # Ours, where output is routed, keep unfinished lines over a `flush`.
                getattr(stream, "drain", stream.flush)()
        except BrokenPipeError:
            # The reader went away: nobody is left to tell.
            pass
        except Exception:
            sys.excepthook(*sys.exc_info())


def _working():
    main = threading.main_thread()
    return [t for t in threading.enumerate() if t is not main and (not t.daemon or t.name.startswith("ThreadPoolExecutor"))]


def _somebody_to_wait_for():
    # `_threading_atexits` is where `concurrent.futures` leaves word that executors are to finish.
    return _working() or getattr(threading, "_threading_atexits", True)


def _wait(done):
    try:
        # Up to 3.12 the main thread counts as one to wait for, which it takes back itself when it is the one to call.
        lock = getattr(threading.main_thread(), "_tstate_lock", None)
        if lock is not None:
            with threading._shutdown_locks_lock:
                threading._shutdown_locks.discard(lock)
        threading._shutdown()
    finally:
        done.set()
