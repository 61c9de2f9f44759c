"""Python values, as JSON and databases give them, to columns of numbers, texts or lists of texts."""

from __future__ import annotations

import datetime
import ipaddress
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from ...core.errors import DataError

Place = Callable[[int], str]

SPOKEN = (datetime.timedelta, uuid.UUID, ipaddress.IPv4Address, ipaddress.IPv6Address, Decimal)
NAMES = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
NAMES |= {int: "a number", float: "a number", Decimal: "a number"}


def column(name: str, values: Sequence[Any], place: Place) -> pl.Series:
    """Return the column of the narrowest type that holds every value: Int64, Float64, lists of texts, texts.

    Decimals with a fraction are floats. Truth values and integers beyond Int64 become texts, as does a column of
    numbers of which a float cannot hold one; dates and times become ISO texts. `place` says where the value at a
    position stands. Raises DataError on objects, bytes, and lists beside single values.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pl.Series(name, values, pl.Null)
    if kinds & {list, dict}:
        _refuse_nested(name, values, place)
        texts = [None if value is None else [text(item) for item in value] for value in values]
        return pl.Series(name, texts, pl.List(pl.String))
    if Decimal in kinds:
        values = [_whole(value) if isinstance(value, Decimal) else value for value in values]
        kinds = set(map(type, values)) - {type(None)}
    if kinds <= {int, float, Decimal}:
        numbers = _numbers(name, values, kinds)
        if numbers is not None:
            return numbers
    return pl.Series(name, _texts(name, values, place), pl.String)


def joined_types(schemas: Sequence[Mapping[str, pl.DataType]], source: str) -> dict[str, pl.DataType]:
    """Return the types that `joined` gives the columns of blocks of these types. Raises what it raises."""
    return dict(joined([pl.DataFrame(schema=one) for one in schemas], source).schema)


def in_types(frame: pl.DataFrame, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return a block as `joined` has it: columns in this order and these types, those it lacks of nothing but null."""
    absent = {name: pl.Series(name, [None], kind).new_from_index(0, frame.height) for name, kind in types.items()}
    return pl.DataFrame([frame[name].cast(kind) if name in frame else absent[name] for name, kind in types.items()])


def joined(blocks: Sequence[pl.DataFrame], source: str) -> pl.DataFrame:
    """Return blocks of rows as one frame, a column of nothing but null as text.

    Raises DataError where a column holds lists in one block and single values in another.
    """
    seen: dict[str, bool] = {}
    for block in blocks:
        for name, kind in block.schema.items():
            if kind != pl.Null and seen.setdefault(name, kind == pl.List) != (kind == pl.List):
                raise DataError(
                    f"{source}, column '{name}': lists in some rows, single values in others; write lists only"
                )
    return pl.concat(blocks, how="diagonal_relaxed").cast({pl.Null: pl.String})


def kind_name(value: Any) -> str:
    """Return what a value is, in words."""
    return NAMES.get(type(value), f"a value of the type {type(value).__name__}")


def text(value: Any) -> str:
    """Return a single value as text. Raises TypeError where it has no form as text that means anything."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, SPOKEN) else json.dumps(value)


def _numbers(name: str, values: Sequence[Any], kinds: set[type]) -> pl.Series | None:
    """Return the numbers as Int64 or Float64; None where one is beyond it."""
    if kinds == {int}:
        fits = all(value is None or -(2**63) <= value < 2**63 for value in values)
        return pl.Series(name, values, pl.Int64) if fits else None
    try:
        floats = [None if value is None else float(value) for value in values]
    except OverflowError:
        return None
    infinite = (value for value, held in zip(values, floats, strict=True) if held is not None and math.isinf(held))
    return pl.Series(name, floats, pl.Float64) if all(map(math.isinf, infinite)) else None


def _whole(value: Decimal) -> Decimal | int:
    """Return a decimal number without places as an integer: it may be an id, and too long for a float."""
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and 0 <= exponent < 100 else value


def _texts(name: str, values: Sequence[Any], place: Place) -> list[str | None]:
    found = []
    for at, value in enumerate(values):
        try:
            found.append(None if value is None else text(value))
        except TypeError as error:
            fact = f"{kind_name(value)} is neither text nor number"
            raise DataError(
                f"{place(at)}, column '{name}': {fact}; write it as one, or leave the column out"
            ) from error
    return found


def _refuse_nested(name: str, values: Sequence[Any], place: Place) -> None:
    """Raise DataError at the first object, else the first value that is no list of texts or integers."""
    remedy = "a column holds texts, numbers, or lists of texts only"
    for at, value in enumerate(values):
        if isinstance(value, dict):
            raise DataError(f"{place(at)}, column '{name}': an object within an object; {remedy}")
    for at, value in enumerate(values):
        if value is not None and not isinstance(value, list):
            raise DataError(f"{place(at)}, column '{name}': {kind_name(value)} beside lists in other rows; {remedy}")
        for item in value or ():
            if type(item) not in (str, int):
                fact = f"a list that holds {kind_name(item)}"
                raise DataError(f"{place(at)}, column '{name}': {fact}; write its items as texts")
