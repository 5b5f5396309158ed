"""A coroutine that waits for nothing: what is measured is the way there and back."""


async def double(n: int) -> int:
    return 2 * n
