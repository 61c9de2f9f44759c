"""How much of a search is done: a share that rises from 0 to 1, told while pieces of the work end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Piece = TypeVar("Piece")
Told = Callable[[float], None]


def unheard(share: float) -> None:
    """Tell nobody."""


def between(told: Told, low: float, high: float) -> Told:
    """Return who is told of a part of the work that goes from one share of the whole to another."""
    return lambda share: told(low + (high - low) * share)


def counted(pieces: Iterable[Piece], total: int, told: Told) -> Iterator[Piece]:
    """Yield pieces, and tell after each what share of `total` is done."""
    for done, piece in enumerate(pieces, start=1):
        yield piece
        told(min(1.0, done / max(total, 1)))
