import asyncio
import time

begun = time.monotonic()
await asyncio.sleep(seconds)
time.monotonic() - begun
