"""Rows to predict have the columns of training, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ...core.errors import GuardError
from . import Evidence, Guard, Station
from ._samples import codec, encoded, rows


class PredictionSchema(Guard):
    """The codec that serves names every column the model reads; the target is not among them."""

    station: ClassVar[Station] = "encoded"

    def check(self, evidence: Evidence) -> str:
        """Raise GuardError where the codec reads the target, a column twice, or one the rows do not have."""
        assert evidence.codec is not None
        names = [column.name for column in evidence.codec.columns]
        known = evidence.splits["train"].columns
        odd = [name for name in names if name not in known or names.count(name) > 1]
        if odd or evidence.codec.target in names:
            what = odd[0] if odd else evidence.codec.target
            raise GuardError(f"encode: column '{what}' cannot be an input of this model; correct `inputs`")
        return f"inputs by name: {', '.join(names)}"

    @classmethod
    def faults(cls) -> list[Evidence]:
        """Plant rows without the column, and a codec that reads its own target."""
        data = rows(["x", "y"], ["a", "b"])
        good = codec(data.ids)
        other = type(data)(data.frame.rename({"text": "words"}), data.index)
        greedy = replace(good, columns=(*good.columns, replace(good.columns[0], name=good.target)))
        seen = {"train": encoded(data.ids, [0, 1])}
        return [
            Evidence(splits={"train": other}, codec=good, encoded=seen),
            Evidence(splits={"train": data}, codec=greedy, encoded=seen),
        ]
