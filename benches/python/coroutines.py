"""Coroutines and generators that do next to nothing: what is measured is the way there and back."""

import asyncio
from collections.abc import AsyncIterator


async def double(n: int) -> int:
    return 2 * n


async def count(n: int) -> AsyncIterator[int]:
    for i in range(n):
        yield i


async def patient(n: int) -> AsyncIterator[int]:
    for i in range(n):
        await asyncio.sleep(0)
        yield i


async def drain(name: str, n: int) -> int:
    sum = 0
    async for i in globals()[name](n):
        sum += i
    return sum
