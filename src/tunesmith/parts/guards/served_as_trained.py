"""What a language model is asked at serving is, token by token, what it was asked in training."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from ...core.errors import GuardError
from ...data import Encoded, Ragged
from . import Evidence, Guard, Station
from ._tokens import evidence as tokens_of
from ._tokens import labelled


class ServedAsTrained(Guard):
    """A space more, another template, tokens joined across the seam: the model is asked otherwise than it learnt."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where the tokens before the answer differ between serving and training."""
        served, marks = evidence.served, evidence.marks
        if served is None or marks is None:
            return "nothing is asked"
        asked = served.inputs["asked"]
        assert isinstance(asked, Ragged)
        (_, rows, tokens, weights), *_ = labelled(evidence)
        is_apart = "sources" in rows.inputs  # of an encoder, which reads what is asked by itself
        trained = rows.inputs["asked"]
        assert isinstance(trained, Ragged)
        for at in range(len(served)):
            same = np.array_equal(asked[at], trained[at])
            if same and not is_apart and len(tokens[at]) < marks.most:
                size = len(asked[at])
                same = np.array_equal(tokens[at][:size], asked[at]) and bool((weights[at][size:] > 0).all())
            if not same:
                raise GuardError(
                    f"train: row {rows.ids[at]} is asked with other tokens at serving than in training; give another "
                    "`base: {template: ...}`, and report this"
                )
        return f"{len(served)} rows are asked at serving with the very tokens of training"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant another token at serving, a prompt that was joined otherwise in training, and a gap behind it."""
        rows = tokens_of([[1, 5, 6, 2]], [[0.0, 0.0, 1.0, 1.0]])
        assert rows.served is not None
        other = replace(rows.served, inputs={"asked": Ragged.of([[1, 7]])})
        joined = tokens_of([[1, 9, 6, 2]], [[0.0, 0.0, 1.0, 1.0]])
        both = replace(joined, served=rows.served, encoded={"train": _asked(joined, [1, 5])})
        return [replace(rows, served=other), both, tokens_of([[1, 5, 6, 7, 2]], [[0.0, 0.0, 0.0, 1.0, 1.0]])]


def _asked(evidence: Evidence, tokens: list[int]) -> Encoded:
    rows = evidence.encoded["train"]
    return replace(rows, inputs=dict(rows.inputs) | {"asked": Ragged.of([tokens])})
