"""Iterates for a stream of Rust's: one task for all of its items, as one `async for` would be.

Context variables and cancel scopes that span a `yield` belong to a task. So the iterator is asked, and closed, by one alone.
"""

import asyncio


async def pump(sink, iterable):
    sink.begin(asyncio.get_running_loop())
    push = sink.push
    iterator = aiter(iterable)
    try:
        async for item in iterator:
            room = push(item)
            if room is not None:
                await room
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
