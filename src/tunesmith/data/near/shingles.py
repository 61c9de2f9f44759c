"""Texts as sets of hashed character 5-grams: normalised, laid end to end, hashed all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

WIDTH = 5  # characters of a shingle
SHORT = 8  # characters below which a text is one shingle: its whole self, near only to its equals
CHUNK = 1 << 22  # characters taken out of the table at a time
BLOCK = 1 << 16  # characters hashed at a time, so that the numbers of one step stay in the processor's cache
SEPARATOR = "\x1f"  # between the texts of several columns
NOTHING = "\x00"  # stands for an empty text, which is then one character long like any other
_WORDS = np.array([0x85EBCA6B, 0xC2B2AE35], np.uint32)  # the finaliser of MurmurHash3 (Appleby)
_PRIME = np.uint32(0x01000193)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive texts from row `start` on: `codes` (uint8 or uint32) end to end, text i from `offsets[i]` (int64)."""

    start: int
    codes: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, slots=True)
class Shingles:
    """Hashes of the shingles of consecutive rows: `hashes` uint32 (shingles,), row i from `starts[i]` (int64) on."""

    hashes: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def counts(self) -> np.ndarray:
        """Return the number of shingles of each row, int64; repeated ones count."""
        return np.diff(self.starts, append=len(self.hashes))


def normalised(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Return the joined texts of each row: NFKC, case-folded, runs of white space as one space; NOTHING if empty."""
    texts = [pl.col(name).cast(pl.String).fill_null("") for name in columns]
    joined = frame.select(pl.concat_str(texts, separator=SEPARATOR).alias("text"))["text"]
    is_ascii = joined.str.len_bytes() == joined.str.len_chars()
    if not is_ascii.all():
        folded = joined.str.normalize("NFKC").str.to_lowercase()
        folded = folded.str.replace_all("ß", "ss", literal=True).str.replace_all("ς", "σ", literal=True)
        joined = pl.select(pl.when(is_ascii).then(joined.str.to_lowercase()).otherwise(folded).alias("text"))["text"]
    else:
        joined = joined.str.to_lowercase()
    return joined.str.replace_all(r"\s{2,}|[^\S ]", " ").str.strip_chars(" " + SEPARATOR).replace("", NOTHING)


def blocks(texts: pl.Series) -> Iterator[Block]:
    """Yield normalised texts in blocks of about BLOCK characters, in their order."""
    lengths = texts.str.len_chars().to_numpy()
    ends = np.cumsum(lengths, dtype=np.int64)
    start = 0
    while start < len(texts):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + CHUNK, "right")))
        codes = _code_points(texts[start:stop])
        offsets = np.concatenate([np.zeros(1, np.int64), ends[start:stop] - before])
        yield from _cut(start, codes, offsets)
        start = stop


def _cut(first: int, codes: np.ndarray, offsets: np.ndarray) -> Iterator[Block]:
    start, rows = 0, len(offsets) - 1
    while start < rows:
        stop = max(start + 1, int(np.searchsorted(offsets, offsets[start] + BLOCK, "right")) - 1)
        own = offsets[start : stop + 1]
        yield Block(first + start, codes[own[0] : own[-1]], own - own[0])
        start = stop


def shingled(block: Block) -> Shingles:
    """Return the hashed shingles of a block's texts, in their order."""
    codes, starts, lengths = block.codes.astype(np.uint32), block.offsets[:-1], np.diff(block.offsets)
    is_short = lengths < SHORT
    hashes = np.zeros(len(codes), np.uint32)
    width = len(codes) - WIDTH + 1
    if width > 0:
        hashes[:width] = _windows(codes, width)
    keep = np.ones(len(codes), bool)
    last = block.offsets[1:][~is_short]
    for back in range(1, WIDTH):
        keep[last - back] = False
    if is_short.any():
        where = starts[is_short]
        keep[_ranges(where, lengths[is_short])] = False
        keep[where] = True
        hashes[where] = _whole(codes, where, lengths[is_short])
    counts = np.where(is_short, 1, lengths - WIDTH + 1)
    return Shingles(_mixed(hashes[keep]), np.cumsum(counts) - counts)


def _code_points(texts: pl.Series) -> np.ndarray:
    """Return the characters of all texts end to end: uint8 where all are ASCII, uint32 otherwise."""
    array = texts.rechunk().to_arrow()
    _, offsets, letters = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    letters = np.frombuffer(letters, np.uint8)[bounds[0] : bounds[-1]]
    if not len(letters) or letters.max() < 0x80:
        return letters
    return np.frombuffer(letters.tobytes().decode().encode("utf-32-le"), np.uint32)


def _windows(codes: np.ndarray, width: int) -> np.ndarray:
    """Return a polynomial hash of the WIDTH characters from each of the first `width` positions on."""
    found = codes[:width].copy()
    for at in range(1, WIDTH):
        found *= _PRIME
        found ^= codes[at : at + width]
    return found


def _whole(codes: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return one hash of each of these short texts."""
    found = lengths.astype(np.uint32)
    for at in range(SHORT - 1):
        inside = at < lengths
        found[inside] = (found[inside] * _PRIME) ^ codes[starts[inside] + at]
    return found


def _mixed(hashes: np.ndarray) -> np.ndarray:
    """Spread hashes evenly over 32 bits. Changes and returns them."""
    hashes ^= hashes >> np.uint32(16)
    hashes *= _WORDS[0]
    hashes ^= hashes >> np.uint32(13)
    hashes *= _WORDS[1]
    hashes ^= hashes >> np.uint32(16)
    return hashes


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return start, start + 1, ... of each length, end to end."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())
