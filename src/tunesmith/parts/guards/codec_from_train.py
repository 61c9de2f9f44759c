"""The codec learnt from the training rows and from no other."""

from __future__ import annotations

from typing import ClassVar

from ...core.errors import GuardError
from ...core.ids import set_digest
from . import Evidence, Guard, Station
from ._samples import codec, encoded


class CodecFromTrain(Guard):
    """Means, vocabularies and classes learnt from test rows carry the answer into the question."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where the ids the codec was fitted on are not exactly the training ids."""
        assert evidence.codec is not None
        train = evidence.encoded["train"].ids
        if evidence.codec.fitted_on != set_digest(train):
            raise GuardError(
                f"encode: the codec was not fitted on exactly the {len(train)} training rows; "
                "fit it with fit_codec(data.in_split('train'), ...)"
            )
        return f"the codec learnt from the {len(train)} training rows only"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant a codec that also saw a test row."""
        splits = {"train": encoded(["1", "2"], [0, 1]), "test": encoded(["3"], [0])}
        return [Evidence(codec=codec(["1", "2", "3"]), encoded=splits)]
