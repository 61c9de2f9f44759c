"""A language model learns where an answer ends."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core.errors import InputGuardError
from . import Evidence, Guard, Station
from ._tokens import evidence as tokens_of
from ._tokens import labelled, named


class LearntEnd(Guard):
    """A model whose end token was masked, or equals the padding that is masked, never learns to stop."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise InputGuardError naming rows that were not cut and whose last learnt token is no end."""
        marks = evidence.marks
        if marks is None:
            return "nothing is written"
        if not marks.ends:
            raise InputGuardError(
                "base: its tokenizer has no token that ends a text, so it could never stop; set `eos_token` in its "
                "tokenizer_config.json"
            )
        cut = 0
        for name, rows, tokens, weights in labelled(evidence):
            last = tokens.offsets[1:] - 1
            is_ended = np.isin(tokens.values[last], list(marks.ends)) & (weights.values[last] > 0)
            is_cut = tokens.lengths >= marks.most
            odd = ~is_ended & ~is_cut
            if odd.any():
                raise InputGuardError(
                    f"{name}: {named(rows, odd)} do not end with a token that ends an answer and is learnt; let the "
                    "template close each answer, as `base: {template: default}` does"
                )
            cut += int((~is_ended & is_cut).sum())
        told = f", but for {cut} cut at {marks.most} tokens" if cut else ""
        return f"every answer ends with a token that is learnt{told}"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant an end token that is masked, and an answer without one."""
        weights = [0.0, 0.0, 1.0, 1.0]
        return [
            tokens_of([[1, 5, 6, 2]], [[0.0, 0.0, 1.0, 0.0]]),
            tokens_of([[1, 5, 6, 2], [1, 5, 6, 7]], [weights, weights]),
        ]
