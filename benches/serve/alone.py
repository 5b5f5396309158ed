"""The model alone: texts a second, fed in batches of 1, 8 and 32 from plain Python. `alone.py [SECONDS]`."""

import json
import sys
import time

from model import load

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0

encoder = load()
rates = {}
for size in (1, 8, 32):
    # The very texts of the load's clients: long numbers are more tokens than short ones.
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        numbers = (client * 1_000_000 + done // size for client in range(size))
        encoder.encode([f"text {number}: a vessel came into the harbour at dawn" for number in numbers])
        done += size
    rates[size] = done / (time.perf_counter() - begun)
print(json.dumps(rates))
