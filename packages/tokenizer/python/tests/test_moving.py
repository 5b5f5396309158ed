"""Moving: to and from tiktoken, through pickle, and in batches."""

import base64
import gzip
import importlib.resources
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tiktoken
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from test_tokenizer import TEXT, TRAINED

from ironbpe import Tokenizer

PATTERNS = {
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


@cache
def published(name: str) -> tuple[tiktoken.Encoding, Tokenizer]:
    data = importlib.resources.files("bpe_openai") / f"data/{name}_base.tiktoken.gz"
    lines = gzip.decompress(data.read_bytes()).splitlines()
    parts = (line.split() for line in lines if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in parts}
    encoding = tiktoken.Encoding(
        name,
        pat_str=PATTERNS[name],
        mergeable_ranks=ranks,
        special_tokens={"<|endoftext|>": len(ranks) + 5},
    )
    return encoding, Tokenizer.from_tiktoken_encoding(encoding)


@pytest.mark.parametrize("name", ["cl100k", "o200k"])
def test_published_vocabularies_give_the_same_ids(name: str) -> None:
    theirs, ours = published(name)
    assert ours.vocab_size == theirs.n_vocab
    text = TEXT + "<|endoftext|>   def f(x):\n\t\treturn 12345 + x  # naïve, हिन्दी, العربية\r\n\r\n"
    assert ours.encode(text, allowed_special="all") == theirs.encode(text, allowed_special="all")

    @settings(deadline=None, max_examples=300)
    @given(st.text())
    def any_text(text: str) -> None:
        assert ours.encode_ordinary(text) == theirs.encode_ordinary(text)
        assert ours.count(text) == len(theirs.encode_ordinary(text))

    any_text()


@settings(deadline=None)
@given(st.text(alphabet="low erstnw'’.\n\r\t 12Grüße"))
def test_as_tiktoken_it_gives_the_same_ids(text: str) -> None:
    theirs = TRAINED.to_tiktoken()
    assert theirs.encode_ordinary(text) == TRAINED.encode_ordinary(text)


def test_back_from_tiktoken_it_gives_the_same_ids() -> None:
    encoding = TRAINED.to_tiktoken("mine")
    assert encoding.name == "mine"
    again = Tokenizer.from_tiktoken_encoding(encoding)
    assert again.vocab == TRAINED.vocab and again.special_tokens == TRAINED.special_tokens
    assert again.encode_ordinary(TEXT) == TRAINED.encode_ordinary(TEXT)
    assert again.to_tiktoken()._mergeable_ranks == encoding._mergeable_ranks
    with pytest.raises(AttributeError):
        Tokenizer.from_tiktoken_encoding("cl100k")  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_keeps_all(protocol: int) -> None:
    ranked = Tokenizer.from_tiktoken_encoding(TRAINED.to_tiktoken())
    for tokenizer in (Tokenizer(), TRAINED, ranked):
        again = pickle.loads(pickle.dumps(tokenizer, protocol))
        assert again == tokenizer
        assert again.encode_ordinary(TEXT) == tokenizer.encode_ordinary(TEXT)


def test_files_keep_all(tmp_path: Path) -> None:
    TRAINED.save(tmp_path / "own")
    assert Tokenizer.load(str(tmp_path / "own")) == TRAINED
    assert Tokenizer.from_bytes(TRAINED.to_bytes()) == TRAINED
    TRAINED.to_tiktoken_file(tmp_path / "ranks")
    ranked = Tokenizer.from_tiktoken(
        tmp_path / "ranks", pattern=TRAINED.pattern, special_tokens=TRAINED.special_tokens
    )
    assert ranked.encode(TEXT) == TRAINED.encode(TEXT) and len(ranked) == len(TRAINED)


def test_files_that_are_wrong_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Tokenizer.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        TRAINED.save(tmp_path / "nowhere" / "file")
    whole = TRAINED.to_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    for data in (b"", b"text", whole[:-1], whole[:100], bytes(damaged), whole + b"0"):
        with pytest.raises(ValueError):
            Tokenizer.from_bytes(data)
    (tmp_path / "ranks").write_text("AA== 0\nnothing\n")
    with pytest.raises(ValueError, match="line 2"):
        Tokenizer.from_tiktoken(tmp_path / "ranks")


def test_batches_are_the_texts_in_their_order() -> None:
    texts = [TEXT[at : at + 40 + at % 900] for at in range(len(TEXT))] * 3
    one_by_one = [TRAINED.encode_ordinary(text) for text in texts]
    for threads in (None, 1, 3, 64):
        assert TRAINED.encode_batch(texts, threads=threads) == one_by_one
        assert TRAINED.decode_batch(one_by_one, threads=threads) == texts
    assert TRAINED.encode_batch([]) == [] and TRAINED.decode_batch([]) == []
    rows = [np.array(ids, np.uint16) for ids in one_by_one[:5]]
    assert TRAINED.decode_batch(rows) == texts[:5]
    assert TRAINED.decode_batch([[0xFF]], "replace") == ["\ufffd"]


def test_a_batch_says_which_of_its_items_is_wrong() -> None:
    with pytest.raises(TypeError, match="not int"):
        TRAINED.encode_batch(["low", 5])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="threads"):
        TRAINED.encode_batch(["low"], threads=0)
    rows = [[108] * 1000] * 200
    rows[150], rows[170] = [5000], [6000]
    for threads in (1, 2, 7):
        with pytest.raises(IndexError, match="item 150: no token has the id 5000"):
            TRAINED.decode_batch(rows, threads=threads)
    with pytest.raises(UnicodeDecodeError):
        TRAINED.decode_batch([[0xFF]])


def test_hugging_face_encodes_alike(tmp_path: Path) -> None:
    TRAINED.to_huggingface_file(tmp_path / "tokenizer.json")
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert theirs.encode(TEXT).ids == TRAINED.encode(TEXT)
    again = Tokenizer.from_huggingface(tmp_path / "tokenizer.json")
    assert again.encode(TEXT) == TRAINED.encode(TEXT)
    assert again.special_tokens == TRAINED.special_tokens
    (tmp_path / "damaged.json").write_text('{"model": 5}')
    with pytest.raises(ValueError, match="damaged.json"):
        Tokenizer.from_huggingface(tmp_path / "damaged.json")


def test_gpt2_files_keep_all(tmp_path: Path) -> None:
    vocab, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    TRAINED.to_gpt2_files(vocab, merges)
    again = Tokenizer.from_gpt2(
        vocab, merges, pattern=TRAINED.pattern, special_tokens=TRAINED.special_tokens
    )
    assert again.encode(TEXT) == TRAINED.encode(TEXT)


def test_offsets_are_of_characters_or_of_bytes() -> None:
    text = "low Grüße 🙂"
    ids, offsets = TRAINED.encode_with_offsets(text)
    assert ids == TRAINED.encode_ordinary(text)
    assert offsets[0] == (0, len(TRAINED.id_to_token(ids[0]) or b""))
    assert offsets[-1][1] == len(text)
    _, of_bytes = TRAINED.encode_with_offsets(text.encode())
    assert of_bytes[-1][1] == len(text.encode())
    for (start, end), id in zip(of_bytes, ids, strict=True):
        assert text.encode()[start:end] == TRAINED.id_to_token(id)


def test_a_decoder_never_gives_half_a_character() -> None:
    text = "low Grüße 🙂 你好"
    decoder = TRAINED.decoder()
    parts = [decoder.push(id) for id in Tokenizer().encode(text)]
    assert "".join(parts) == text and decoder.finish() == ""
    assert decoder.push(0xF0) == "" and decoder.finish() == "\ufffd"
    with pytest.raises(IndexError):
        decoder.push(5000)
