"""What the server calls: the model, which comes and goes, and an echo that shows what a request costs without one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from minilm import Encoder

DIMENSION = 384

_encoder: "Encoder | None" = None


def load_all_models(progress: Callable[[float, str], None]) -> None:
    """Loads the model, and checks it. `progress` hears how far it is, from 0 to 1, and with what."""
    global _encoder
    progress(0.0, "importing")
    # Here, since a server whose model is not asked for needs none of it.
    import minilm

    progress(0.2, "reading the weights")
    encoder = minilm.Encoder.load()
    progress(0.7, "comparing it with what is published of it")
    minilm.self_check(encoder)
    _encoder = encoder


def unload_all_models() -> None:
    """Gives the memory of the model back."""
    global _encoder
    _encoder = None


def embed(texts: list[str]) -> NDArray[np.float32]:
    """Unit vectors of the texts, shape (len(texts), 384)."""
    if _encoder is None:
        raise RuntimeError("the model is not loaded: load_all_models() comes first")
    return _encoder.encode(texts)


def echo(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same rows."""
    return rows
