"""What must never be silently wrong? One file per invariant; every guard runs at its station of every run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from ...core.part import Part
from ...data import Codec, Dataset, Encoded
from ...data.encoded import flat
from ...data.prompts import Marks

Station = Literal["read", "split", "encoded", "augmented", "start", "step", "trained", "saved"]


@dataclass(frozen=True, slots=True)
class Apart:
    """What the recipe keeps apart beside rows of equal inputs."""

    group: str | None = None
    """Column whose equal values belong on one side."""
    time: str | None = None
    """Column of times: nothing is learnt from what came after the first test row."""
    near: pl.DataFrame | None = None
    """Contents of near rows in the columns `first` and `second`; None where they were not looked for."""
    is_allowed: bool = False
    """Whether the recipe allows leaks in writing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the run has come to; each station fills what it knows."""

    splits: Mapping[str, Dataset] = field(default_factory=dict)
    """The rows by split (station `read`: all of them under `all`; `augmented`: the first epoch's under that name)."""
    target: str = ""
    apart: Apart = Apart()
    codec: Codec | None = None
    encoded: Mapping[str, Encoded] = field(default_factory=dict)
    loss: float = 0.0
    step: int = 0
    skipped: int = 0
    """How many steps in a row were not taken because they were not finite."""
    before: Any = None
    """Outputs of the model in memory."""
    after: Any = None
    """Outputs of the same rows from the model put together anew; station `encoded`: of each row run by itself."""
    marks: Marks | None = None
    """The tokens that begin and end what a language model reads; None for other models."""
    served: Encoded | None = None
    """The first rows of `encoded["train"]` as they are prepared where no answer is known."""

    def gap(self) -> float:
        """Return the largest difference of `before` and `after`, relative to the largest output (1 at least)."""
        assert self.before is not None
        assert self.after is not None
        before, after = flat(self.before), flat(self.after)
        scale = max(1.0, float(np.abs(before).max(initial=0.0)))
        return float(np.abs(before - after).max(initial=0.0)) / scale


class Guard(Part):
    """An invariant. `check` raises GuardError (our fault) or InputGuardError (the rows' fault), or says what held."""

    family: ClassVar[str] = "parts.guards"
    station: ClassVar[Station]

    @abstractmethod
    def check(self, evidence: Evidence) -> str:
        """Return one sentence on what was found to hold; raise with fact, place and remedy where it does not."""

    @classmethod
    @abstractmethod
    def faults(cls) -> list[Evidence]:
        """Return evidence with the fault planted; the contract kit sees each of them refused."""
