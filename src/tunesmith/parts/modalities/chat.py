"""Chat: what was said before an answer, one message or several; the base brings the template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl

from ...data.chats import BEGIN, messages_of
from . import Form, Modality

SHARE = 0.1  # of a column's texts that are lists of messages, from which it is one of conversations
LOOKED_AT = 1000  # texts, evenly over the column


class Chat(Modality):
    """A list of messages per row, from a JSON array of them or a plain text of the user; an empty one where missing."""

    gives: ClassVar[Form] = "chat"

    @classmethod
    def suits(cls, column: pl.Series) -> float:
        """Return 0.95 for texts of which a tenth or more are JSON arrays of messages, 0 for anything else."""
        if column.dtype != pl.String:
            return 0.0
        present = column.drop_nulls()
        some = present.gather_every(max(1, len(present) // LOOKED_AT))
        likely = some.filter(some.str.contains(BEGIN))
        count = sum(_fact(cell) is None for cell in likely)
        return 0.95 if count and count >= SHARE * len(some) else 0.0

    def refuse(self, column: pl.Series) -> tuple[int, str] | None:
        """Name the first cell that begins like messages and holds something else."""
        if column.dtype.is_nested():
            return super().refuse(column)
        cells = column.cast(pl.String, strict=False)
        for position in cells.str.contains(BEGIN).fill_null(False).arg_true().to_list():
            fact = _fact(cells[position])
            if fact is not None:
                return position, f"'{cells[position]:.40}' is no list of messages: {fact}"
        return None

    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return nothing: conversations are not changed by other conversations."""
        return {}

    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return a list of messages per row, as objects (rows,). Raises ValueError where `refuse` names a cell."""
        rows = np.empty(len(column), object)
        rows[:] = [messages_of(cell or "") for cell in column.cast(pl.String).to_list()]
        return rows


def _fact(cell: str) -> str | None:
    """Return why a cell holds no messages, None where it does."""
    try:
        messages_of(cell)
    except ValueError as error:
        return str(error)
    return None
