"""What a tokenizer is, encodes and decodes."""

import copy

import numpy as np
import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from ironbpe import Tokenizer

TEXT = (
    "low lower lowest, new newer newest; Grüße, 你好, 🙂! It's 2 o'clock.\n"
    "Where the river bends, an old mill stands; its wheel has not turned for a hundred years.\n"
) * 4


def trained() -> Tokenizer:
    tokenizer = Tokenizer()
    tokenizer.train(TEXT, 330, special_tokens=["<|end|>", "<|pad|>"])
    return tokenizer


TRAINED = trained()


def as_tiktoken(tokenizer: Tokenizer) -> tiktoken.Encoding:
    return tiktoken.Encoding(
        "ours",
        pat_str=tokenizer.pattern,
        mergeable_ranks=tokenizer.vocab,
        special_tokens=tokenizer.special_tokens,
    )


def test_untrained_it_has_the_bytes() -> None:
    tokenizer = Tokenizer()
    assert len(tokenizer) == tokenizer.vocab_size == 256
    assert tokenizer.encode("hé") == [104, 195, 169]
    assert tokenizer.merges == []
    assert repr(tokenizer) == 'Tokenizer(vocab_size=256, pattern="cl100k", special_tokens=0)'


def test_what_it_is_can_be_seen() -> None:
    assert len(TRAINED) == 330
    assert len(TRAINED.merges) == 330 - 256 - 2
    assert TRAINED.special_tokens == {"<|end|>": 328, "<|pad|>": 329}
    low = TRAINED.token_to_id("low")
    assert low is not None and TRAINED.id_to_token(low) == b"low"
    assert TRAINED.token_to_id(b"nowhere") is None
    assert TRAINED.id_to_token(1000) is None
    for at, (left, right) in enumerate(TRAINED.merges):
        assert TRAINED.vocab[left + right] == 256 + at


def test_copies_are_equal_and_stay_what_they_were() -> None:
    one = trained()
    other, third = copy.copy(one), copy.deepcopy(one)
    assert one == other == third and one != Tokenizer() and one != "text"
    one.train("another text, another text", 260)
    assert one != other == third
    with pytest.raises(TypeError):
        hash(one)


def test_special_tokens_are_taken_only_where_that_is_allowed() -> None:
    text = "low<|end|>"
    with pytest.raises(ValueError, match=r"<\|end\|>.*byte 3"):
        TRAINED.encode(text)
    assert TRAINED.encode(text, allowed_special="all")[-1] == 328
    assert TRAINED.encode(text, allowed_special={"<|end|>"})[-1] == 328
    plain = TRAINED.encode(text, disallowed_special=())
    assert plain == TRAINED.encode_ordinary(text) and 328 not in plain
    with pytest.raises(ValueError, match="all"):
        TRAINED.encode(text, allowed_special="some")


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="low erstnw'’.\n\r\t 12")))
def test_text_is_encoded_as_tiktoken_does_and_comes_back(text: str) -> None:
    ids = TRAINED.encode_ordinary(text)
    assert ids == as_tiktoken(TRAINED).encode_ordinary(text)
    assert TRAINED.decode(ids) == text
    assert TRAINED.encode_to_numpy(text).tolist() == ids


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_come_back(data: bytes) -> None:
    ids = TRAINED.encode_ordinary(data)
    assert TRAINED.decode_bytes(ids) == data
    assert TRAINED.decode(ids, errors="replace") == data.decode(errors="replace")
    assert TRAINED.encode_ordinary(bytearray(data)) == ids


def test_arrays_are_ids_and_ids_arrays() -> None:
    ids = TRAINED.encode("lowest newest")
    for dtype in (np.uint16, np.uint32, np.int32, np.int64, np.uint64):
        assert TRAINED.decode(np.array(ids, dtype)) == "lowest newest"
    assert TRAINED.decode(tuple(ids)) == TRAINED.decode(iter(ids)) == "lowest newest"
    short = TRAINED.encode_to_numpy("lowest newest", "uint16")
    assert short.dtype == np.uint16 and short.tolist() == ids and short.flags.writeable
    with pytest.raises(ValueError, match="dtype"):
        TRAINED.encode_to_numpy("low", "int8")  # type: ignore[arg-type]


def test_ids_that_no_token_has_are_named() -> None:
    with pytest.raises(IndexError, match="1000"):
        TRAINED.decode([108, 1000])
    with pytest.raises(ValueError, match=r"ids\[1\] is -1"):
        TRAINED.decode([108, -1])
    with pytest.raises(ValueError, match=r"ids\[0\] is -5"):
        TRAINED.decode(np.array([-5]))
    with pytest.raises(TypeError, match=r"ids\[0\] is no int, but float"):
        TRAINED.decode([1.5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="not str"):
        TRAINED.decode("text")  # type: ignore[arg-type]
    with pytest.raises(UnicodeDecodeError, match="position 1"):
        TRAINED.decode([108, 0xFF])


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="str or bytes, not int"):
        TRAINED.encode(5)  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        TRAINED.encode("\ud800")
