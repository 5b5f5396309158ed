"""A byte-pair tokenizer: train, encode, decode, and move vocabularies between formats."""

from ironbpe._ironbpe import Tokenizer

__all__ = ["Tokenizer"]
