"""Rows to train, validation and test: a function of each row's inputs, so that new rows never move old ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from ..core.errors import DataError
from ..core.ids import unit_interval
from ..core.part import Section
from ..data import Dataset

NAMES = ("train", "validation", "test")


class Split(Section):
    """How rows are divided. Splits that come as separate files are kept, missing ones are taken from train."""

    validation: float = Field(0.1, gt=0.0, lt=1.0)
    """Share of the rows that early stopping looks at."""
    test: float = Field(0.2, gt=0.0, lt=1.0)
    """Share of the rows that nothing looks at until the verdict."""
    group: str | None = None
    """Column whose equal values (a customer, a patient) stay on one side."""
    leaks: Literal["refuse", "drop", "allow"] = "refuse"
    """Rows on both sides: refuse to train, drop the training copies, or go on and say so in the report."""
    salt: str = ""
    """Another text gives another random division."""

    @model_validator(mode="after")
    def _leaves_rows_for_training(self) -> Split:
        if self.validation + self.test >= 1.0:
            raise ValueError("validation and test together must be below 1, or nothing is left to train on")
        return self


def split(data: Dataset, how: Split, target: str | None) -> Dataset:
    """Return the rows with their split written down. Raises DataError where the group column is missing.

    The place of a row follows from its inputs alone, so duplicates fall on one side. A class of few rows that
    hashing leaves without a training row gets the one nearest to training, unless groups forbid it.
    """
    keys = _keys(data, how)
    place = np.array([unit_interval(key, how.salt) for key in keys])
    given = data.index["split"].to_list()
    present = {name for name in given if name is not None}
    names = np.array([name or "train" for name in given], dtype=object)
    test = 0.0 if "test" in present else how.test
    validation = 0.0 if "validation" in present else how.validation
    movable = names == "train"
    names[movable & (place < test)] = "test"
    names[movable & (place >= test) & (place < test + validation)] = "validation"
    if target is not None and how.group is None and data.frame[target].dtype != pl.List:
        _rescue(names, place, data.frame[target], movable)
    done = data.with_splits(names.tolist())
    return _without_leaks(done) if how.leaks == "drop" else done


def _keys(data: Dataset, how: Split) -> list[str]:
    if how.group is None:
        return data.contents
    if how.group not in data.columns:
        raise DataError(f"split.group: there is no column '{how.group}' (columns: {', '.join(data.columns)})")
    return data.frame[how.group].cast(pl.String).fill_null("").to_list()


def _rescue(names: np.ndarray, place: np.ndarray, target: pl.Series, movable: np.ndarray) -> None:
    """Give every class of few rows a training row; a class of many is never without one. Changes `names`."""
    labels = np.array(target.cast(pl.String).fill_null("").to_list(), dtype=object)
    trained = set(labels[names == "train"])
    lost = sorted(set(labels) - trained) if target.n_unique() < len(target) / 2 else []
    for label in lost:
        rows = np.flatnonzero((labels == label) & movable)
        if len(rows):
            names[rows[place[rows].argmax()]] = "train"


def _without_leaks(data: Dataset) -> Dataset:
    """Drop training rows whose inputs are also in validation or test, and validation rows that are in test."""
    keys = np.array(data.contents, dtype=object)
    names = np.array(data.index["split"].to_list(), dtype=object)
    tested = set(keys[names == "test"])
    judged = tested | set(keys[names == "validation"])
    leaks = ((names == "train") & np.isin(keys, list(judged))) | ((names == "validation") & np.isin(keys, list(tested)))
    return data.where(~leaks)
