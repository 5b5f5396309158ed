"""Media in words and vectors: speech is written down, images and texts become points of one space of meaning.

Three small models do it, all on the processor: MiniLM for texts, a network trained on handwritten digits for images,
pocketsphinx for speech. Each is loaded when it is first needed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import describe, digits
from .catalogue import DIMENSION, Catalogue
from .media import (
    Detail,
    ImageDetails,
    ImageModelCard,
    MediaAnalysis,
    MediaKind,
    Recognizer,
    Segment,
    SoundDetails,
)
from .models import Models
from .sound import RATE, Recording

__all__ = [
    "DIMENSION",
    "SAMPLE_RATE",
    "Catalogue",
    "Detail",
    "ImageDetails",
    "ImageModelCard",
    "MediaAnalysis",
    "MediaKind",
    "Recognizer",
    "Segment",
    "SoundDetails",
    "all_models",
    "analyze",
    "embed_images",
    "embed_text",
    "image_model_card",
    "load_all_models",
    "loaded_models",
    "read_images",
    "segments",
    "transcribe",
    "unload_all_models",
]

SAMPLE_RATE: Final[int] = RATE
"""Samples a second to which every recording is brought."""

_models = Models()


def load_all_models(
    cache: Path | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Loads every model now, and trains the one for images unless it is in the directory `cache`.

    `progress` is called after each with its name, how many are loaded and how many there are.
    """
    if cache is not None:
        _models.cache = cache
    for done, name in enumerate(Models.NAMES, 1):
        _models.load(name)
        if progress is not None:
            progress(name, done, len(Models.NAMES))


def unload_all_models() -> None:
    """Gives the memory of all models back. The next call that needs one loads it again."""
    _models.unload()


def loaded_models() -> list[str]:
    """The names of the models that are in memory: `text`, `images`, `sound`."""
    return _models.loaded()


@contextmanager
def all_models(cache: Path | None = None) -> Iterator[list[str]]:
    """Loads every model, gives their names, and unloads them at the end of the `with` block."""
    load_all_models(cache)
    try:
        yield loaded_models()
    finally:
        unload_all_models()


def image_model_card() -> ImageModelCard:
    """How the image model was made, and how good it is on images that it had not seen."""
    return _models.images().card


def transcribe(audio: Path) -> str:
    """What is said in the WAV file, in lower case and without punctuation."""
    return " ".join(segment.text for segment in segments(audio))


def segments(audio: Path, *, pause: float = describe.PAUSE) -> Iterator[Segment]:
    """What is said in the WAV file between pauses of so many seconds, each part recognised when it is asked for."""
    return describe.segments_of(_models, Recording(audio), pause)


def embed_text(
    texts: Sequence[str],
    *,
    max_tokens: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Unit vectors of the texts, shape (texts, 384): the scalar product of two says how alike they are in meaning.

    Longer texts are cut. `progress` is called with how many are done and how many there are.
    """
    return _models.text().encode(texts, max_tokens, progress)


def read_images(files: Sequence[Path]) -> NDArray[np.float32]:
    """The images, each made 8 by 8 and grey, shape (files, 8, 8), from 0 for black to 1 for white."""
    return digits.read_images(files)


def embed_images(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of the images of light digits on dark ground, shape (images, 384), in the space of the texts.

    The images are as `read_images` gives them: shape (images, 8, 8), from 0 for black to 1 for white.
    """
    return _models.images().embed(images)


def analyze(media: Path, *, detail: Detail = "full", max_keywords: int = 5) -> MediaAnalysis:
    """Says in words what is in a file: a WAV recording, a PNG image of a digit, or a text.

    The first line of a text is its title. `max_keywords` is how many words it picks at most, those nearest in meaning
    to the whole.
    """
    return describe.describe(_models, media, detail, max_keywords)
