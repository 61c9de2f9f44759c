"""Small columns of every type that a source gives: what modalities, tasks and checks are held against."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..data.chats import written
from .images import ppm

ROWS = 24

SENTENCES = ("the parcel came late again", "works like a charm", "no answer to my letter, twice", "Größe passt nicht")


def plain() -> dict[str, pl.Series]:
    """Return columns without a missing value, by a name that says what is in them."""
    numbers = [round(1.7 * at - 9.0, 2) for at in range(ROWS)]
    columns: dict[str, list[Any]] = {
        "sentences": [f"{SENTENCES[at % 4]} {at}" for at in range(ROWS)],
        "words": [("red", "green", "blue")[at % 3] for at in range(ROWS)],
        "fractions": numbers,
        "counts": [at % 5 for at in range(ROWS)],
        "flags": [at % 3 == 0 for at in range(ROWS)],
        "constant": [4.5] * ROWS,
        "pictures": [ppm(np.full((8, 6, 3), at * 9, np.uint8)) for at in range(ROWS)],
    }
    return {name: pl.Series(name, values) for name, values in columns.items()}


def lists(every: int = ROWS + 1) -> pl.Series:
    """Return a column of lists of words, none of them empty; each `every`-th row is missing from the first on."""
    rows = [None if at % every == 0 else SENTENCES[at % 4].split()[: at % 3 + 1] for at in range(1, ROWS + 1)]
    return pl.Series("lists", rows, pl.List(pl.String))


def chats(every: int = ROWS + 1) -> pl.Series:
    """Return a column of conversations, every other one a plain text; each `every`-th is missing from the first on."""

    def cell(at: int) -> str:
        said = f"{SENTENCES[at % 4]} {at}"
        return (
            said if at % 2 else written([{"role": "system", "content": "Be brief."}, {"role": "user", "content": said}])
        )

    return pl.Series("chats", [None if at % every == 0 else cell(at) for at in range(1, ROWS + 1)], pl.String)


def holed() -> dict[str, pl.Series]:
    """Return the same columns with every fifth value missing."""
    kept = pl.Series([at % 5 != 0 for at in range(ROWS)])
    return {
        name: pl.select(pl.when(kept).then(column).otherwise(None).alias(name))[name]
        for name, column in plain().items()
    }


def strange() -> dict[str, pl.Series]:
    """Return the same columns with other values than before, the first of them missing."""
    columns: dict[str, list[Any]] = {
        "sentences": [None, "", "  ", "x" * 5000, "\U0001f600 line\nbreak\ttab"],
        "words": [None, "violet", "", "RED", "red "],
        "fractions": [None, 1e9, -1e9, 0.0, 1e-12],
        "counts": [None, 999, -1, 0, 2**40],
        "flags": [None, True, False, True, False],
        "constant": [None, 4.5, 4.6, -4.5, 0.0],
        "pictures": [None, b"", b"no image", b"P6 8 8 255\n", ppm(np.zeros((1, 1, 3), np.uint8))],
    }
    types = {name: column.dtype for name, column in plain().items()}
    return {name: pl.Series(name, values, dtype=types[name]) for name, values in columns.items()}
