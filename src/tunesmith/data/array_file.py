"""Several named arrays in one file that is mapped into memory, with the digest of each: the format of the store.

The file is a valid safetensors file (https://huggingface.co/docs/safetensors): the header's length as a little-endian
64-bit integer, the header as JSON with each array's dtype, shape and place, then the arrays, C-ordered and without
gaps, those of the widest numbers first so that each is aligned. The header's `__metadata__` holds the key, the sha256
of each array, and the sha256 of the header itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from ..core.ids import canonical, value_digest

FORMAT = "tunesmith arrays 1"
METADATA = "__metadata__"
PREFIX_BYTES = 8
ALIGNMENT = 64  # bytes: a cache line
LARGE = 1 << 29  # bytes of an array from which on it is not held in memory
HEADER_LIMIT = 100_000_000  # bytes, as in the safetensors library
CODES = {
    "bool": ("BOOL", "?"),
    "uint8": ("U8", "u1"),
    "int8": ("I8", "i1"),
    "uint16": ("U16", "<u2"),
    "int16": ("I16", "<i2"),
    "float16": ("F16", "<f2"),
    "bfloat16": ("BF16", "<u2"),
    "uint32": ("U32", "<u4"),
    "int32": ("I32", "<i4"),
    "float32": ("F32", "<f4"),
    "uint64": ("U64", "<u8"),
    "int64": ("I64", "<i8"),
    "float64": ("F64", "<f8"),
}
NAMES = {code: name for name, (code, _) in CODES.items()}


@dataclass(frozen=True, slots=True)
class Spec:
    """An array to come. `dtype` is numpy's name, or `bfloat16`, whose bits numpy reads as uint16.

    Raises ValueError for a dtype that has no form in the file, and for a negative length.
    """

    dtype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.dtype not in CODES:
            raise ValueError(f"arrays of dtype '{self.dtype}' cannot be stored; use one of {', '.join(CODES)}")
        if any(length < 0 for length in self.shape):
            raise ValueError(f"an array cannot have the shape {self.shape}; give lengths of 0 or more")

    @classmethod
    def of(cls, array: np.ndarray) -> Spec:
        """Return the spec of an array that is there already."""
        return cls(array.dtype.name, array.shape)

    @property
    def numpy(self) -> np.dtype:
        """The dtype that numpy reads and writes."""
        return np.dtype(CODES[self.dtype][1])

    @property
    def size_bytes(self) -> int:
        """What the array takes in the file."""
        return math.prod(self.shape) * self.numpy.itemsize


class Layout:
    """Where each array lies in the file of a key (64 hexadecimal digits); `size` is the file's length in bytes."""

    def __init__(self, key: str, specs: Mapping[str, Spec]) -> None:
        """Place the arrays; nothing is read or written. Raises ValueError where an array has the metadata's name."""
        if METADATA in specs:
            raise ValueError(f"no array can be called '{METADATA}'; the file's own fields have that name")
        self.key = key
        self.specs = dict(sorted(specs.items(), key=lambda item: (-item[1].numpy.itemsize, item[0])))
        self.places: dict[str, tuple[int, int]] = {}
        end = 0
        for name, spec in self.specs.items():
            self.places[name] = (end, end + spec.size_bytes)
            end += spec.size_bytes
        self.start = len(self.header(dict.fromkeys(specs, "0" * 64)))
        self.size = self.start + end

    def header(self, digests: Mapping[str, str]) -> bytes:
        """Return all that stands before the arrays, of a length that does not depend on the digests."""
        metadata = {"format": FORMAT, "key": self.key} | {f"sha256 {name}": one for name, one in digests.items()}
        fields: dict[str, Any] = {METADATA: metadata}
        for name, spec in self.specs.items():
            code, shape = CODES[spec.dtype][0], list(spec.shape)
            fields[name] = {"dtype": code, "shape": shape, "data_offsets": list(self.places[name])}
        metadata["header"] = value_digest(fields)
        text = canonical(fields)
        text += b" " * (-(PREFIX_BYTES + len(text)) % ALIGNMENT)
        return len(text).to_bytes(PREFIX_BYTES, "little") + text

    def arrays(self, mapped: mmap.mmap) -> dict[str, np.ndarray]:
        """Return views of the mapped file, writable where the map is; they keep it open."""
        return {
            name: np.ndarray(spec.shape, spec.numpy, mapped, self.start + self.places[name][0])
            for name, spec in self.specs.items()
        }

    def digests(self, mapped: mmap.mmap) -> dict[str, str]:
        """Return the sha256 of each array's bytes."""
        with memoryview(mapped) as whole:
            return {
                name: hashlib.sha256(whole[self.start + begin : self.start + end]).hexdigest()
                for name, (begin, end) in self.places.items()
            }


def scratch(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """Return an array of zeros for a while: in memory, or where it is large in a file that vanishes with it."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < LARGE:
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        return np.memmap(file, dtype, "r+", shape=shape)


def open_arrays(file: BinaryIO, key: str, verify: bool) -> dict[str, np.ndarray] | None:
    """Return the arrays of a key's file, mapped read-only, or None where it is damaged or another's.

    The header is checked to the last byte, the arrays by their length alone unless `verify`.
    Raises OSError where the file cannot be read.
    """
    try:
        layout, digests = _read_header(file, key)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if verify and layout.digests(mapped) != digests:
        return None
    return layout.arrays(mapped)


def _read_header(file: BinaryIO, key: str) -> tuple[Layout, dict[str, str]]:
    """Return the layout and the digests that a file states. Raises ValueError where the file is not of that layout."""
    length = int.from_bytes(file.read(PREFIX_BYTES), "little")
    if length > HEADER_LIMIT:
        raise ValueError("the header is too long to be one")
    text = file.read(length)
    fields = json.loads(text)
    metadata = fields.pop(METADATA)
    specs = {name: Spec(NAMES[one["dtype"]], tuple(one["shape"])) for name, one in fields.items()}
    digests = {name: metadata[f"sha256 {name}"] for name in specs}
    layout = Layout(key, specs)
    expected = layout.header(digests)
    if expected[PREFIX_BYTES:] != text or os.fstat(file.fileno()).st_size != layout.size:
        raise ValueError("the file is not the one that was written")
    return layout, digests
