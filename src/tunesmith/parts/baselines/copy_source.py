"""The source itself: what an answer is worth that changes nothing, such as a translation that was never made."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...data import Encoded
from ...data.forms import Form
from ...data.written import Written
from . import Baseline, Question


class CopySource(Baseline):
    """Answers with the last text column of a row, or with the last message of the user in its conversation."""

    forms: ClassVar[frozenset[Form]] = frozenset({"text"})

    def applies(self, question: Question) -> bool:
        """Return whether the rows are texts or conversations."""
        return bool({"text", "chat"} & question.test.inputs.keys())

    def outputs(self, question: Question) -> Written:
        """Return the source of each test row, without probabilities."""
        return Written.of(_sources(question.test))


def _sources(rows: Encoded) -> list[str]:
    if "text" in rows.inputs:
        return [str(row[-1]) for row in np.asarray(rows.inputs["text"], object)]
    talks = np.asarray(rows.inputs["chat"], object)[:, 0]
    return [
        next((str(one.get("content") or "") for one in reversed(talk) if one["role"] == "user"), "") for talk in talks
    ]
