"""Images of handwritten digits: a small network that is trained here, in a second or two, on those of scikit-learn.

The network gives the probability of each digit. The embedding of an image is the mean of the ten captions' text
vectors, weighted by them, so that images and texts lie in one space and words find images ("convex combination of
semantic embeddings", Norouzi and others, 2013). scikit-learn trains; NumPy alone applies what was learned.
"""

import hashlib
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .media import ImageModelCard

SIDE = 8
WORDS = "zero one two three four five six seven eight nine".split()
CAPTIONS = [f"a handwritten {word}, the digit {number}" for number, word in enumerate(WORDS)]

HIDDEN = 64
ROUNDS = 150
TESTED = 0.25

Floats = NDArray[np.float32]


@dataclass
class DigitModel:
    """The network: 64 pixels, one hidden layer, ten digits; and the text vectors of the captions."""

    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats
    captions: Floats
    card: ImageModelCard

    def probabilities(self, images: Floats) -> Floats:
        """Of each digit, shape (images, 10). The images are as `read_images` gives them."""
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(f"images of shape {images.shape}; (n, {SIDE}, {SIDE}) is wanted")
        inner = np.maximum(images.reshape(-1, SIDE * SIDE) @ self.hidden + self.hidden_bias, 0.0)
        scores = inner @ self.output + self.output_bias
        scores -= scores.max(1, keepdims=True)
        np.exp(scores, out=scores)
        return scores / scores.sum(1, keepdims=True)

    def embed(self, images: Floats) -> Floats:
        """Unit vectors in the space of the texts, shape (images, 384)."""
        mixed = self.probabilities(images) @ self.captions
        return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)

    @classmethod
    def load_or_train(cls, cache: Path | None, embed_text: Callable[[Sequence[str]], Floats]) -> "DigitModel":
        """The model from its file in the directory `cache`, or trained now, and kept there."""
        settings = f"{CAPTIONS} {HIDDEN} {ROUNDS} {TESTED}"
        digest = hashlib.sha256(settings.encode()).hexdigest()[:12]
        file = None if cache is None else cache / f"digits-{digest}.npz"
        if file is not None and file.exists():
            with np.load(file) as kept:
                parts = dict(kept)
            trained_on, tested_on, accuracy, seconds = parts.pop("card").tolist()
            return cls(**parts, card=ImageModelCard(int(trained_on), int(tested_on), accuracy, seconds))
        model = cls._train(embed_text(CAPTIONS))
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            parts = {name: value for name, value in vars(model).items() if name != "card"}
            partial = file.with_suffix(".partial.npz")
            np.savez(partial, **parts, card=np.array(model.card))
            partial.replace(file)
        return model

    @classmethod
    def _train(cls, captions: Floats) -> "DigitModel":
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        seen, unseen, seen_labels, unseen_labels = _split()
        network = MLPClassifier((HIDDEN,), max_iter=ROUNDS, learning_rate_init=0.003, random_state=0)
        start = time.perf_counter()
        with warnings.catch_warnings():
            # It stops after its rounds; it need not converge.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(seen.reshape(len(seen), -1), seen_labels)
        seconds = time.perf_counter() - start
        (hidden, output), (hidden_bias, output_bias) = network.coefs_, network.intercepts_
        card = ImageModelCard(len(seen), len(unseen), 0.0, seconds)
        model = cls(hidden, hidden_bias, output, output_bias, captions, card)
        # Measured with what is used, not with what was trained.
        named = (model.embed(unseen) @ captions.T).argmax(1)
        model.card = card._replace(accuracy=float((named == unseen_labels).mean()))
        return model


def read_images(files: Sequence[Path]) -> Floats:
    """The images, each made 8 by 8 and grey, shape (files, 8, 8), from 0 for black to 1 for white."""
    from PIL import Image

    images = np.zeros((len(files), SIDE, SIDE), np.float32)
    for index, file in enumerate(files):
        with Image.open(file) as image:
            small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
            images[index] = np.asarray(small, np.float32) / 255.0
    return images


def unseen_digits() -> tuple[Floats, NDArray[np.int64]]:
    """The images that the model is not trained on, shape (n, 8, 8), and the digit on each."""
    _, images, _, labels = _split()
    return images, labels


def _split() -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = (digits.images / digits.images.max()).astype(np.float32)
    seen, unseen, seen_labels, unseen_labels = train_test_split(
        images, digits.target, test_size=TESTED, stratify=digits.target, random_state=0
    )
    return seen, unseen, seen_labels, unseen_labels
