"""Keeps the program's SIGINT handler in place when Python code puts Python's default one back.

`asyncio.run`, among others, installs a handler of its own and then restores `default_int_handler`, which at the C
level installs CPython's handler. The built-in function is replaced, not `signal.signal`: that one calls it, and
importing `signal` just for this would cost a tenth of the start.
"""

import _signal


def wrap(put_back):
    built_in = _signal.signal
    default = _signal.default_int_handler
    interrupt = _signal.SIGINT

    def signal(signalnum, handler, /):
        previous = built_in(signalnum, handler)
        if signalnum == interrupt and handler is default:
            put_back()
        return previous

    signal.__doc__ = built_in.__doc__
    signal.__qualname__ = built_in.__qualname__
    _signal.signal = signal
