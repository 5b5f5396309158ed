from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from os import PathLike
from typing import Literal, Protocol, final

import numpy as np
import tiktoken
from numpy.typing import NDArray

__all__ = ["Decoder", "Tokenizer"]

class _Buffer(Protocol):
    def __buffer__(self, flags: int, /) -> memoryview: ...

type _Text = str | bytes | bytearray
type _Ids = Sequence[int] | Iterable[int] | _Buffer
type _Progress = Callable[[str, int, int | None], object]

@final
class Decoder:
    """Gives the text of ids as they come, never half a character. Made by ``Tokenizer.decoder``.

    All that it gives together is what ``decode`` gives of all ids with ``errors="replace"``.
    """

    def push(self, id: int) -> str:
        """Takes the next id, and gives the text that is complete by it: perhaps none.

        Raises ``IndexError`` for an id that no token has, which is passed over.
        """

    def finish(self) -> str:
        """What is left: U+FFFD if a character is not complete. Then it begins anew."""

@final
class Tokenizer:
    """A byte-pair tokenizer. Without training it has the 256 bytes, whose ids are their values.

    Text is ``str`` or ``bytes`` everywhere; bytes that are no UTF-8 come back as they were. Any thread may use it. While
    it is trained, others see what it was before, until the training has succeeded.
    """

    def __new__(cls) -> Tokenizer: ...
    def train(
        self,
        text: _Text,
        vocab_size: int,
        *,
        pattern: str | None = None,
        special_tokens: Sequence[str] | None = None,
        min_frequency: int = 1,
        progress: _Progress | None = None,
        threads: int | None = None,
    ) -> None:
        """Trains on one text.

        ``vocab_size`` counts the 256 bytes and the special tokens too, which have the last ids. ``pattern`` is
        ``"cl100k"``, which is the default, ``"gpt2"``, ``"o200k"`` or a regular expression. Pairs that occur less than
        ``min_frequency`` times are not merged. ``progress`` is called with ``"counting"`` or ``"merging"``, how much is
        done, and of how much, if that is known.

        Ctrl-C, or what ``progress`` raises, ends it, and the tokenizer is what it was.

        Raises ``ValueError`` for a vocabulary without room for the bytes and the special tokens, and for a pattern that
        does not compile; ``RuntimeError`` while it is being trained already.
        """

    def train_from_iterator(
        self,
        iterator: Iterable[_Text],
        vocab_size: int,
        *,
        pattern: str | None = None,
        special_tokens: Sequence[str] | None = None,
        min_frequency: int = 1,
        progress: _Progress | None = None,
        threads: int | None = None,
    ) -> None:
        """Trains on texts as they come, of which few are in memory at once. What the iterator raises ends it.

        Raises ``TypeError``, with its place, for what is no text; the rest as ``train``.
        """

    def train_files(
        self,
        paths: Sequence[str | PathLike[str]],
        vocab_size: int,
        *,
        pattern: str | None = None,
        special_tokens: Sequence[str] | None = None,
        min_frequency: int = 1,
        progress: _Progress | None = None,
        threads: int | None = None,
    ) -> None:
        """Trains on files, of each of which a part is in memory at once.

        Raises ``OSError`` for one that cannot be read; the rest as ``train``.
        """

    def encode(
        self,
        text: _Text,
        *,
        allowed_special: Literal["all"] | Collection[str] | None = None,
        disallowed_special: Literal["all"] | Collection[str] | None = None,
    ) -> list[int]:
        """The ids of a text. Special tokens that are allowed become one id each.

        Raises ``ValueError`` where one stands in the text that is disallowed: all that are not allowed, unless
        ``disallowed_special`` says otherwise; none, where it is empty.
        """

    def encode_ordinary(self, text: _Text) -> list[int]:
        """The ids of a text, in which special tokens are text as any other."""

    def encode_batch(self, texts: Sequence[_Text], *, threads: int | None = None) -> list[list[int]]:
        """The ids of each text, as ``encode_ordinary`` gives them, in their order.

        ``threads`` is how many work, all processors unless given.
        """

    def count(self, text: _Text) -> int:
        """How many ids ``encode_ordinary`` gives."""

    def encode_to_numpy(
        self, text: _Text, dtype: Literal["uint16", "uint32"] = "uint32"
    ) -> NDArray[np.uint16] | NDArray[np.uint32]:
        """The ids of a text, as ``encode_ordinary`` gives them, as an array of one dimension.

        Raises ``ValueError`` where ``uint16`` has no room for the ids of this vocabulary.
        """

    def decode(self, ids: _Ids, errors: Literal["strict", "replace"] = "strict") -> str:
        """The text of ids.

        Raises ``IndexError`` for an id that no token has, and ``UnicodeDecodeError`` where the bytes are no UTF-8; with
        ``"replace"`` those become U+FFFD.
        """

    def decode_bytes(self, ids: _Ids) -> bytes:
        """The bytes of ids.

        Raises ``IndexError`` for an id that no token has.
        """

    def decode_batch(
        self,
        rows: Sequence[_Ids],
        errors: Literal["strict", "replace"] = "strict",
        *,
        threads: int | None = None,
    ) -> list[str]:
        """The text of each row of ids, in their order; otherwise as ``decode``."""

    def to_tiktoken(self, name: str = "ironbpe") -> tiktoken.Encoding:
        """A ``tiktoken.Encoding`` that gives the same ids.

        Raises ``ValueError`` where none does: its merges go by the ids. ``ImportError`` without tiktoken.
        """

    @staticmethod
    def from_tiktoken_encoding(encoding: tiktoken.Encoding) -> Tokenizer:
        """A tokenizer that gives the same ids as a ``tiktoken.Encoding``."""

    def save(self, path: str | PathLike[str]) -> None:
        """Saves it in a format of its own; an older file is there until the new one is whole."""

    @staticmethod
    def load(path: str | PathLike[str]) -> Tokenizer:
        """Loads what ``save`` saved.

        Raises ``OSError`` for a file that cannot be read, and ``ValueError`` for one that is cut off, damaged or
        something else.
        """

    def to_bytes(self) -> bytes:
        """What ``save`` writes."""

    @staticmethod
    def from_bytes(data: bytes | bytearray) -> Tokenizer:
        """The tokenizer of the bytes that ``to_bytes`` gave; raises ``ValueError`` for others."""

    def to_tiktoken_file(self, path: str | PathLike[str]) -> None:
        """Writes tiktoken's ranks, in which the pattern and the special tokens have no place.

        Raises as ``to_tiktoken`` does, and ``OSError``.
        """

    @staticmethod
    def from_tiktoken(
        path: str | PathLike[str],
        *,
        pattern: str = "cl100k",
        special_tokens: Mapping[str, int] | None = None,
    ) -> Tokenizer:
        """The tokenizer of a file of tiktoken's ranks, such as ``cl100k_base.tiktoken``.

        Raises ``OSError`` for a file that cannot be read, and ``ValueError``, with the line, for one that has no ranks.
        """

    def to_huggingface_file(self, path: str | PathLike[str]) -> None:
        """Writes a ``tokenizer.json`` that Hugging Face's ``tokenizers`` loads and that encodes alike.

        Raises ``ValueError`` where that cannot be said there, and ``OSError`` for a file that cannot be written.
        """

    @staticmethod
    def from_huggingface(path: str | PathLike[str]) -> Tokenizer:
        """The tokenizer of a ``tokenizer.json`` of byte-level BPE.

        Raises ``OSError`` for a file that cannot be read, and ``ValueError`` for one that is damaged, or that does what
        this tokenizer does not, which it names.
        """

    def to_gpt2_files(self, vocab: str | PathLike[str], merges: str | PathLike[str]) -> None:
        """Writes GPT-2's ``vocab.json`` and ``merges.txt``, which have no place for the pattern.

        Raises as ``to_huggingface_file``.
        """

    @staticmethod
    def from_gpt2(
        vocab: str | PathLike[str],
        merges: str | PathLike[str],
        *,
        pattern: str = "gpt2",
        special_tokens: Mapping[str, int] | None = None,
    ) -> Tokenizer:
        """The tokenizer of GPT-2's ``vocab.json`` and ``merges.txt``.

        Raises as ``from_huggingface``.
        """

    def encode_with_offsets(self, text: _Text) -> tuple[list[int], list[tuple[int, int]]]:
        """The ids of a text, as ``encode_ordinary`` gives them, and where each stands: in characters of a ``str``, in
        bytes of ``bytes``. A token that has a part of a character has the character.
        """

    def decoder(self) -> Decoder:
        """Decodes ids as they come."""

    def token_to_id(self, token: _Text) -> int | None:
        """The id of a token, special or not."""

    def id_to_token(self, id: int) -> bytes | None:
        """The bytes of a token, special or not."""

    @property
    def vocab(self) -> dict[bytes, int]:
        """The tokens that are not special, and their ids."""

    @property
    def merges(self) -> list[tuple[bytes, bytes]]:
        """The pairs that become one token, in the order in which they do."""

    @property
    def special_tokens(self) -> dict[str, int]:
        """The special tokens, and their ids."""

    @property
    def pattern(self) -> str:
        """The regular expression that cuts text into pieces."""

    @property
    def vocab_size(self) -> int:
        """One more than the highest id."""

    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __copy__(self) -> Tokenizer: ...
    def __reduce__(self) -> tuple[Callable[..., Tokenizer], tuple[object, ...]]: ...
    def __deepcopy__(self, memo: object, /) -> Tokenizer: ...
