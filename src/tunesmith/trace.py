"""One row at each station of the line, from the source file to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from .core.errors import NotFoundError
from .core.ids import digest
from .core.seed import stream
from .data import Codec, Dataset, Encoded, Ragged, Rows
from .data.batching import batches
from .data.pixels import Picture
from .handover import Divided, Turns, Understood, augmenting, learnt
from .model.network import Network
from .parts.modalities import Modality
from .registry import Registry, StoredVersion
from .stages.build import Blueprint, build
from .stages.check import findings
from .stages.encode import encode
from .stages.split import Division
from .stages.watch import Watch
from .story import Run, divide, understand
from .version import Version

SHORT = 12  # letters of a digest that are shown
Stations = list[dict[str, Any]]


def follow(run: Run, wanted: str) -> Stations:
    """Return what each station makes of one row, named by its id or its row number.

    The answer is that of the newest version made by this very recipe; without one the line ends before it.
    Raises NotFoundError where there is no such row.
    """
    known = understand(run)
    at = locate(known.rows, wanted)
    name = known.rows.ids[at]
    stations: Stations = []

    def station(where: str, value: Any) -> None:
        stations.append({"station": where, "value": value})

    station("read", {"place": known.rows.place(at), "values": known.rows.example(at)})
    station("identify", {"id": name, "inputs": {one: part.kind for one, part in known.meaning.inputs.items()}})
    found = findings(known.table(), known.recipe.checks, run.events)
    station("check", [{"check": one.check, "column": one.column} for one in found if at in one.rows])
    divided = divide(known, found, Watch(), run.events)
    station("split", told := _side(divided.division, name))
    changes = [one.as_json() for one in divided.cleaned.changes if one.row == at]
    if changes:
        station("clean", changes)
    split = told["split"]
    if split in divided.parts and name in divided.parts[split].ids:
        _encode(run, known, divided, (split, name), station)
    return stations


def _side(division: Division, name: str) -> dict[str, str]:
    """Return the split of a row and why it is there."""
    rows = division.rows
    if name not in (ids := rows.ids):
        return {"split": "dropped", "because": "it has no label"}
    at = ids.index(name)
    return {"split": rows.index["split"][at], "because": division.why(at)}


def _encode(run: Run, known: Understood, divided: Divided, where: tuple[str, str], station: Any) -> None:
    (split, name), parts, recipe = where, divided.parts, known.recipe
    augmenter = augmenting(known, parts["train"], None, run.events)
    codec = learnt(known, divided)
    model = build(Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout))
    row = parts[split].where(parts[split].index["id"] == name)
    turns = Turns(augmenter, codec, model, model.prepare(encode(parts["train"], codec))) if split == "train" else None
    if recipe.augment:
        station("augment", f"rows of {split} stay as they are" if turns is None else _augmented(turns, name))
    encoded = model.prepare(encode(row, codec))
    assert encoded.targets is not None
    station("encode", _by_column(codec, encoded))
    words = model.words(encoded, 0)
    if words is not None:
        station("tokens", {"words": " ".join(words), "ids": _shown(encoded.inputs["tokens"])})
    if "weights" in encoded.inputs and words is not None:
        station("learnt", _parted(words, encoded.inputs["weights"]))
    if "pixels" in encoded.inputs:
        station("pixels", _seen(np.asarray(encoded.inputs["pixels"])[0]))
    label = row.frame[codec.target].to_list()[0]
    station("target", {"column": codec.target, "value": label, "encoded": _shown(encoded.targets)})
    if turns is not None and isinstance(model, Network):
        station("batch", _first_batch(known, model, turns.anew(0), name))
    made = newest(run, known)
    if made is not None:
        version = Version.open(made)
        answer = version.predict(row)[0]
        station("output", _shown(version.model.outputs(encoded)))
        station("answer", {"version": version.label} | answer.as_json())


def _by_column(codec: Codec, encoded: Encoded) -> dict[str, Any]:
    """Return what a row's columns became, by their names; a form's array holds its columns in the codec's order."""
    shown, taken = {}, dict.fromkeys(encoded.inputs, 0)
    for column in codec.columns:
        assert isinstance(column.modality, Modality)
        form = column.modality.gives
        shown[column.name] = _plain(np.asarray(encoded.inputs[form])[0, taken[form]])
        taken[form] += 1
    return shown


def locate(rows: Dataset, wanted: str) -> int:
    """Return the position of a row by id or by row number. Raises NotFoundError."""
    if wanted in (ids := rows.ids):
        return ids.index(wanted)
    if wanted.isdigit() and int(wanted) in (numbers := rows.rows):
        return numbers.index(int(wanted))
    raise NotFoundError(
        f"--row {wanted}: there is no such id or row number (ids look like {ids[0]}; rows 1 to {len(ids)})"
    )


def newest(run: Run, known: Understood) -> StoredVersion | None:
    """Return the newest version that this very recipe made, or None."""
    stored = Registry(run.home).versions(known.recipe.title())
    return next((one for one in reversed(stored) if one.manifest["recipe"] == known.recipe.digest()), None)


def _augmented(turns: Turns, name: str) -> dict[str, Any]:
    """Return what the first epoch shows of a training row."""
    turn, _ = turns.turn(0)
    found = turns.augmenter.difference(turn, turn.rows.ids.index(name))
    return {"epoch": 1, "by": found["by"], "values": found["after"]}


def _first_batch(known: Understood, model: Network, encoded: Encoded, name: str) -> dict[str, int]:
    how, balance, position = known.recipe.train, known.recipe.balance, encoded.ids.index(name)
    generator, lengths, targets = stream(known.recipe.seed, "batches", 0), model.lengths(encoded), encoded.targets
    assert targets is not None
    if balance is None:
        order = batches(len(encoded), how.rows_per_step(len(encoded)), generator, lengths)
    else:
        order = balance.batches(targets, how.rows_per_step(balance.rows_per_epoch(targets)), generator, lengths)
    places = (
        {"epoch": 1, "step": step, "place": int(np.flatnonzero(batch == position)[0]) + 1, "rows": len(batch)}
        for step, batch in enumerate(order, start=1)
        if position in batch
    )
    return next(places, {"epoch": 1, "drawn": 0})  # of a large class, an epoch may leave it out


def _shown(array: np.ndarray | Ragged) -> Any:
    """Return the first row's entry as JSON values."""
    value = array[0]
    return [_plain(one) for one in value] if isinstance(value, np.ndarray) else _plain(value)


def _parted(words: Sequence[str], weights: Rows) -> list[dict[str, str]]:
    """Return the tokens of a row in stretches, each read or learnt."""
    stretches = groupby(zip(words, weights[0], strict=True), key=lambda one: bool(one[1] > 0))
    return [{"learnt" if is_learnt else "read": " ".join(word for word, _ in some)} for is_learnt, some in stretches]


def _seen(pixels_HWC: np.ndarray) -> dict[str, Any]:
    """Return what is left of an image to be shown where numbers stand: its size, its mean colour, and a digest."""
    height, width, _ = pixels_HWC.shape
    colour = [round(one) for one in pixels_HWC.mean(axis=(0, 1)).tolist()]
    return {"height": height, "width": width, "mean": colour, "sha256": digest(pixels_HWC.tobytes())[:SHORT]}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes, sha256 {digest(value)[:SHORT]}"
    if isinstance(value, Picture):
        return f"sha256 {value.digest[:SHORT]}"
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, float):
        return value
    return None if value != value else round(value, 4)
