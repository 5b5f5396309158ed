"""A voice: the speech synthesiser espeak-ng, as the package `espeakng-loader` brings it.

Its library is called through ctypes. It has one state for the whole process, so there is one voice at a time.
"""

import ctypes
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
LOUDEST = 12_000
# A recogniser that was trained in rooms is lost in perfect silence: this is the noise of a quiet one.
ROOM_NOISE = 4.0

# Of the voices and speeds tried, the one whose words pocketsphinx understands best.
VOICE = "en-us+edward"
SPEED = 165  # words a minute
PITCH = 40  # of 100

# From speak_lib.h.
_SYNCHRONOUS = 2
_DO_NOT_EXIT = 1 << 15
_UTF8 = 1
_PARAMETERS = {1: SPEED, 3: PITCH}
_LONGEST_PATH = 150

_Chunk = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()


def is_installed() -> bool:
    """Whether there is a synthesiser."""
    return find_spec("espeakng_loader") is not None


class Voice:
    """The synthesiser, from `__enter__` to `__exit__`."""

    def __enter__(self) -> Self:
        import espeakng_loader

        _lock.acquire()
        self._short: tempfile.TemporaryDirectory[str] | None = None
        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
            data = self._data(Path(espeakng_loader.get_data_path()))
            rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data), _DO_NOT_EXIT)
            if rate <= 0:
                raise RuntimeError(f"espeak-ng finds no data in {data}")
            self._rate = rate
            self._chunks: list[NDArray[np.int16]] = []
            # Kept as long as the library may call it.
            self._callback = _Chunk(self._take)
            self._library.espeak_SetSynthCallback(self._callback)
            if self._library.espeak_SetVoiceByName(VOICE.encode()) != 0:
                raise RuntimeError(f"espeak-ng has no voice {VOICE}")
            for parameter, value in _PARAMETERS.items():
                self._library.espeak_SetParameter(parameter, value, 0)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._library.espeak_Terminate()
        self._close()

    def say(self, sentences: Sequence[str]) -> NDArray[np.int16]:
        """The sentences as sound, 16,000 samples a second, with pauses between."""
        return np.concatenate([self._say(sentence) for sentence in sentences])

    def _say(self, text: str) -> NDArray[np.int16]:
        from scipy.signal import resample_poly

        self._chunks.clear()
        data = text.encode() + b"\0"
        status = self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8, None, None)
        if status != 0 or not self._chunks:
            raise RuntimeError(f"espeak-ng could not say {text!r} (status {status})")
        heard = np.concatenate(self._chunks).astype(np.float64)
        divisor = np.gcd(RATE, self._rate)
        heard = resample_poly(heard, RATE // divisor, self._rate // divisor)
        heard *= LOUDEST / np.abs(heard).max()
        heard = np.pad(heard, 3 * RATE // 10)
        heard += np.random.default_rng(0).normal(0.0, ROOM_NOISE, heard.size)
        return np.rint(heard).astype(np.int16)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: object) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def _data(self, directory: Path) -> Path:
        """The data where its path is short enough: espeak-ng cuts longer ones without a word."""
        if len(os.fsencode(directory)) <= _LONGEST_PATH:
            return directory
        self._short = tempfile.TemporaryDirectory(prefix="espeak-")
        return Path(shutil.copytree(directory, Path(self._short.name) / directory.name))

    def _close(self) -> None:
        if self._short is not None:
            self._short.cleanup()
        _lock.release()
