"""Batch functions for the tests."""

import asyncio
import time

begun = 0
cancelled = 0


def lengths(texts: list[str]) -> list[int]:
    return [len(text) for text in texts]


def with_exceptions(texts: list[str]) -> list:
    given = {"bad": ValueError("it is bad"), "text": "no number"}
    return [given.get(text, len(text)) for text in texts]


def raising(texts: list[str]) -> list[int]:
    if "bad" in texts:
        raise ValueError("it is bad")
    return lengths(texts)


async def slow(texts: list[str]) -> list[int]:
    await asyncio.sleep(0.002)
    return lengths(texts)


async def endless(texts: list[str]) -> list[int]:
    global begun, cancelled
    begun += 1
    try:
        while True:
            await asyncio.sleep(3600)
    except asyncio.CancelledError:
        cancelled += 1
        raise


async def forever(texts: list[str]) -> list[int]:
    while True:
        await asyncio.sleep(3600)
