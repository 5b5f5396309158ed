"""The model alone: texts a second, fed in batches of 1, 8 and 32 from plain Python. `alone.py [SECONDS]`."""

import json
import sys
import time

from model import load

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0

encoder = load()
rates = {}
for size in (1, 8, 32):
    # As the load client sends them: alike in length, and no two the same.
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        encoder.encode([f"text {done + place}: a vessel came into the harbour at dawn" for place in range(size)])
        done += size
    rates[size] = done / (time.perf_counter() - begun)
print(json.dumps(rates))
