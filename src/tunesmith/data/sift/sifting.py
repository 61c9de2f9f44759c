"""What is asked of a sifting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...core.errors import DataError


@dataclass(frozen=True, slots=True)
class Sifting:
    """How rows are sifted."""

    kinds: Mapping[str, str]
    """The inputs, each `text`, `number` or `category`: ids are made of them, near rows are near in all of them."""
    target: str | None = None
    """The column that copies must have equal too; it is no part of the id."""
    threshold: float = 0.8
    """The least Jaccard similarity of near texts."""
    validation: float = 0.1
    test: float = 0.2
    salt: str = ""
    """Another text gives another random division."""

    def __post_init__(self) -> None:
        """Raise DataError where images are among the inputs: their descriptors are made in memory only."""
        pictures = [name for name, kind in self.kinds.items() if kind == "image"]
        if pictures:
            raise DataError(f"sift: column '{pictures[0]}' holds images; use near_pairs, which compares them")

    @property
    def numeric(self) -> list[str]:
        """The inputs that are hashed by value."""
        return [name for name, kind in self.kinds.items() if kind == "number"]
