"""A model is one encoder per group of inputs, their fusion, a head and the codec; in two shapes only."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.errors import DataError
from ..data import Encoded, Rows
from ..parts.bases import Shape

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Curve:
    """What happened in training: one entry per reported step and one per validation, as JSON values."""

    steps: list[dict[str, float]] = field(default_factory=list)
    validations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judged:
    """What validation says of outputs: the primary metric by name, its merit (higher is better), the mean loss."""

    name: str
    metric: float
    merit: float
    loss: float

    def shown(self) -> dict[str, float]:
        """Return the metric under its name, nothing where it is undefined."""
        return {self.name: self.metric} if math.isfinite(self.metric) else {}


class Model(ABC):
    """Encoded rows in, raw outputs out."""

    shape: Shape
    width: int

    @property
    def writes(self) -> bool:
        """Whether `answer` gives more than outputs: texts."""
        return False

    def writing(self, changes: Mapping[str, Any]) -> Model:
        """Return a model with the same weights and other options of writing, by the names of `base.writing`.

        Raises DataError where it writes nothing, or an option cannot be.
        """
        raise DataError("writing: the model writes no texts, so nothing can be said of how; leave these options out")

    def prepare(self, encoded: Encoded, is_kept: bool = True) -> Encoded:
        """Add what depends on the rows alone (tokens), once; `is_kept`: from and for the store, where there is one."""
        return encoded

    @abstractmethod
    def outputs(self, encoded: Encoded, advance: Advance | None = None) -> Rows:
        """Return raw outputs, float64 (rows, width), in fp32 arithmetic; `advance` hears how many rows are done.

        Where the task reads more than one vector per row, they are Ragged, with values (total, width).
        """

    def answer(self, encoded: Encoded, advance: Advance | None = None) -> Rows:
        """Return the outputs with what the model writes for each row, where it is one that writes."""
        return self.outputs(encoded, advance)

    def tell(self, encoded: Encoded, hear: Callable[[str], None]) -> str:
        """Return what a model that writes says to the only row; `hear` is given each piece as soon as it stands."""
        raise NotImplementedError(f"{type(self).__name__} writes no texts")

    def features(self, encoded: Encoded, advance: Advance | None = None) -> Rows | None:
        """Return the pre-trained body's vectors (rows, size), None where nothing is pre-trained."""
        return None

    def features_of_texts(self, encoded: Encoded) -> np.ndarray | None:
        """Return the pre-trained body's vectors of each row's two texts, float32 (rows, 2, size), if there are."""
        return None

    def words(self, encoded: Encoded, position: int) -> list[str] | None:
        """Return the tokens of a prepared row in letters, None where the model reads no tokens."""
        return None

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Return everything that rebuilds this model, by file name; no pickle."""

    @abstractmethod
    def load(self, files: Mapping[str, bytes]) -> None:
        """Take the weights from such files. Raises VerificationError where they do not fit."""
