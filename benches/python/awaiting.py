"""Awaits a function of an extension, alone or many at a time."""

import asyncio

loop = asyncio.new_event_loop()


async def one_after_another(function, times):
    for n in range(times):
        await function(n)


async def at_a_time(function, times, in_flight):
    each = -(-times // in_flight)
    await asyncio.gather(*(one_after_another(function, each) for _ in range(in_flight)))


def run(function, times, in_flight):
    loop.run_until_complete(at_a_time(function, times, in_flight))
