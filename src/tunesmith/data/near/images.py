"""Near images: perceptual hashes that differ in few bits, verified on small copies of the pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from ..parallel import in_threads
from ..pictures import UNREADABLE, bomb, find_file, opened, pillow
from .candidates import buckets, linked, neighbours
from .pairs import packed, unpacked
from .progress import Told, between, counted, unheard

BITS = 10
"""Perceptual hashes of near images differ in at most as many of their 64 bits."""
CORRELATION = 0.9
"""Small grey copies of near images correlate at least so, and their mean colours are at most COLOUR of 255 apart."""
COLOUR = 24.0
SIDE, SMALL = 32, 16
FLAT = 2.0  # standard deviation, of 255, below which a picture shows nothing that could correlate
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
MOST_PIXELS = 100_000_000  # of a picture that is decoded; a larger one is near to nothing


@dataclass(frozen=True, slots=True)
class Images:
    """`hashes` uint64 (rows,), `small` uint8 (rows, SMALL, SMALL, 3) RGB, `is_known` bool (rows,): could be read."""

    hashes: np.ndarray
    small: np.ndarray
    is_known: np.ndarray

    @classmethod
    def of(cls, frame: pl.DataFrame, columns: Sequence[str], folder: Path | None, told: Told = unheard) -> list[Images]:
        """Read the images of each column; one that is missing or cannot be read is near to nothing."""
        return [
            cls._read(
                [_file(cell, folder) for cell in frame[name]],
                between(told, at / len(columns), (at + 1) / len(columns)),
            )
            for at, name in enumerate(columns)
        ]

    @classmethod
    def _read(cls, files: list[Path | bytes | None], told: Told) -> Images:
        pictures = list(counted(in_threads(_picture, files), len(files), told))
        is_known = np.array([one is not None for one in pictures], bool)
        blank = np.zeros((SIDE, SIDE, 3), np.uint8)
        full = np.array([blank if one is None else one for one in pictures], np.uint8).reshape(-1, SIDE, SIDE, 3)
        half = full.reshape(-1, SMALL, SIDE // SMALL, SMALL, SIDE // SMALL, 3).mean(axis=(2, 4))
        return cls(perceptual_hashes(full @ _GREY), half.round().astype(np.uint8), is_known)

    def candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs (int64, int64) of readable images whose hashes differ in at most BITS bits, each once.

        Cut into BITS + 1 words, two such hashes have one word in common at least, so none is missed. Of images of one
        and the same hash the first stands for all beyond them; among themselves they are linked as a bucket is.
        """
        rows = np.flatnonzero(self.is_known)
        hashes, first, of = np.unique(self.hashes[rows], return_index=True, return_inverse=True)
        colour = (self.small[rows].mean(axis=(1, 2)) @ _GREY * 256).astype(np.uint32)
        same = linked(of.astype(np.uint32), colour)
        found = [packed(*same)]
        for word in _words(hashes):
            for one, other in neighbours(*buckets(word), reach=len(hashes)):
                good = np.bitwise_count(hashes[one] ^ hashes[other]) <= BITS
                found.append(packed(first[one[good]], first[other[good]]))
        one, other = unpacked(np.unique(np.concatenate(found)))
        return rows[one], rows[other]

    def verified(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the correlation of two images' small grey copies (float32) and whether they are near (bool)."""
        similarity = np.empty(len(first), np.float32)
        good = np.empty(len(first), bool)
        for start in range(0, len(first), 4096):
            part = slice(start, start + 4096)
            similarity[part], good[part] = _compared(self.small[first[part]], self.small[second[part]])
        known = self.is_known[first] & self.is_known[second]
        return similarity, good & known & (np.bitwise_count(self.hashes[first] ^ self.hashes[second]) <= BITS)


def _words(hashes: np.ndarray) -> Iterator[np.ndarray]:
    """Yield BITS + 1 words (uint32) of as nearly equal size that together are all 64 bits of the hashes."""
    bounds = [64 * at // (BITS + 1) for at in range(BITS + 2)]
    for low, high in pairwise(bounds):
        yield ((hashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)).astype(np.uint32)


def perceptual_hashes(grey: np.ndarray) -> np.ndarray:
    """Return one uint64 for each grey picture of (rows, SIDE, SIDE): which low frequencies are above their median.

    The 8 x 8 lowest frequencies of the discrete cosine transform but the constant ones (Zauner 2010, "Implementation
    and benchmarking of perceptual image hash functions", section 3.2.1). A flat picture, whose frequencies are noise,
    has no bit set.
    """
    at = np.arange(SIDE)
    cosines = np.cos(np.pi / SIDE * np.outer(np.arange(1, 9), at + 0.5))
    low = (cosines @ grey.astype(np.float64) @ cosines.T).reshape(len(grey), 64)
    bits = (low > np.median(low, axis=1, keepdims=True)) & (grey.std(axis=(1, 2)) >= FLAT)[:, None]
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def _compared(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return correlation and nearness of small RGB copies, pair by pair."""
    grey, another = ((copy @ _GREY).reshape(len(copy), -1) for copy in (one, other))
    spread, wide = grey.std(axis=1), another.std(axis=1)
    shared = ((grey - grey.mean(axis=1, keepdims=True)) * (another - another.mean(axis=1, keepdims=True))).mean(axis=1)
    is_flat = np.minimum(spread, wide) < FLAT
    alike = np.where(is_flat, np.maximum(spread, wide) < FLAT, shared / np.maximum(spread * wide, FLAT**2))
    tint = np.abs(one.mean(axis=(1, 2)) - other.mean(axis=(1, 2))).max(axis=1)
    equal = (one == other).all(axis=(1, 2, 3))
    alike = np.where(equal, 1.0, np.clip(alike, 0.0, 1.0 - 1e-6))
    return alike.astype(np.float32), (alike >= CORRELATION) & (tint <= np.where(is_flat, FLAT, COLOUR))


def _file(cell: str | bytes | None, folder: Path | None) -> Path | bytes | None:
    """Return the file that a cell names, or the one it holds."""
    return cell if cell is None or isinstance(cell, bytes) else find_file(folder or Path(), str(cell))[0]


def _picture(file: Path | bytes | None) -> np.ndarray | None:
    """Return an image as RGB of SIDE x SIDE (uint8), or None where it cannot be read."""
    if file is None:
        return None
    try:
        with opened(io.BytesIO(file) if isinstance(file, bytes) else file) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            picture.draft("RGB", (SIDE * 4, SIDE * 4))  # a JPEG is decoded at a fraction of its size
            return np.asarray(picture.convert("RGB").resize((SIDE, SIDE), pillow().Resampling.BOX))
    except (*UNREADABLE, bomb()):
        return None
