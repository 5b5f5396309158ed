"""A module of every kind of member."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = "1.2"
level: int = 3


def add(a: int, b: int) -> int:
    return a + b


def name_of(path: Path) -> str:
    return f"{type(path).__name__}:{path.name}"


def describe(item: str, /, count: int = 1, *, unit: str = "pc", price: float | None = None) -> str:
    return f"{item} {count} {unit} {price}"


def total(*values: int, **factors: int) -> int:
    result = sum(values)
    for factor in factors.values():
        result *= factor
    return result


def keywords(**values: Any) -> list[str]:
    return [f"{name}={value!r}" for name, value in sorted(values.items())]


def numbers(*values: int) -> list[int]:
    return list(values)


def optional(text: str | None) -> str:
    return repr(text)


def fails() -> None:
    raise KeyError("nothing here")


def bad() -> list[dict[str, Any]]:
    return [{"name": "a"}, {"name": 7}]


def class_(value: int) -> int:
    return value * 2


def many(a=0, b=0, c=0, d=0, e=0, f=0, g=0, h=0, i=0, j=0, k=0, l=0, m=0, n=0, o=0, p=0, q=0, r=0):
    return [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r]


def apply(function: Callable[[int, int], int], a: int, b: int) -> int:
    return function(a, b)


def count_up(n: int) -> Iterator[int]:
    yield from range(n)


@dataclass
class Item:
    name: str
    count: int = 1


def make_item(name: str) -> Item:
    return Item(name)


class Basket:
    limit: int = 10

    def __init__(self, owner: str, *, size: int = 3) -> None:
        self.owner = owner
        self.size = size
        self._items: list[str] = []

    @staticmethod
    def of(owner: str) -> Basket:
        return Basket(owner, size=99)

    @classmethod
    def default(cls) -> Basket:
        return cls("nobody")

    @property
    def full(self) -> bool:
        return len(self) >= self.size

    @property
    def note(self) -> str:
        return getattr(self, "_note", "")

    @note.setter
    def note(self, text: str) -> None:
        self._note = text

    def put(self, item: str, times: int = 1) -> int:
        self._items += [item] * times
        return len(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> str:
        return self._items[index]

    def __setitem__(self, index: int, item: str) -> None:
        self._items[index] = item

    def __contains__(self, item: str) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __call__(self, x: int) -> int:
        return x + len(self)

    def __repr__(self) -> str:
        return f"<basket of {self.owner}>"


class Hamper(Basket):
    pass


def hamper() -> Basket:
    return Hamper("grandmother")


def owner_of(basket: Basket) -> str:
    return basket.owner


def no_basket() -> object:
    return 3
