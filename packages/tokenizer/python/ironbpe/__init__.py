"""A byte-pair tokenizer: train, encode, decode, and move vocabularies between formats."""

from ironbpe._ironbpe import Decoder, Tokenizer

__all__ = ["Decoder", "Tokenizer"]
