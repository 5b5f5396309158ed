"""Mosec, one worker: `mosec_server.py {echo,embed} PORT [MAX_BATCH WAIT_MILLISECONDS]`."""

import os
import sys

# Mosec reads the command line itself, and runs this file again in its workers with what it found there.
if "BENCH_SERVE" in os.environ:
    ours = os.environ["BENCH_SERVE"].split()
else:
    ours = sys.argv[1:]
    os.environ["BENCH_SERVE"] = " ".join(ours)
WORK, PORT = ours[0], ours[1]
MAX_BATCH = int(ours[2]) if len(ours) > 2 else 1
WAIT = int(ours[3]) if len(ours) > 3 else 0
sys.argv = [sys.argv[0], "--address", "127.0.0.1", "--port", PORT, "--timeout", "120000", "--log-level", "warning"]

from mosec import Server, Worker  # noqa: E402


class Echo(Worker):
    def forward(self, data):
        return {"values": data["values"]}


class Embed(Worker):
    def __init__(self):
        from model import load

        self.encoder = load()

    def forward(self, data):
        if isinstance(data, dict):
            return {"vector": self.encoder.encode([data["text"]])[0].tolist()}
        vectors = self.encoder.encode([each["text"] for each in data])
        return [{"vector": vector.tolist()} for vector in vectors]


if __name__ == "__main__":
    server = Server()
    worker, route = (Echo, "/echo") if WORK == "echo" else (Embed, "/embed")
    server.append_worker(worker, num=1, max_batch_size=MAX_BATCH, max_wait_time=WAIT, route=route)
    server.run()
