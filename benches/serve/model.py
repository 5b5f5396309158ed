"""The model that every server serves: all-MiniLM-L6-v2, as `examples/python/minilm.py` loads it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "python"))

from minilm import Encoder  # noqa: E402


def load() -> Encoder:
    """The model, warm: its first call would pay for what is made once."""
    encoder = Encoder.load()
    encoder.encode(["warm"])
    return encoder
