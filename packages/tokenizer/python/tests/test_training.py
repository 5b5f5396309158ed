"""Training: what it gives, and what it leaves when it fails."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ironbpe import Tokenizer

TEXT = "".join(f"number {n} and word{n % 97} of line {n % 13}\n" for n in range(20_000))


def test_texts_files_and_iterators_give_the_same(tmp_path: Path) -> None:
    one, two, three = Tokenizer(), Tokenizer(), Tokenizer()
    one.train(TEXT, 600)
    two.train_from_iterator(TEXT.splitlines(keepends=True), 600, threads=1)
    (tmp_path / "text").write_text(TEXT)
    three.train_files([tmp_path / "text"], 600)
    assert one == three
    # A piece never goes over the end of a text.
    assert len(two) == 600
    bytes_too = Tokenizer()
    bytes_too.train_from_iterator((line.encode() for line in TEXT.splitlines(keepends=True)), 600)
    assert bytes_too == two


def test_a_plain_count_makes_the_same_merges() -> None:
    words = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
    tokenizer = Tokenizer()
    tokenizer.train_from_iterator(words, 256 + 6)
    # es and st occur 9 times, and e is less than s.
    assert tokenizer.merges[:3] == [(b"e", b"s"), (b"es", b"t"), (b"l", b"o")]


def test_patterns_by_name_and_by_expression() -> None:
    for name in ("gpt2", "cl100k", "o200k"):
        tokenizer = Tokenizer()
        tokenizer.train("text " * 10, 260, pattern=name)
        again = Tokenizer()
        again.train("text " * 10, 260, pattern=tokenizer.pattern)
        assert tokenizer == again and name in repr(tokenizer)
    own = Tokenizer()
    own.train("aaa-bbb-aaa", 258, pattern=r"\w+|\W")
    assert own.pattern == r"\w+|\W"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocab_size": 255}, "255"),
        ({"vocab_size": -1}, "-1"),
        ({"vocab_size": 257, "special_tokens": ["a", "b"]}, "2 special tokens"),
        ({"vocab_size": 300, "special_tokens": [""]}, "empty"),
        ({"vocab_size": 2**40}, "32 bits"),
        ({"vocab_size": 300, "pattern": "("}, r"'?\(|does not compile"),
        ({"vocab_size": 300, "threads": 0}, "threads"),
    ],
)
def test_settings_that_make_no_sense(arguments: dict[str, object], message: str) -> None:
    tokenizer = Tokenizer()
    with pytest.raises(ValueError, match=message):
        tokenizer.train("text", **arguments)  # type: ignore[arg-type]
    assert tokenizer == Tokenizer()


def failing(texts: list[object], error: Exception | None = None) -> Iterator[str]:
    yield from texts  # type: ignore[misc]
    if error:
        raise error


def test_an_iterator_that_fails_changes_nothing(tmp_path: Path) -> None:
    tokenizer = Tokenizer()
    tokenizer.train("ab ab ab", 257)
    before = tokenizer.merges
    with pytest.raises(LookupError, match="mine"):
        tokenizer.train_from_iterator(failing(["a"] * 10, LookupError("mine")), 300)
    with pytest.raises(TypeError, match="text 2 of the iterator: a text is str or bytes, not int"):
        tokenizer.train_from_iterator(failing(["a", "b", 5]), 300)
    with pytest.raises(TypeError):
        tokenizer.train_from_iterator(5, 300)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        tokenizer.train_files([tmp_path / "nowhere"], 300)
    assert tokenizer.merges == before


def test_an_iterator_may_use_the_tokenizer_and_not_train_it() -> None:
    tokenizer = Tokenizer()
    tokenizer.train("ab ab ab", 257)

    def texts() -> Iterator[str]:
        assert tokenizer.encode("ab") == [256]
        with pytest.raises(RuntimeError, match="being trained already"):
            tokenizer.train("text", 300)
        yield "cd cd"

    tokenizer.train_from_iterator(texts(), 257)
    assert tokenizer.merges == [(b"c", b"d")]


def test_progress_is_told_and_may_stop_it() -> None:
    seen: list[tuple[str, int, int | None]] = []
    tokenizer = Tokenizer()
    tokenizer.train(TEXT, 600, progress=lambda *told: seen.append(told))
    assert seen and seen[0][0] == "counting" and seen[0][2] == len(TEXT)

    def fail(*told: object) -> None:
        raise LookupError("enough")

    before = tokenizer.merges
    with pytest.raises(LookupError, match="enough"):
        tokenizer.train(TEXT, 700, progress=fail)
    assert tokenizer.merges == before


def test_threads_encode_while_it_is_trained() -> None:
    tokenizer = Tokenizer()
    tokenizer.train(TEXT, 400)
    failed: list[object] = []
    done = threading.Event()

    def encode() -> None:
        while not done.is_set():
            ids = tokenizer.encode_ordinary("number 5 and word7")
            # Ids of the one before may be longer than the one that is now has.
            if len(ids) > 18:
                failed.append(ids)

    threads = [threading.Thread(target=encode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for size in (500, 600, 700):
        tokenizer.train(TEXT, size)
        assert len(tokenizer) == size
    done.set()
    for thread in threads:
        thread.join()
    assert not failed


INTERRUPTED = """
import sys, time
from ironbpe import Tokenizer
tokenizer = Tokenizer()
tokenizer.train("ab ab ab", 257)
letters = str.maketrans("0123456789", "ghijklmnop")
text = "".join(f"{n * n * 7919:x} ".translate(letters) for n in range(3_000_000))
def told(stage, done, total):
    print(stage, flush=True)
try:
    tokenizer.train(text, 200_000, progress=told)
except KeyboardInterrupt:
    print("stopped", time.time(), tokenizer.merges, flush=True)
"""


@pytest.mark.parametrize("stage", ["counting", "merging"])
def test_ctrl_c_stops_it(stage: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == stage:
                break
        sent = time.time()
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
    word, at, merges = rest.strip().splitlines()[-1].split(maxsplit=2)
    assert (word, merges) == ("stopped", "[(b'a', b'b')]")
    print(f"stopped after {float(at) - sent:.3f} s")
    assert float(at) - sent < 2
