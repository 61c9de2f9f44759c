"""What a language model reads begins once."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import GuardError
from . import Evidence, Guard, Station
from ._tokens import evidence as tokens_of
from ._tokens import labelled, named


class SingleBegin(Guard):
    """Template and tokenizer both put a begin token, or neither does: the model reads what it never saw before."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError naming rows that do not begin with exactly one begin token, where the tokenizer has one."""
        marks = evidence.marks
        if marks is None or marks.begin is None:
            return "texts begin with no token of their own"
        for name, rows, tokens, _ in labelled(evidence):
            first = tokens.offsets[:-1]
            second = np.minimum(first + 1, tokens.offsets[1:] - 1)
            is_doubled = (tokens.values[second] == marks.begin) & (second > first)
            odd = (tokens.values[first] != marks.begin) | is_doubled
            if odd.any():
                raise GuardError(
                    f"{name}: {named(rows, odd)} do not begin with exactly one begin token; correct "
                    "`base: {template: ...}`, which writes it itself, or leaves it to the tokenizer"
                )
        return "every row begins with exactly one begin token"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a row that begins twice, and one that does not begin."""
        weights = [0.0, 0.0, 1.0, 1.0]
        sound = [1, 5, 6, 2]
        return [tokens_of([sound, other], [weights, weights]) for other in ([1, 1, 6, 2], [5, 5, 6, 2])]
