"""What a modality promises: it learns JSON from training rows, and encodes each row by itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from ..core.ids import canonical
from ..parts.modalities import Modality
from . import columns
from .promise import promise, same

TYPES = {
    "text": np.dtype(object),
    "numbers": np.dtype(np.float32),
    "categories": np.dtype(np.int64),
    "image": np.dtype(object),
    "words": np.dtype(object),
    "chat": np.dtype(object),
}


def check(modality: Modality) -> None:
    """Hold one modality to its promises."""
    promise(modality.gives in TYPES, modality, f"`gives` must be one of {', '.join(TYPES)}")
    plain, holed, strange = columns.plain(), columns.holed(), columns.strange()
    plain["lists"], holed["lists"] = columns.lists(), columns.lists(every=5)
    strange["lists"] = pl.Series("lists", [None, [], [""], ["x" * 5000, "a b"], [None]], pl.List(pl.String))
    plain["chats"], holed["chats"] = columns.chats(), columns.chats(every=5)
    strange["chats"] = pl.Series("chats", [None, "", "x" * 5000, plain["chats"][0], '[{"role": "x", "content": ""}]'])
    suited = [name for name, column in plain.items() if _suits(modality, column) > 0.0]
    promise(bool(suited), modality, f"suits() is 0 for every kind of column: {', '.join(plain)}")
    for column in [*holed.values(), *strange.values()]:
        _suits(modality, column.clear())
        _suits(modality, column)
    for name in suited:
        for train in (plain[name], holed[name]):
            state = _learn(modality, train)
            for column in (train, plain[name], holed[name], strange[name], train.clear()):
                _encode(modality, column, state)
        _missing(modality, holed[name])


def _suits(modality: Modality, column: pl.Series) -> float:
    fit = modality.suits(column)
    promise(0.0 <= fit <= 1.0, modality, f"suits() gave {fit} for {column.dtype} values; it must be in 0..1")
    return fit


def _learn(modality: Modality, train: pl.Series) -> dict[str, Any]:
    before = train.clone()
    bad = modality.refuse(train)
    promise(bad is None, modality, f"suits() likes the column '{train.name}', but refuse() says {bad}")
    state = modality.fit(train)
    again: dict[str, Any] = json.loads(canonical(state))
    promise(again == state, modality, f"fit() must give JSON values; '{train.name}' gave {str(state)[:80]}")
    promise(modality.fit(train) == state, modality, "fit() on the same rows must learn the same")
    promise(train.equals(before, null_equal=True), modality, "fit() must leave the column as it is")
    return again


def _encode(modality: Modality, column: pl.Series, state: dict[str, Any]) -> None:
    what = f"column '{column.name}' of {len(column)} rows"
    encoded = modality.encode(column, state)
    promise(encoded.shape == (len(column),), modality, f"encode() gave shape {encoded.shape} for {what}")
    right = TYPES[modality.gives]
    promise(encoded.dtype == right, modality, f"encode() gave {encoded.dtype} for {what}; {modality.gives} are {right}")
    promise(same(encoded, modality.encode(column, state)), modality, f"encode() twice gave different values for {what}")
    order = np.arange(len(column))[::-2]
    some = modality.encode(column[order.tolist()], state)
    promise(same(some, encoded[order]), modality, f"a row of {what} must be encoded alike whatever rows are beside it")
    if modality.gives == "text":
        promise(all(isinstance(one, str) for one in encoded), modality, f"encode() of {what} gave what is no text")
    if modality.gives == "categories":
        codes = len(state["values"])
        inside = bool(((encoded >= 0) & (encoded <= codes)).all())
        promise(inside, modality, f"codes of {what} must be in 0..{codes}, the number of values learnt")
    if modality.gives == "numbers":
        promise(not np.isinf(encoded).any(), modality, f"encode() of {what} gave an infinite number")


def _missing(modality: Modality, column: pl.Series) -> None:
    """A missing value is the empty text, no words, no messages, NaN, code 0 or no picture, and nothing else is NaN."""
    encoded = modality.encode(column, modality.fit(column))
    absent = column.is_null().to_numpy()
    marked = {
        "text": lambda: np.array([one == "" for one in encoded]),
        "numbers": lambda: np.isnan(encoded),
        "categories": lambda: encoded == 0,
        "image": lambda: np.array([str(one) == "" for one in encoded]),
        "words": lambda: np.array([one == [] for one in encoded]),
        "chat": lambda: np.array([one == [] for one in encoded]),
    }[modality.gives]()
    promise(bool(marked[absent].all()), modality, f"missing values of '{column.name}' must be encoded as missing")
    promise(not marked[~absent].any(), modality, f"values of '{column.name}' seen in training are encoded as missing")
