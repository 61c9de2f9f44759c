"""What else could this row have been? One file per answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from ...core.events import Events
from ...core.part import Part, find, kinds
from ...data import Ragged
from ...data.forms import Form
from ...data.store import ArrayStore

Kind = Literal["text", "words", "number", "category", "image"]
"""What a column holds."""

Change = Callable[[pl.Series, Draws], pl.Series]
"""From some rows' values, none of them missing, and those rows' draws to what they could have been, row by row.

Texts are String, numbers Float64. All chance comes from the draws, so a row's value is the same whichever rows stand
beside it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an augmentation finds files, keeps what cost time (None: nowhere), computes, and tells how far it is."""

    folder: Path
    store: ArrayStore | None = None
    device: str = "cpu"
    events: Events = field(default_factory=Events)


@dataclass(frozen=True, slots=True)
class Question:
    """What rows are about: the kinds of the input columns, the target column, and what its labels are."""

    inputs: Mapping[str, Kind]
    target: str
    form: Form

    def of_kind(self, wanted: frozenset[Kind]) -> list[str]:
        """Return the input columns of some kinds."""
        return [name for name, kind in self.inputs.items() if kind in wanted]


VISIBLE = 0.25  # share of a box that has to be left in the image for it to count
BLOCK = 64  # images that are worked on at a time, so that their fractions fit into memory


class Augmentation(Part):
    """Makes training rows that could have been; validation and test rows never meet it."""

    family: ClassVar[str] = "parts.augmentations"
    works_on: ClassVar[frozenset[Kind]]
    """The kinds of column it has an answer for."""
    is_anew: ClassVar[bool] = True
    """Whether it is asked in every epoch; else once, before the first."""

    def files(self) -> list[str]:
        """Return the files and folders that the result follows from, relative to the recipe."""
        return []

    def refuse(self, question: Question) -> str | None:
        """Return why it cannot work on such rows, with a remedy; None where it can."""
        if question.of_kind(self.works_on):
            return None
        held = ", ".join(f"'{name}' is {_a(kind)}" for name, kind in question.inputs.items())
        return f"{self.kind} works on {_or(self.works_on)} columns, and no input is one ({held}); remove it"


class ColumnAugmentation(Augmentation):
    """Changes the values of a column, anew in each epoch. Missing values stay missing."""

    reads_originals: ClassVar[bool] = False
    """Whether it has to come before others that work on the same columns."""

    probability: float = Field(0.1, ge=0.0, le=1.0)
    """The share of the rows that an epoch shows changed."""
    columns: list[str] | None = Field(None, min_length=1)
    """The columns it works on; all of a fitting kind where not given."""

    @abstractmethod
    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change for a column, which may learn from its training values.

        Raises NotFoundError or DataError where a file that it needs is missing or cannot be read.
        """

    def fitting(self, question: Question) -> list[str]:
        """Return the columns it works on."""
        return question.of_kind(self.works_on) if self.columns is None else self.columns

    def refuse(self, question: Question) -> str | None:
        """Name the first column that it cannot work on, with its kind and the augmentations that fit it."""
        for name in self.columns or []:
            kind = question.inputs.get(name)
            if kind is None:
                return f"{self.kind}: there is no input column '{name}' (inputs: {', '.join(question.inputs)})"
            if kind not in self.works_on:
                fits = ", ".join(fitting_kinds(kind)) or "none"
                return (
                    f"{self.kind} works on {_or(self.works_on)} columns, and '{name}' is {_a(kind)}; "
                    f"fitting for {_a(kind)}: {fits}"
                )
        return super().refuse(question)


class RowAugmentation(Augmentation):
    """Adds whole rows, once, before the first epoch."""

    is_anew: ClassVar[bool] = False

    @abstractmethod
    def synthesize(self, train: pl.DataFrame, question: Question, seed: int) -> pl.DataFrame:
        """Return new rows with the input columns and the target, from the training rows in the order of their ids.

        Raises DataError where such rows cannot be made from these, saying why and what to do.
        """


class ImageAugmentation(Augmentation):
    """Changes images, anew in each epoch: uint8 (rows, height, width, channels) in and out."""

    works_on: ClassVar[frozenset[Kind]] = frozenset({"image"})

    probability: float = Field(0.5, ge=0.0, le=1.0)
    """The share of the rows that an epoch shows changed."""

    keeps_places: ClassVar[bool] = False
    """Whether everything in an image stays where it is, so that boxes need not follow."""

    @abstractmethod
    def change(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images changed, each of them, in their shape and type."""

    def moved(self, boxes: np.ndarray, draws: Draws) -> np.ndarray:
        """Return where boxes lie after `change`, float64 (boxes, 4): left, top, width and height in 0..1 of the image.

        `draws` are those of each box's own image. What lies outside of the image may be told: it is cut off. One that
        neither `keeps_places` nor overrides this is refused where there are boxes.
        """
        return boxes

    def apply(self, images_NHWC: np.ndarray, draws: Draws) -> np.ndarray:
        """Return the images, each changed with the part's probability."""
        rows = chosen(draws, self.probability)
        result = images_NHWC.copy()
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            result[some] = self.change(images_NHWC[some], draws.take(some))
        return result

    def refuse(self, question: Question) -> str | None:
        """Say that boxes cannot follow, where there are boxes and it is so."""
        if question.form == "boxes" and not self.follows_boxes:
            return f"boxes cannot follow {self.kind}; use flip, crop or colour, or remove it"
        return super().refuse(question)

    @property
    def follows_boxes(self) -> bool:
        """Whether boxes are known to be right after `change`."""
        return self.keeps_places or type(self).moved is not ImageAugmentation.moved

    def apply_boxes(self, boxes: Ragged, draws: Draws) -> Ragged:
        """Return the boxes, (boxes, 4) in 0..1 of their images, as they are after `apply` with the same draws.

        A box of which less than `VISIBLE` of its area is left in the image has no area any more.
        """
        is_chosen = np.zeros(len(boxes), bool)
        is_chosen[chosen(draws, self.probability)] = True
        places = np.flatnonzero(is_chosen[boxes.owners])
        values = boxes.values.copy()
        if len(places) and not self.keeps_places:
            told = self.moved(values[places], draws.take(boxes.owners[places]))
            start, end = np.clip(told[:, :2], 0.0, 1.0), np.clip(told[:, :2] + told[:, 2:], 0.0, 1.0)
            is_seen = (end - start).prod(axis=1) >= VISIBLE * told[:, 2:].prod(axis=1)
            values[places] = np.concatenate([start, (end - start) * is_seen[:, None]], axis=1)
        return Ragged(values, boxes.offsets)


class MixingAugmentation(Augmentation):
    """Mixes images with others of the same rows, and their targets alike, anew in each epoch."""

    works_on: ClassVar[frozenset[Kind]] = frozenset({"image"})

    probability: float = Field(0.5, ge=0.0, le=1.0)
    """The share of the rows that an epoch shows mixed."""

    @abstractmethod
    def mix(self, images_NHWC: np.ndarray, targets: np.ndarray, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
        """Return images, uint8 in their shape, and targets, float64 (rows, classes): shares that sum to what they did.

        `targets` holds a share of 1 for a row's class. All rows have to be given: partners are drawn among them.
        """


def chosen(draws: Draws, probability: float) -> np.ndarray:
    """Return the positions of the rows whose turn it is, int64."""
    return np.flatnonzero(draws.named(0, "chosen").uniform(1)[:, 0] < probability)


def fitting_kinds(kind: Kind) -> list[str]:
    """Return the augmentations that work on a kind of column."""
    family = Augmentation.family
    parts = ((name, find(family, name)) for name in kinds(family))
    return [name for name, part in parts if issubclass(part, Augmentation) and kind in part.works_on]


def _or(wanted: Iterable[str]) -> str:
    return " or ".join(sorted(wanted))


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
