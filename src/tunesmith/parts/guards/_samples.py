"""Small rows and codecs that guards plant their faults in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ...core.ids import set_digest
from ...core.part import resolve
from ...data import Codec, Column, Dataset, Encoded


def rows(texts: Sequence[str], labels: Sequence[object]) -> Dataset:
    """Return identified rows with the columns `text` and `label`."""
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String), "label": pl.Series(labels, strict=False)})
    return Dataset.of(frame, "sample.csv").identified(["text"])


def codec(fitted_on: Sequence[str], classes: Sequence[str] = ("a", "b")) -> Codec:
    """Return a codec that says it learnt from rows of these ids."""
    text = resolve("parts.modalities", "text")
    task = resolve("parts.tasks", "classification")
    return Codec((Column("text", text),), task, "label", {"classes": list(classes)}, set_digest(fitted_on))


def encoded(ids: Sequence[str], targets: Sequence[int]) -> Encoded:
    """Return encoded rows without inputs."""
    return Encoded(tuple(ids), {}, np.array(targets, dtype=np.int64))
