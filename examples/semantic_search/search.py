"""The index: passages and their vectors, kept on disk between runs."""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from corpus import Passage
from minilm import Encoder, Floats, self_check

# Enough for the first sentences of a docstring, which say what it is about.
MAX_TOKENS = 48


class Index:
    """Passages and one unit vector for each, shape (passages, 384), float32."""

    def __init__(self, passages: Sequence[Passage], vectors: Floats) -> None:
        self.passages = passages
        self.vectors = vectors

    @classmethod
    def load_or_build(cls, encoder: Encoder, passages: Sequence[Passage], cache: Path) -> Self:
        """The index from the file `cache`, or a new one where the file is missing or of other passages."""
        texts = [f"{passage.source}: {passage.text}" for passage in passages]
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        if cache.exists():
            with np.load(cache) as kept:
                if kept["digest"] == digest:
                    return cls(passages, kept["vectors"])
        self_check(encoder)
        vectors = encoder.encode(texts, MAX_TOKENS, _show)
        np.savez(cache, vectors=vectors, digest=np.array(digest))
        return cls(passages, vectors)


def _show(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    if sys.stderr.isatty() or end:
        print(f"\rembedding {done} of {total} passages", end=end, file=sys.stderr, flush=True)
