"""A small library to search in, made at the first run: spoken messages, images of digits, notes."""

import sys
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import voice
from embedders import tones
from embedders.digits import WORDS, unseen_digits
from numpy.typing import NDArray

SPOKEN = {
    "train": [
        "The train to the airport leaves at seven in the morning.",
        "You must buy your ticket before the journey.",
    ],
    "doctor": [
        "The doctor called about your blood test.",
        "You should take the medicine two times a day.",
    ],
    "garden": [
        "The tomatoes in the garden are red now.",
        "Please give them some water every evening.",
    ],
    "money": [
        "The bank will close our account at the end of the month.",
        "We need to move the money this week.",
    ],
    "music": [
        "The concert begins at eight.",
        "The band will play their old songs on the guitar and the piano.",
    ],
    "weather": [
        "There will be heavy rain and strong wind tonight.",
        "Stay at home and close the windows.",
    ],
    "dinner": [
        "I am cooking chicken with rice for dinner.",
        "Please bring some bread and a bottle of wine.",
    ],
    "car": [
        "The engine of the car makes a strange noise.",
        "The mechanic wants to look at the brakes.",
    ],
}
NOTES = {
    "passwords": "Passwords\n"
    "Keep the secrets of the service in the vault, never in the repository. "
    "Rotate them each quarter.",
    "gradients": "Exploding gradients\n"
    "The loss became NaN after 300 steps. "
    "Clipping the norm of the gradients to 1.0 mended it.",
    "holiday": "Holiday plans\n"
    "Two weeks on the coast of Portugal in June: "
    "surfing lessons, grilled sardines, no laptop.",
    "cat": "The cat\nShe must be brought to the vet for her vaccination, and she needs a new scratching post.",
    "borrow": "Borrow checker\n"
    "A reference may not outlive what it points to. "
    "Clone first, measure, then think about lifetimes.",
    "coffee": "Espresso machine\n"
    "Descale it once a month with citric acid. "
    "Grind the beans finer if the shot runs too fast.",
}
OF_EACH_DIGIT = 3
SCALE = 12  # An image of 8 by 8 is hard to look at.
SAMPLE_RATE = 16_000


def make(directory: Path) -> list[Path]:
    """The files of the library in the directory, those that are missing made now."""
    directory.mkdir(parents=True, exist_ok=True)
    return sorted(_sounds(directory) + _images(directory) + _notes(directory))


def _sounds(directory: Path) -> list[Path]:
    files = {name: directory / f"{name}.wav" for name in SPOKEN}
    missing = [name for name, file in files.items() if not file.exists()]
    if not missing:
        return list(files.values())
    if voice.is_installed() and find_spec("pocketsphinx") is not None:
        with voice.Voice() as speaker:
            for name in missing:
                _write(files[name], speaker.say(SPOKEN[name]))
    else:
        print(
            "the sounds are tones, not speech: pocketsphinx or espeakng-loader is not installed here",
            file=sys.stderr,
        )
        for name in missing:
            _write(files[name], tones.encode(" ".join(SPOKEN[name])))
    return list(files.values())


def _write(file: Path, samples: NDArray[np.int16]) -> None:
    partial = file.with_suffix(".partial")
    with wave.open(str(partial), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(samples.astype("<i2").tobytes())
    partial.replace(file)


def _images(directory: Path) -> list[Path]:
    wanted = [
        (digit, number, directory / f"scan-{number * len(WORDS) + digit:02}.png")
        for number in range(OF_EACH_DIGIT)
        for digit in range(len(WORDS))
    ]
    if not all(file.exists() for _, _, file in wanted):
        from PIL import Image

        images, labels = unseen_digits()
        for digit, number, file in wanted:
            pixels = np.rint(images[np.flatnonzero(labels == digit)[number]] * 255.0).astype(np.uint8)
            partial = file.with_suffix(".partial")
            Image.fromarray(pixels.repeat(SCALE, 0).repeat(SCALE, 1)).save(partial, "PNG")
            partial.replace(file)
    return [file for _, _, file in wanted]


def _notes(directory: Path) -> list[Path]:
    files = []
    for name, text in NOTES.items():
        file = directory / f"{name}.txt"
        if not file.exists():
            file.write_text(text + "\n", encoding="utf-8")
        files.append(file)
    return files
