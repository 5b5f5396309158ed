"""The catalogue: analyses and their vectors, kept in a file between runs."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .media import ImageDetails, MediaAnalysis, MediaKind, Segment, SoundDetails

DIMENSION: Final[int] = 384
"""How many numbers are in the vector of a text or an image."""


class Catalogue:
    """What was analysed, by the path of the file, with a unit vector for each."""

    def __init__(self, file: Path) -> None:
        """Opens the catalogue in `file`, or begins one where there is none."""
        self.file = Path(file)
        self._entries: dict[str, tuple[list[int], MediaAnalysis]] = {}
        self._rows: list[NDArray[np.float32]] = []
        self._vectors: NDArray[np.float32] | None = None
        if self.file.exists():
            with np.load(self.file) as kept:
                for path, stamp, fields in json.loads(str(kept["entries"])):
                    self._entries[path] = (stamp, _from_json(fields))
                self._rows = list(kept["vectors"])

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        """The paths, in the order of the rows of `vectors`."""
        return iter(list(self._entries))

    def __getitem__(self, path: str) -> MediaAnalysis:
        return self._entries[path][1]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """One row for each path, shape (entries, 384). It cannot be written to."""
        if self._vectors is None:
            # Over `bytes`, which nobody can change: so whoever gets the array may read it in place for good.
            rows = b"".join(row.astype(np.float32).tobytes() for row in self._rows)
            self._vectors = np.frombuffer(rows, np.float32).reshape(-1, DIMENSION)
        return self._vectors

    def is_current(self, path: Path) -> bool:
        """Whether the file is here, as it is now."""
        known = self._entries.get(str(path))
        return known is not None and known[0] == _stamp(path)

    def add(self, path: Path, analysis: MediaAnalysis, vector: NDArray[np.float32]) -> None:
        """Adds the file, or replaces what was known of it."""
        if vector.shape != (DIMENSION,):
            raise ValueError(f"a vector of shape {vector.shape}; ({DIMENSION},) is wanted")
        if str(path) in self._entries:
            self._rows[list(self._entries).index(str(path))] = vector
        else:
            self._rows.append(vector)
        self._entries[str(path)] = (_stamp(path), analysis)
        self._vectors = None

    def save(self) -> None:
        """Writes it to its file, whole or not at all."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        entries = [(path, stamp, _to_json(analysis)) for path, (stamp, analysis) in self._entries.items()]
        partial = self.file.with_suffix(".partial.npz")
        np.savez(partial, vectors=self.vectors, entries=np.array(json.dumps(entries)))
        partial.replace(self.file)


def _stamp(path: Path) -> list[int]:
    """Changes when the file does."""
    status = path.stat()
    return [status.st_mtime_ns, status.st_size]


def _to_json(analysis: MediaAnalysis) -> dict[str, Any]:
    return asdict(analysis) | {"kind": analysis.kind.value}


def _from_json(fields: dict[str, Any]) -> MediaAnalysis:
    analysis = MediaAnalysis(**fields)
    analysis.kind = MediaKind(fields["kind"])
    if (sound := fields["sound"]) is not None:
        analysis.sound = SoundDetails(**sound)
        analysis.sound.segments = [Segment(**segment) for segment in sound["segments"]]
    if (image := fields["image"]) is not None:
        analysis.image = ImageDetails(**image)
    return analysis
