"""What a guard promises: it refuses every fault it names, with a remedy, and lets a sound run pass."""

from __future__ import annotations

from typing import get_args

import numpy as np
import polars as pl

from ..core.errors import GuardError
from ..core.ids import set_digest
from ..core.part import resolve
from ..data import Codec, Column, Dataset, Encoded
from ..parts.guards import Evidence, Guard, Station
from .columns import plain
from .promise import promise

TEXT, LABEL = "sentences", "words"
CLASSES = ["blue", "green", "red"]


def check(guard: Guard) -> None:
    """Hold one guard to its promises."""
    stations = get_args(Station)
    promise(guard.station in stations, guard, f"`station` must be one of {', '.join(stations)}")
    faults = guard.faults()
    promise(bool(faults), guard, "faults() must plant at least one fault: a guard that never fired proves nothing")
    for number, evidence in enumerate(faults, start=1):
        _refuses(guard, evidence, number)
    try:
        held = guard.check(sound(guard.station))
    except GuardError as error:
        promise(False, guard, f"a sound run must pass, but: {error}")
    promise(isinstance(held, str) and bool(held.strip()), guard, "check() must say in words what held")


def _refuses(guard: Guard, evidence: Evidence, number: int) -> None:
    try:
        held = guard.check(evidence)
    except GuardError as error:
        fact, _, remedy = str(error).partition(";")
        promise(":" in fact, guard, f"the message must begin with the place and the fact: '{error}'")
        promise(bool(remedy.strip()), guard, f"the message must end in a remedy, after a semicolon: '{error}'")
        return
    promise(False, guard, f"fault {number} of faults() was not refused; check() said: {held}")


def sound(station: Station) -> Evidence:
    """Return evidence of a run in which nothing is wrong, as it stands at a station."""
    rows = Dataset.of(pl.DataFrame([plain()[name] for name in (TEXT, LABEL)]), "sound.csv").identified([TEXT])
    at = np.arange(len(rows))
    splits = {"train": rows.take(at[:14]), "validation": rows.take(at[14:19]), "test": rows.take(at[19:])}
    task = resolve("parts.tasks", "classification")
    text = Column(TEXT, resolve("parts.modalities", "text"))
    codec = Codec((text,), task, LABEL, {"classes": CLASSES}, set_digest(splits["train"].ids))
    outputs = np.array([[1.5, -0.5, 0.25], [0.0, 2.0, -1.0]])
    if station == "augmented":
        splits[station] = _typed_anew(splits["train"])
    return Evidence(
        splits={"all": rows} if station == "read" else splits,
        target=LABEL,
        codec=codec,
        encoded={name: _encoded(part) for name, part in splits.items()},
        loss=0.5,
        step=1,
        before=outputs,
        after=outputs.copy(),
    )


def _typed_anew(rows: Dataset) -> Dataset:
    """Return rows of the same ids and labels whose texts differ a little."""
    other = Dataset(rows.frame.with_columns(pl.col(TEXT) + "!"), rows.index).identified([TEXT])
    return Dataset(other.frame, rows.index.with_columns(other.index["content"]))


def _encoded(rows: Dataset) -> Encoded:
    texts = np.array(rows.frame[TEXT].to_list(), dtype=object)[:, None]
    targets = np.array([CLASSES.index(one) for one in rows.frame[LABEL]], dtype=np.int64)
    return Encoded(tuple(rows.ids), {"text": texts}, targets)
