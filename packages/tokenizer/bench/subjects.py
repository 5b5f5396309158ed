"""Those that are measured, each behind the same few methods. What one of them cannot do it does not have."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from vocabularies import PATTERNS

CHUNK = 1 << 16


def documents(path: Path, size: int | None = None) -> Iterator[str]:
    """The text in stretches of about 64 KiB. They end before a line that begins with a letter or sign: no piece of any
    pattern reaches across, so whoever reads the file whole finds the same pieces."""
    rest, read = "", 0
    with path.open(encoding="utf-8", newline="") as file:
        while size is None or read < size:
            block = file.read(CHUNK)
            if not block:
                break
            rest += block
            end = len(rest)
            while (end := rest.rfind("\n", 0, end)) >= 0:
                if end + 1 < len(rest) and not rest[end + 1].isspace():
                    break
            if end >= 0:
                read += len(rest[: end + 1].encode())
                yield rest[: end + 1]
                rest = rest[end + 1 :]
    if rest and (size is None or read < size):
        yield rest


class Subject:
    """`files` is where the vocabularies lie."""

    package: str
    # Why its ids are not the others', where it is known beforehand.
    note = ""

    def __init__(self, files: Path) -> None:
        self.files = files

    @classmethod
    def version(cls) -> str:
        return metadata.version(cls.package)


class Ironbpe(Subject):
    package = "ironbpe"

    def load(self, name: str) -> None:
        from ironbpe import Tokenizer

        self.it = Tokenizer.from_tiktoken(self.files / f"{name}.tiktoken", pattern=name)

    def encode(self, text: str) -> list[int]:
        return self.it.encode_ordinary(text)

    def encode_numpy(self, text: str) -> Any:
        return self.it.encode_to_numpy(text)

    def batch(self, texts: list[str], threads: int) -> list[list[int]]:
        return self.it.encode_batch(texts, threads=threads)

    def decode(self, ids: list[int]) -> str:
        return self.it.decode(ids)

    def train(self, path: Path, size: int) -> set[bytes]:
        import ironbpe

        it = ironbpe.train_from_iterator(documents(path), size, pattern="cl100k")
        return set(it.vocab)


class IronbpeFiles(Ironbpe):
    """Reads the file itself."""

    def train(self, path: Path, size: int) -> set[bytes]:
        import ironbpe

        return set(ironbpe.train_from_files([path], size, pattern="cl100k").vocab)


class IronbpeRust(Subject):
    """Without Python between: the program that `examples/measure.rs` makes, where it is built."""

    package = "ironbpe"

    def measure(self, what: str, name: str, texts: list[str]) -> tuple[list[float], bytes]:
        """The seconds of its runs, and the ids or the text that it made."""
        program = os.environ.get("IRONBPE_MEASURE") or "measure"
        with tempfile.TemporaryDirectory() as directory:
            given, made = Path(directory, "texts"), Path(directory, "made")
            with given.open("wb") as file:
                for text in texts:
                    data = text.encode()
                    file.write(len(data).to_bytes(4, "little") + data)
            command = [program, what, str(self.files / f"{name}.tiktoken"), name, str(given), str(made)]
            said = subprocess.run(command, check=True, capture_output=True).stdout
            return json.loads(said), made.read_bytes()

    @classmethod
    def version(cls) -> str:
        return ""

    def load(self, name: str) -> None: ...
    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: list[int]) -> str: ...


class Tiktoken(Subject):
    package = "tiktoken"

    def load(self, name: str) -> None:
        import tiktoken
        import tiktoken.load
        import tiktoken_ext.openai_public as public

        # The pattern as it is published; no file is fetched for it.
        read, public.load_tiktoken_bpe = public.load_tiktoken_bpe, lambda *_, **__: {}
        try:
            pattern = getattr(public, f"{name}_base")()["pat_str"]
        finally:
            public.load_tiktoken_bpe = read
        ranks = tiktoken.load.load_tiktoken_bpe(str(self.files / f"{name}.tiktoken"))
        self.it = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})

    def encode(self, text: str) -> list[int]:
        return self.it.encode_ordinary(text)

    def encode_numpy(self, text: str) -> Any:
        return self.it.encode_to_numpy(text)

    def batch(self, texts: list[str], threads: int) -> list[list[int]]:
        return self.it.encode_ordinary_batch(texts, num_threads=threads)

    def decode(self, ids: list[int]) -> str:
        return self.it.decode(ids)


class Gigatoken(Subject):
    package = "gigatoken"

    def load(self, name: str) -> None:
        from gigatoken import Tokenizer

        self.it = Tokenizer.from_tiktoken(self.files / f"{name}.tiktoken", name, {}).backend

    def encode(self, text: str) -> list[int]:
        return self.it.encode_batch_list([text], parallel=False)[0]

    def encode_numpy(self, text: str) -> Any:
        return self.it.encode(text)

    def batch(self, texts: list[str], threads: int) -> list[list[int]]:
        return self.it.encode_batch_list(texts)

    def decode(self, ids: list[int]) -> str:
        return self.it.decode(ids).decode("utf-8", "replace")

    def train(self, path: Path, size: int) -> set[bytes]:
        from gigatoken import TextFileSource, train_bpe

        vocabulary, _ = train_bpe(TextFileSource([path]), size, [], tie_breaking="raw_token_ids")
        return set(vocabulary.values())


class HuggingFace(Subject):
    package = "tokenizers"

    def load(self, name: str) -> None:
        from tokenizers import Tokenizer

        self.it = Tokenizer.from_file(str(self.files / f"{name}.json"))

    def encode(self, text: str) -> list[int]:
        return self.it.encode(text, add_special_tokens=False).ids

    def batch(self, texts: list[str], threads: int) -> list[list[int]]:
        return [found.ids for found in self.it.encode_batch_fast(texts, add_special_tokens=False)]

    def decode(self, ids: list[int]) -> str:
        return self.it.decode(ids, skip_special_tokens=False)

    def train(self, path: Path, size: int) -> set[bytes]:
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

        from vocabularies import byte_letters

        it = Tokenizer(models.BPE())
        split = pre_tokenizers.Split(Regex(PATTERNS["cl100k"]), "isolated")
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        it.pre_tokenizer = pre_tokenizers.Sequence([split, level])
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=alphabet)
        it.train_from_iterator(documents(path), trainer)
        bytes_ = {letter: byte for byte, letter in byte_letters().items()}
        return {bytes(bytes_[letter] for letter in token) for token in it.get_vocab()}


class HuggingFaceNext(HuggingFace):
    """The next version, which lies in a directory of its own."""

    def __init__(self, files: Path) -> None:
        super().__init__(files)
        sys.path.insert(0, str(files / "next"))


class Rustbpe(Subject):
    package = "rustbpe"

    def train(self, path: Path, size: int) -> set[bytes]:
        import rustbpe

        it = rustbpe.Tokenizer()
        it.train_from_iterator(documents(path), size, pattern=PATTERNS["cl100k"])
        return {bytes(token) for token, _ in it.get_mergeable_ranks()}


class Bpeasy(Subject):
    package = "bpeasy"

    def train(self, path: Path, size: int) -> set[bytes]:
        import bpeasy

        return set(bpeasy.train_bpe(documents(path), PATTERNS["cl100k"], 1 << 20, size))


class Quicktok(Subject):
    package = "quicktok"
    note = "has no pattern"

    def load(self, name: str) -> None:
        from quicktok import BasicTokenizer

        self.it = BasicTokenizer()
        self.it.load(str(self.files / f"{name}.quicktok"))

    def encode(self, text: str) -> list[int]:
        return self.it.encode(text)

    def decode(self, ids: list[int]) -> str:
        return self.it.decode(ids)

    def train(self, path: Path, size: int) -> set[bytes]:
        from quicktok import BasicTokenizer

        it = BasicTokenizer(num_threads=len(os.sched_getaffinity(0)))
        it.train(path.read_text(encoding="utf-8"), size)
        return set()


class BpeOpenai(Subject):
    package = "bpe-openai"

    def load(self, name: str) -> None:
        import bpe_openai

        self.it = bpe_openai.get_encoding(f"{name}_base")

    def encode(self, text: str) -> list[int]:
        return self.it.encode_ordinary(text)

    def encode_numpy(self, text: str) -> Any:
        return self.it.encode_to_numpy(text)

    def batch(self, texts: list[str], threads: int) -> list[list[int]]:
        return self.it.encode_ordinary_batch(texts, num_threads=threads)

    def decode(self, ids: list[int]) -> str:
        return self.it.decode(ids)


SUBJECTS: dict[str, type[Subject]] = {
    "ironbpe": Ironbpe,
    "ironbpe, reading the file": IronbpeFiles,
    "ironbpe, in Rust": IronbpeRust,
    "tiktoken": Tiktoken,
    "gigatoken": Gigatoken,
    "tokenizers": HuggingFace,
    "tokenizers, next": HuggingFaceNext,
    "rustbpe": Rustbpe,
    "quicktok": Quicktok,
    "bpe-openai": BpeOpenai,
    "bpeasy": Bpeasy,
}
