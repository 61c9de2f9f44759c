"""Hashes of rows: many at a time, in bounded memory, and the very ones that identify rows for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..core.ids import ID_LENGTH
from ..core.need import lazy
from .parallel import in_threads

if TYPE_CHECKING:
    import pyarrow as arrow
else:
    arrow = lazy("pyarrow")

CHUNK = 1 << 16  # rows whose JSON is held at a time
BYTES = ID_LENGTH // 2
_DIGITS = np.array([int.from_bytes(b"%02x" % byte, "little") for byte in range(256)], "<u2")


def row_hashes(frame: pl.DataFrame, columns: Sequence[str], numeric: Sequence[str] = ()) -> np.ndarray:
    """Return the first 64 bits of the sha256 of each row's values in these columns, uint64 (rows,).

    Columns named by `numeric` are hashed by value, bytes by their digest, all else as text: the JSON object of a row,
    in the given order. Written in hexadecimal (`hexadecimal`) it is the row's `content`, from which its id is made.
    """
    if not columns:
        return np.repeat(text_hashes(pl.Series([""])), frame.height)

    def hashes(start: int) -> np.ndarray:
        piece = frame[start : start + CHUNK]
        parts = [_hashable(piece[name], name in numeric) for name in columns]
        return text_hashes(pl.DataFrame(parts).select(pl.struct(pl.all()).struct.json_encode())[:, 0])

    return np.concatenate([np.empty(0, np.uint64), *in_threads(hashes, range(0, frame.height, CHUNK))])


def text_hashes(texts: pl.Series) -> np.ndarray:
    """Return the first 64 bits of the sha256 of each text in UTF-8, uint64 (rows,); null is not allowed."""
    sha256 = hashlib.sha256
    digests = b"".join([sha256(text).digest()[:BYTES] for text in texts.cast(pl.Binary).to_list()])
    return np.frombuffer(digests, ">u8").astype(np.uint64)


def hexadecimal(hashes: np.ndarray) -> pl.Series:
    """Return hashes (uint64) as texts of ID_LENGTH hexadecimal digits."""
    digits = _DIGITS[hashes.astype(">u8").view(np.uint8)]
    array = arrow.FixedSizeBinaryArray.from_buffers(
        arrow.binary(ID_LENGTH), len(hashes), [None, arrow.py_buffer(digits)]
    )
    return pl.Series(pl.from_arrow(array)).cast(pl.String)


def unit_intervals(texts: pl.Series, salt: str = "") -> np.ndarray:
    """Return `core.ids.unit_interval` of each text, float64 (rows,): numbers in [0, 1) that never change."""
    found = np.empty(len(texts), np.float64)
    for start in range(0, len(texts), CHUNK):
        piece = texts[start : start + CHUNK]
        salted = pl.select(pl.lit(f"{salt}\x1f") + piece).to_series()
        found[start : start + CHUNK] = (text_hashes(salted) >> np.uint64(12)) / 2.0**52
    return found


def _hashable(column: pl.Series, is_number: bool) -> pl.Series:
    """Return numbers as Float64, lists as JSON, bytes as their digest, all else as text."""
    if column.dtype == pl.Binary:
        digests = [None if one is None else hashlib.sha256(one).hexdigest() for one in column]
        return pl.Series(column.name, digests, pl.String)
    if column.dtype.is_nested():
        return pl.DataFrame([column]).select(pl.struct(pl.all()).struct.json_encode().alias(column.name))[:, 0]
    return column.cast(pl.Float64 if is_number else pl.String, strict=False)
