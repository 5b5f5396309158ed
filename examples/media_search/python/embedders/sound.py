"""From sound to text: WAV files, and the recogniser pocketsphinx, whose package brings an English acoustic model."""

import threading
import wave
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import tones
from .media import Recognizer, Segment

RATE = 16_000
"""Samples a second, as the acoustic model wants them."""

Samples = NDArray[np.int16]


class Recording:
    """A WAV file as one channel of 16,000 samples a second."""

    def __init__(self, file: Path) -> None:
        try:
            with wave.open(str(file), "rb") as reader:
                width, channels = reader.getsampwidth(), reader.getnchannels()
                self.sample_rate = reader.getframerate()
                data = reader.readframes(reader.getnframes())
        except (wave.Error, EOFError) as error:
            raise ValueError(f"{file}: not a WAV file that can be read: {str(error) or 'it ends too early'}") from error
        if width != 2:
            raise ValueError(f"{file}: samples of {8 * width} bits; 16 are wanted")
        samples = np.frombuffer(data, "<i2").reshape(-1, channels)
        self.seconds = len(samples) / self.sample_rate
        self.samples = _resampled(samples.mean(axis=1), self.sample_rate)
        self.tones = tones.decode(self.samples)

    @property
    def recognizer(self) -> Recognizer:
        """What can make text of it."""
        return "pocketsphinx" if self.tones is None else "tones"


class SpeechModel:
    """The acoustic and language model of pocketsphinx, one recognition at a time."""

    def __init__(self) -> None:
        if find_spec("pocketsphinx") is None:
            raise ModuleNotFoundError(
                "the recogniser of speech is not installed: pip install --no-deps pocketsphinx "
                "(it has wheels for CPython 3.9 to 3.13; elsewhere only the example's tones are understood)"
            )
        import pocketsphinx

        self._library = pocketsphinx
        self._decoder = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL")
        self._lock = threading.Lock()

    def segments(self, samples: Samples, pause: float) -> Iterator[Segment]:
        """What is said between pauses of so many seconds, each recognised when it is asked for."""
        endpointer = self._library.Endpointer(window=pause, sample_rate=RATE)
        data = samples.tobytes()
        size = endpointer.frame_bytes
        speech, start = bytearray(), 0.0
        for offset in range(0, len(data), size):
            frame = data[offset : offset + size]
            was_in_speech = endpointer.in_speech
            last = offset + size >= len(data)
            heard = endpointer.end_stream(frame) if last else endpointer.process(frame)
            if heard is None:
                continue
            if not was_in_speech:
                start = endpointer.speech_start
            speech += heard
            if not endpointer.in_speech:
                segment = self._recognise(bytes(speech), start, endpointer.speech_end)
                speech.clear()
                if segment is not None:
                    yield segment

    def _recognise(self, speech: bytes, start: float, end: float) -> Segment | None:
        with self._lock:
            self._decoder.start_utt()
            self._decoder.process_raw(speech, full_utt=True)
            self._decoder.end_utt()
            found = self._decoder.hyp()
            if found is None or not found.hypstr:
                return None
            # `<s>` and `<sil>` are no words, nor are `[NOISE]` and its like.
            sure = [word.prob for word in self._decoder.seg() if word.word[0] not in "<["]
        confidence = min(1.0, sum(sure) / len(sure)) if sure else 0.0
        return Segment(start, end, found.hypstr, confidence)


def _resampled(samples: NDArray[np.float64], rate: int) -> Samples:
    if rate != RATE:
        from scipy.signal import resample_poly

        divisor = np.gcd(RATE, rate)
        samples = resample_poly(samples, RATE // divisor, rate // divisor)
    info = np.iinfo(np.int16)
    return np.clip(np.rint(samples), info.min, info.max).astype(np.int16)
