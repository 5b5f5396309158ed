"""Measures ironbpe beside its peers on one corpus in one run, prints a table in Markdown, and writes JSON.

Every measurement runs in a process of its own. In a round each subject is measured once, one after the other, so that
what else the machine does falls on all alike; the figures are medians over the rounds. Ids are compared with tiktoken's:
a subject with others is marked, and not ranked.

    python bench.py --directory target/tokenizer-bench [--rounds 5] [--json FILE] [suite ...]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import corpus
import vocabularies
from measure import SENTENCE, TEXT
from subjects import SUBJECTS, documents

HERE = Path(__file__).parent
LIMIT = 60.0  # seconds for one measurement, or
TRAINING_LIMIT = 400.0


@dataclass(frozen=True)
class Measurement:
    arguments: tuple[str, ...]
    method: str  # what a subject must have for it
    reference: str  # whose figures and ids the others' are compared with
    cores: int = 1
    size: int | None = None  # bytes, for a rate


def suites() -> dict[str, list[Measurement]]:
    both = ("cl100k", "o200k")
    repeats = [("spaces", " "), ("letters", "a"), ("newlines", "\n")]
    return {
        "train": [
            Measurement(("train", "32k, one core", "32000"), "train", "rustbpe", 1, -1),
            Measurement(("train", "32k, two cores", "32000"), "train", "rustbpe", 2, -1),
        ],
        "encode": [
            Measurement(("encode", name, how), "encode_numpy" if how == "numpy" else "encode", "tiktoken", 1, TEXT)
            for name in both
            for how in ("list", "numpy")
        ],
        "batch": [Measurement(("batch", name), "batch", "tiktoken", 2, 4 * TEXT) for name in both],
        "decode": [Measurement(("decode", "cl100k"), "decode", "tiktoken", 1, TEXT)],
        "short": [Measurement(("short", name), "encode", "tiktoken") for name in both],
        "repeats": [
            Measurement(("repeats", "cl100k", f"1 MiB of {row}", unit), "encode", "tiktoken") for row, unit in repeats
        ],
        "load": [Measurement(("load", name), "load", "tiktoken") for name in both],
    }


@dataclass
class Result:
    """What the rounds of one subject gave for one measurement."""

    times: dict[str, list[float]] = field(default_factory=dict)
    peak: list[int] = field(default_factory=list)
    digest: str = ""
    tokens: str = ""
    failed: str = ""
    version: str = ""


def child(directory: Path, text: Path, measurement: Measurement, subject: str) -> tuple[dict[str, Any], int]:
    """Runs one measurement; gives what it printed, and its peak memory in bytes."""
    cores = sorted(os.sched_getaffinity(0))[-measurement.cores :]
    environment = os.environ | {
        "RAYON_NUM_THREADS": str(len(cores)),
        "TOKENIZERS_PARALLELISM": "true" if len(cores) > 1 else "false",
        "TIKTOKEN_CACHE_DIR": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, str(HERE / "measure.py"), str(directory), str(text)]
    command += [json.dumps(measurement.arguments), subject]
    limit = TRAINING_LIMIT if measurement.method == "train" else LIMIT
    command = ["timeout", "--signal=KILL", str(limit), "taskset", "-c", ",".join(map(str, cores)), *command]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().splitlines()
    peak = usage.ru_maxrss * 1024
    if process.returncode == 137 or process.returncode == -9:
        return {"failed": f"not done in {limit:.0f} s, or killed"}, peak
    if not lines:
        return {"failed": f"ended with {process.returncode}"}, peak
    return json.loads(lines[-1]), peak


def measure(
    directory: Path, text: Path, measurement: Measurement, names: list[str], rounds: int
) -> dict[str, Result]:
    able = [name for name in names if hasattr(SUBJECTS[name], measurement.method)]
    if measurement.method != "train":
        able = [name for name in able if name != "ironbpe, reading the file"]
    results = {name: Result() for name in able}
    for number in range(rounds):
        for name in able:
            result = results[name]
            if result.failed:
                continue
            print(f"  round {number + 1}: {' '.join(measurement.arguments)!r}: {name}", file=sys.stderr, flush=True)
            found, peak = child(directory, text, measurement, name)
            if "failed" in found:
                result.failed = found["failed"]
                continue
            result.digest, result.version = found["digest"], found["version"]
            result.tokens = found.get("tokens", "")
            result.peak.append(peak)
            for row, seconds in found["times"].items():
                result.times.setdefault(row, []).append(seconds)
    return results


def rows(suite: str, measurement: Measurement, results: dict[str, Result], size: int) -> list[dict[str, Any]]:
    reference = results.get(measurement.reference)
    names = dict.fromkeys(row for result in results.values() for row in result.times)
    found = []
    for row in names or [" ".join(measurement.arguments)]:
        for subject, result in results.items():
            one: dict[str, Any] = {"suite": suite, "row": row, "subject": subject, "version": result.version}
            found.append(one)
            if result.failed:
                one["failed"] = result.failed
                continue
            one["seconds"] = statistics.median(result.times[row])
            one["rounds"] = result.times[row]
            if measurement.size is not None:
                one["megabytes_per_second"] = size / 1e6 / one["seconds"]
            if reference is not None and not reference.failed:
                one["ratio"] = statistics.median(reference.times[row]) / one["seconds"]
                if suite == "train":
                    ours, theirs = set(result.tokens.split()), set(reference.tokens.split())
                    one["same_tokens"] = len(ours & theirs) / max(len(theirs), 1)
                    one["note"] = SUBJECTS[subject].note
                elif result.digest != reference.digest:
                    one["note"] = f"other ids: {SUBJECTS[subject].note}".removesuffix(": ")
            if suite == "train":
                one["peak_bytes"] = statistics.median(result.peak)
    return found


def shown(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def table(every: list[dict[str, Any]]) -> str:
    lines = ["| | | time | MB/s | against | peak memory | |", "|---|---|--:|--:|--:|--:|---|"]
    for row in dict.fromkeys(one["row"] for one in every):
        of_row = [one for one in every if one["row"] == row]
        of_row.sort(key=lambda one: ("failed" in one, one["suite"] != "train" and bool(one.get("note")), one.get("seconds")))
        for one in of_row:
            note = one.get("note", "")
            if "failed" in one:
                lines.append(f"| {row} | {one['subject']} | fails | | | | {one['failed']} |")
                continue
            rate = f"{one['megabytes_per_second']:.1f}" if "megabytes_per_second" in one else ""
            against = f"{one['ratio']:.2f}×" if "ratio" in one else ""
            peak = f"{one['peak_bytes'] / 1e6:.0f} MB" if "peak_bytes" in one else ""
            if "same_tokens" in one and one["same_tokens"] < 1:
                note = "; ".join(filter(None, [note, f"{one['same_tokens']:.2%} of rustbpe's tokens"]))
            lines.append(f"| {row} | {one['subject']} | {shown(one['seconds'])} | {rate} | {against} | {peak} | {note} |")
    return "\n".join(lines)


def main() -> None:
    every_suite = suites()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", metavar="suite", help=", ".join(every_suite))
    parser.add_argument("--directory", type=Path, required=True, help="where packages, the corpus and files are kept")
    parser.add_argument("--megabytes", type=int, default=100, help="of the corpus")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", metavar="SUBJECT", help="only these subjects")
    parser.add_argument("--json", type=Path, help="writes the rows to a file")
    arguments = parser.parse_args()
    for name in arguments.suites:
        if name not in every_suite:
            parser.error(f"there is no suite {name!r}; there are {', '.join(every_suite)}")
    directory = arguments.directory.resolve()
    text = corpus.make(directory, arguments.megabytes)
    for name in ("cl100k", "o200k"):
        vocabularies.make(name, directory)
    sizes = {None: 0, -1: text.stat().st_size}
    for size in (TEXT, 4 * TEXT):
        sizes[size] = sum(len(part.encode()) for part in documents(text, size))
    names = [name for name in SUBJECTS if not arguments.only or name in arguments.only]
    found = []
    for suite in arguments.suites or every_suite:
        print(suite, file=sys.stderr)
        for measurement in every_suite[suite]:
            results = measure(directory, text, measurement, names, arguments.rounds)
            found += rows(suite, measurement, results, sizes[measurement.size])
            if arguments.json:
                arguments.json.write_text(json.dumps(found, indent=1, ensure_ascii=False))
    about = json.loads(text.with_suffix(".json").read_text())
    print(f"corpus: {about['bytes']} bytes, sha256 {about['sha256'][:16]}; a short call is of {len(SENTENCE)} letters;")
    print("`against` is the time of tiktoken, in training of rustbpe, by that of the subject; medians of", end=" ")
    print(f"{arguments.rounds} rounds")
    versions = {one["subject"]: one["version"] for one in found if one.get("version")}
    print("; ".join(f"{subject} {version}" for subject, version in versions.items()))
    print()
    print(table(found))


if __name__ == "__main__":
    main()
