"""What an analysis says about a medium: plain data, without a model."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple

Recognizer = Literal["pocketsphinx", "tones"]
"""What turned a sound into text: the speech recogniser, or the decoder of tones that stands in for it."""

Detail = Literal["brief", "full"]
"""How much an analysis says: `brief` leaves out the keywords and the segments."""


class MediaKind(Enum):
    """What a file holds."""

    SOUND = "sound"
    IMAGE = "image"
    NOTE = "note"


@dataclass(slots=True)
class Segment:
    """A stretch of speech between two pauses."""

    start: float
    """Seconds from the beginning of the recording."""
    end: float
    text: str
    confidence: float
    """From 0 to 1: how sure the recogniser is of its words, on average."""


@dataclass(slots=True)
class SoundDetails:
    """What is known of a recording only."""

    seconds: float
    sample_rate: int
    recognizer: Recognizer
    segments: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class ImageDetails:
    """What is known of an image only."""

    width: int
    height: int
    digit: int
    confidence: float
    """From 0 to 1: the probability of the digit."""


@dataclass(slots=True)
class MediaAnalysis:
    """A medium in words."""

    title: str
    kind: MediaKind
    text: str
    """What is said, shown or written."""
    description: str = ""
    keywords: list[str] = field(default_factory=list)
    """The words nearest in meaning to the whole text, best first."""
    sound: SoundDetails | None = None
    image: ImageDetails | None = None


class ImageModelCard(NamedTuple):
    """How the image model was made, and how good it is."""

    trained_on: int
    """Images it learned from."""
    tested_on: int
    """Images it had not seen."""
    accuracy: float
    """The share of the latter of which it named the digit."""
    seconds: float
    """How long the training took."""
