"""Making an analysis of a medium, by its kind."""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from .digits import CAPTIONS, WORDS, read_images
from .media import Detail, ImageDetails, MediaAnalysis, MediaKind, Segment, SoundDetails
from .models import Models
from .sound import Recording

KINDS = {
    ".wav": MediaKind.SOUND,
    ".png": MediaKind.IMAGE,
    ".txt": MediaKind.NOTE,
}
PAUSE = 0.4
SHORTEST_KEYWORD = 4


def kind_of(media: Path) -> MediaKind:
    """What the file holds, by the end of its name."""
    kind = KINDS.get(media.suffix.lower())
    if kind is None:
        raise ValueError(f"{media}: {media.suffix or 'a name without an ending'}; {', '.join(KINDS)} are understood")
    return kind


def describe(models: Models, media: Path, detail: Detail, limit: int) -> MediaAnalysis:
    """The analysis of the file. `limit` is the number of keywords at most."""
    match kind_of(media):
        case MediaKind.SOUND:
            return _sound(models, media, detail, limit)
        case MediaKind.IMAGE:
            return _image(models, media, detail, limit)
        case MediaKind.NOTE:
            return _note(models, media, detail, limit)


def segments_of(models: Models, recording: Recording, pause: float) -> Iterator[Segment]:
    """What is said in it, each part recognised when it is asked for."""
    if recording.tones is not None:
        yield Segment(0.0, recording.seconds, recording.tones, 1.0)
    else:
        yield from models.sound().segments(recording.samples, pause)


def keywords_of(models: Models, text: str, limit: int) -> list[str]:
    """The words whose meaning is nearest to that of the whole text, best first."""
    words = sorted({word for word in re.findall(r"[a-z']+", text.lower()) if len(word) >= SHORTEST_KEYWORD})
    if not words or limit < 1:
        return []
    vectors = models.text().encode([text, *words])
    nearness = vectors[1:] @ vectors[0]
    return [words[index] for index in (-nearness).argsort()[:limit]]


def _sound(models: Models, media: Path, detail: Detail, limit: int) -> MediaAnalysis:
    recording = Recording(media)
    segments = list(segments_of(models, recording, PAUSE))
    text = " ".join(segment.text for segment in segments)
    full = detail == "full"
    return MediaAnalysis(
        title=" ".join(text.split()[:6]) or media.stem,
        kind=MediaKind.SOUND,
        text=text,
        description=f"{recording.seconds:.1f} seconds, understood by {recording.recognizer}",
        keywords=keywords_of(models, text, limit) if full else [],
        sound=SoundDetails(recording.seconds, recording.sample_rate, recording.recognizer, segments if full else []),
    )


def _image(models: Models, media: Path, detail: Detail, limit: int) -> MediaAnalysis:
    try:
        with Image.open(media) as image:
            width, height = image.size
        pixels = read_images([media])
    except (UnidentifiedImageError, SyntaxError) as error:  # Pillow's for what is no image, and for a broken one
        raise ValueError(f"{media}: not a PNG image that can be read: {error}") from error
    probabilities = models.images().probabilities(pixels)[0]
    digit = int(probabilities.argmax())
    confidence = float(probabilities[digit])
    return MediaAnalysis(
        title=f"handwritten {WORDS[digit]}",
        kind=MediaKind.IMAGE,
        text=CAPTIONS[digit],
        description=f"{width} by {height} pixels, a {digit} with {confidence:.0%}",
        keywords=["handwritten", "digit", WORDS[digit]][:limit] if detail == "full" else [],
        image=ImageDetails(width, height, digit, confidence),
    )


def _note(models: Models, media: Path, detail: Detail, limit: int) -> MediaAnalysis:
    lines = media.read_text(encoding="utf-8").strip().splitlines()
    text = " ".join(line.strip() for line in lines[1:])
    return MediaAnalysis(
        title=lines[0].strip() if lines else media.stem,
        kind=MediaKind.NOTE,
        text=text,
        keywords=keywords_of(models, text, limit) if detail == "full" else [],
    )
