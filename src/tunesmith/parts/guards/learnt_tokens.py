"""Every row of a language model teaches something."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import InputGuardError
from . import Evidence, Guard, Station
from ._tokens import evidence as tokens_of
from ._tokens import labelled, named


class LearntTokens(Guard):
    """A row whose answer was cut away, or masked, adds nothing to the loss: all of them together train at 0.0."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming rows of which no token is learnt."""
        if evidence.marks is None:
            return "labels are no tokens"
        learnt, cut, missing, every = 0, 0, 0, 0
        for name, rows, tokens, weights in labelled(evidence):
            counts = np.bincount(weights.owners[weights.values > 0], minlength=len(weights))
            if (counts == 0).any():
                raise InputGuardError(
                    f"{name}: {named(rows, counts == 0)} have no token that is learnt; raise base.max_tokens, or "
                    "remove rows of empty answers"
                )
            learnt += int(counts.sum())
            lost = np.asarray(rows.inputs.get("left_out", np.zeros(len(rows), np.int64)))
            cut, missing = cut + int((lost > 0).sum()), missing + int(lost.sum())
            every += len(tokens.values)
        told = f"; of {cut} rows {missing} more were cut away at {evidence.marks.most}" if cut else ""
        return f"every row has tokens that are learnt, {learnt} of {every} in all{told}"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant one row whose answer is masked, and rows that are all masked."""
        row, masked = [0.0, 0.0, 1.0, 1.0], [0.0] * 4
        return [tokens_of([[1, 5, 6, 2]] * 2, weights) for weights in ([row, masked], [masked, masked])]
