"""Text as tones, and back: what the example plays and hears where there is no synthesiser or no recogniser of speech.

A byte is a chord of up to eight sine waves, one for each bit, that sounds for a twentieth of a second. Each wave goes
through a whole number of periods in that time, so that a Fourier transform tells them apart exactly.
"""

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
SYMBOL = 800  # samples
BINS = np.arange(30, 70, 5)  # of the transform of a symbol: 600, 700, ... 1300 Hz
MARK = b"\xff\xaa\x55"
LOUDNESS = 2500
QUIET = 100


def encode(text: str) -> NDArray[np.int16]:
    """The text as sound, 16,000 samples a second."""
    data = np.frombuffer(MARK + text.encode(), np.uint8)
    bits = np.unpackbits(data[:, None], axis=1).astype(np.float64)
    waves = np.cos(2.0 * np.pi * np.outer(BINS, np.arange(SYMBOL)) / SYMBOL)
    chords = (bits @ waves) * LOUDNESS
    silence = np.zeros(SYMBOL)
    return np.concatenate([silence, chords.ravel(), silence]).astype(np.int16)


def decode(samples: NDArray[np.int16]) -> str | None:
    """The text that `encode` made into this sound; None if it is another sound."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    if loud.size == 0:
        return None
    heard = samples[loud[0] : loud[-1] + 1]
    # The last chord may fade out a little early, as the first may begin late.
    symbols = round(heard.size / SYMBOL)
    heard = np.pad(heard, (0, max(0, symbols * SYMBOL - heard.size)))[: symbols * SYMBOL]
    spectrum = np.abs(np.fft.rfft(heard.reshape(-1, SYMBOL), axis=1))[:, BINS]
    bits = spectrum > LOUDNESS * SYMBOL / 4
    data = np.packbits(bits, axis=1).tobytes()
    if not data.startswith(MARK):
        return None
    return data[len(MARK) :].decode(errors="replace")
