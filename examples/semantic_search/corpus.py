"""The docstrings of the Python standard library, as passages to search in.

Sources are read, not imported; only a few modules that are written in C are, since nothing else has their words.
"""

import ast
import importlib
import inspect
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LONGEST = 400
SHORTEST = 25
SKIPPED = {"test", "tests", "idlelib", "lib2to3", "site-packages", "turtledemo", "ensurepip", "pydoc_data"}
WRITTEN_IN_C = (
    "_thread array atexit binascii builtins cmath errno faulthandler gc itertools marshal math mmap posix "
    "resource select signal sys time unicodedata zlib"
).split()


class Passage(NamedTuple):
    """A piece of documentation and the name of what it documents."""

    source: str
    text: str


def passages() -> list[Passage]:
    """Every passage once, in a fixed order."""
    seen: set[str] = set()
    found = []
    for source, docstring in _docstrings():
        text = " ".join(docstring.split())[:LONGEST]
        if len(text) >= SHORTEST and text not in seen:
            seen.add(text)
            found.append(Passage(source, text))
    return found


def _docstrings() -> Iterator[tuple[str, str]]:
    library = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).with_suffix("").parts
        if SKIPPED.isdisjoint(parts) and not any(_is_private(part) for part in parts):
            name = ".".join(part for part in parts if part != "__init__")
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):
                continue
            yield from _of_tree(tree, name)
    for name in WRITTEN_IN_C:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        yield from _of_object(module, name, depth=2)


def _of_tree(node: ast.Module | ast.ClassDef | ast.FunctionDef, name: str) -> Iterator[tuple[str, str]]:
    docstring = ast.get_docstring(node)
    if docstring:
        yield name, docstring
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not _is_private(child.name):
                yield from _of_tree(child, f"{name}.{child.name}")


def _of_object(thing: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    docstring = inspect.getdoc(thing)
    if docstring:
        yield name, docstring
    if depth > 0 and (inspect.ismodule(thing) or inspect.isclass(thing)):
        for attribute, value in sorted(vars(thing).items()):
            if not _is_private(attribute) and callable(value):
                yield from _of_object(value, f"{name}.{attribute}", depth - 1)


def _is_private(name: str) -> bool:
    return name.startswith("_") and name != "__init__"
