"""Which models are in memory: each is loaded when it is first needed, once, and all are dropped together."""

import ctypes
import gc
import threading
from pathlib import Path

from minilm import Encoder

from .digits import DigitModel
from .sound import SpeechModel


class Models:
    """The three models. Whoever got one keeps it through a call, whatever is unloaded meanwhile."""

    NAMES = ("text", "images", "sound")

    def __init__(self) -> None:
        self.cache: Path | None = None
        self._lock = threading.RLock()
        self._text: Encoder | None = None
        self._images: DigitModel | None = None
        self._sound: SpeechModel | None = None

    def text(self) -> Encoder:
        """MiniLM."""
        with self._lock:
            if self._text is None:
                self._text = Encoder.load()
            return self._text

    def images(self) -> DigitModel:
        """The network for digits, trained if it is not in the cache."""
        with self._lock:
            if self._images is None:
                self._images = DigitModel.load_or_train(self.cache, lambda texts: self.text().encode(texts))
            return self._images

    def sound(self) -> SpeechModel:
        """The recogniser of speech."""
        with self._lock:
            if self._sound is None:
                self._sound = SpeechModel()
            return self._sound

    def load(self, name: str) -> None:
        """Loads the one of that name."""
        getattr(self, name)()

    def loaded(self) -> list[str]:
        """The names of those in memory."""
        with self._lock:
            return [name for name in self.NAMES if getattr(self, f"_{name}") is not None]

    def unload(self) -> None:
        """Drops all."""
        with self._lock:
            self._text = self._images = self._sound = None
        gc.collect()
        _return_free_memory()


def _return_free_memory() -> None:
    """Tells the C library to give the system what it keeps of freed memory, where it can be told (glibc)."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    trim(ctypes.c_size_t(0))
