"""One row at each station of the line, from the source file to the answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .core.errors import NotFoundError
from .core.seed import stream
from .data import Dataset, Encoded, Ragged
from .data.batching import batches
from .model import Model
from .model.network import Network
from .registry import Registry, StoredVersion
from .stages.build import Blueprint, build
from .stages.encode import encode, fit_codec
from .stages.inspect import findings
from .stages.watch import Watch
from .story import Run, Understood, divide, understand
from .version import Version

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
    found = findings(known.rows, known.meaning, run.events)
    station("check", [{"check": one.check, "column": one.column} for one in found if at in one.rows])
    parts = divide(known, Watch())
    split = next((part for part, rows in parts.items() if name in rows.ids), None)
    station("split", split or "dropped: it has no label, or stands on both sides")
    if split is not None:
        _encode(run, known, parts, (split, name), station)
    return stations


def _encode(run: Run, known: Understood, parts: dict[str, Dataset], where: tuple[str, str], station: Any) -> None:
    split, name = where
    recipe, meaning = known.recipe, known.meaning
    codec = fit_codec(parts["train"], meaning.inputs, meaning.target, meaning.task)
    model = build(Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout))
    row = parts[split].where(parts[split].index["id"] == name)
    encoded = model.prepare(encode(row, codec))
    assert encoded.targets is not None
    station("encode", {form: _shown(array) for form, array in encoded.inputs.items()})
    station("target", _shown(encoded.targets))
    if split == "train" and isinstance(model, Network):
        station("batch", _first_batch(known, model, parts["train"], model.prepare(encode(parts["train"], codec)), name))
    made = newest(run, known)
    if made is not None:
        version = Version.open(made)
        answer = version.predict(row)[0]
        station("output", _shown(version.model.outputs(encoded)))
        station("answer", {"version": version.label} | answer.as_json())


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


def _first_batch(known: Understood, model: Model, rows: Dataset, encoded: Encoded, name: str) -> dict[str, int]:
    assert isinstance(model, Network)
    how, position = known.recipe.train, rows.ids.index(name)
    order = batches(len(rows), how.batch_size, stream(known.recipe.seed, "batches", 0), model.lengths(encoded))
    return next(
        {"epoch": 1, "step": step, "place": int(np.flatnonzero(batch == position)[0]) + 1, "rows": len(batch)}
        for step, batch in enumerate(order, start=1)
        if position in batch
    )


def _shown(array: np.ndarray | Ragged) -> Any:
    values = array[0] if isinstance(array, Ragged) else np.asarray(array)[0]
    plain = values.tolist() if isinstance(values, np.ndarray | np.generic) else values
    if isinstance(plain, list):
        return [_rounded(one) for one in plain]
    return _rounded(plain)


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return None if value != value else round(value, 4)
