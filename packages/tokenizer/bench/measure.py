"""One measurement of one subject, in a process of its own: `bench.py` starts it and reads the JSON that it prints.

    python measure.py FILES CORPUS MEASUREMENT SUBJECT
"""

import hashlib
import json
import os
import sys
import time
from array import array
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from subjects import SUBJECTS, IronbpeRust, Subject, documents

TEXT = 10_000_000
SENTENCE = "The quick brown fox jumps over the lazy dog, twice."
SHORT_CALLS = 20_000


def digest(ids: Iterable[int]) -> str:
    return hashlib.sha256(array("I", ids).tobytes()).hexdigest()


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = action()
    return time.perf_counter() - begun, result


def encode(it: Subject, name: str, texts: list[str], how: str) -> dict[str, Any]:
    """First with what the tokenizer has when it was loaded, then once more."""
    it.load(name)
    method = getattr(it, "encode_numpy" if how == "numpy" else "encode")
    cold, ids = timed(lambda: [method(text) for text in texts])
    found = digest(chain.from_iterable(part.tolist() if how == "numpy" else part for part in ids))
    del ids
    warm, _ = timed(lambda: [method(text) for text in texts])
    return {"times": {f"{name} {how}, cold": cold, f"{name} {how}, warm": warm}, "digest": found}


def batch(it: Subject, name: str, texts: list[str]) -> dict[str, Any]:
    it.load(name)
    threads = len(os.sched_getaffinity(0))
    cold, ids = timed(lambda: it.batch(texts, threads))
    found = digest(chain.from_iterable(ids))
    del ids
    warm, _ = timed(lambda: it.batch(texts, threads))
    return {"times": {f"{name} batch, cold": cold, f"{name} batch, warm": warm}, "digest": found}


def decode(it: Subject, name: str, texts: list[str]) -> dict[str, Any]:
    it.load(name)
    ids = [it.encode(text) for text in texts]
    it.decode(ids[0])
    taken, decoded = timed(lambda: [it.decode(part) for part in ids])
    return {"times": {f"{name} decode": taken}, "digest": hashlib.sha256("".join(decoded).encode()).hexdigest()}


def short(it: Subject, name: str) -> dict[str, Any]:
    it.load(name)
    method, sentence = it.encode, SENTENCE
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(SHORT_CALLS):
            method(sentence)
        best = min(best, time.perf_counter() - begun)
    return {"times": {f"{name} short call": best / SHORT_CALLS}, "digest": digest(method(sentence))}


def repeats(it: Subject, name: str, row: str, text: str) -> dict[str, Any]:
    it.load(name)
    taken, ids = timed(lambda: it.encode(text))
    return {"times": {f"{name} {row}": taken}, "digest": digest(ids)}


def train(it: Subject, corpus: Path, row: str, size: int) -> dict[str, Any]:
    taken, tokens = timed(lambda: it.train(corpus, size))
    spelled = b"\n".join(sorted(token.hex().encode() for token in tokens))
    return {"times": {row: taken}, "digest": hashlib.sha256(spelled).hexdigest(), "tokens": spelled.decode()}


def in_rust(it: IronbpeRust, corpus: Path, measurement: list[str]) -> dict[str, Any]:
    match measurement:
        case ["encode", name, "list"]:
            rows, texts = [f"{name} list, cold", f"{name} list, warm"], list(documents(corpus, TEXT))
        case ["decode", name]:
            rows, texts = [f"{name} decode"], list(documents(corpus, TEXT))
        case ["short" | "load" as what, name]:
            rows, texts = [f"{name} {what}" + " call" * (what == "short")], [SENTENCE]
        case ["repeats", name, row, unit]:
            rows, texts, measurement = [f"{name} {row}"], [unit * (1 << 20)], ["encode"]
        case _:
            raise NotImplementedError(measurement)
    seconds, made = it.measure(measurement[0], name, texts)
    return {"times": dict(zip(rows, seconds)), "digest": hashlib.sha256(made).hexdigest()}


def run(files: Path, corpus: Path, measurement: list[str], subject: str) -> dict[str, Any]:
    it = SUBJECTS[subject](files)
    if isinstance(it, IronbpeRust):
        return in_rust(it, corpus, measurement)
    match measurement:
        case ["train", row, size]:
            return train(it, corpus, row, int(size))
        case ["encode", name, how]:
            return encode(it, name, list(documents(corpus, TEXT)), how)
        case ["batch", name]:
            return batch(it, name, list(documents(corpus, 4 * TEXT)))
        case ["decode", name]:
            return decode(it, name, list(documents(corpus, TEXT)))
        case ["short", name]:
            return short(it, name)
        case ["repeats", name, row, unit]:
            return repeats(it, name, row, unit * (1 << 20))
        case ["load", name]:
            taken, _ = timed(lambda: it.load(name))
            return {"times": {f"{name} load": taken}, "digest": digest(it.encode(SENTENCE))}
    raise ValueError(measurement)


def main() -> None:
    files, corpus, measurement, subject = sys.argv[1:]
    try:
        result = run(Path(files), Path(corpus), json.loads(measurement), subject) | {
            "version": SUBJECTS[subject].version()
        }
    except BaseException as error:  # a panic of PyO3 is no Exception
        result = {"failed": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:120]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
