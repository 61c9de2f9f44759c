"""Where a row falls when rows are divided: decided by the row and the rows before it, so that new rows move none.

What falls on one side as a whole is a *unit*: the rows of equal inputs, or of one group. Every unit gets a place in
[0, 1), and parts are stretches of that line, which makes a split by shares and a split into folds the same thing.
A place is a hash of the unit, or it is dealt within the unit's class, in order of appearance: permuted-block
randomisation (Zelen, "The randomization and stratification of patients to clinical trials", J. Chronic Diseases 27,
1974), in which every full block of a class holds exactly its shares.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ..core.errors import DataError
from ..core.ids import digest
from .dataset import Dataset
from .near import Pairs, sides
from .strata import Form, strata

LARGEST_BLOCK = 1000  # shares finer than a thousandth are rounded to one
SLOTS = 1 << 22  # slots that are permuted at a time: 32 MiB of random numbers
PORTION = 1 << 16  # keys that are texts of Python at a time
ASIDE = -1  # the fold of a row that is near to rows of two folds


@dataclass(frozen=True, slots=True)
class Rule:
    """By what rows are divided."""

    by: Literal["hash", "stratified"] = "hash"
    group: str | None = None
    """Column whose equal values are one unit; a group counts for the class of its first row."""
    target: str | None = None
    """Column of the classes that a stratified division gives their shares."""
    form: Form = "class"
    """What the target holds: a class, a list of classes, or a value."""
    salt: str = ""
    """Another text gives another random division."""


@dataclass(frozen=True, slots=True)
class Units:
    """What falls on one side as a whole, in order of appearance."""

    of: np.ndarray
    """The unit of each row, int64 (rows,)."""
    first: np.ndarray
    """The position of each unit's first row, int64 (units,)."""
    keys: pl.Series
    """The text that names each unit: the hash of its inputs, or its group."""

    def paired(self, pairs: Pairs) -> Pairs:
        """Return pairs of rows as pairs of their units."""
        return Pairs.of(self.of[pairs.first], self.of[pairs.second], pairs.similarity)


def units(data: Dataset, group: str | None = None) -> Units:
    """Return the units of the rows: of equal inputs, or of an equal `group`, where a missing one is a group as well.

    Raises DataError where there is no such column.
    """
    if group is None:
        return _numbered(data.index["content"])
    if group not in data.columns:
        raise DataError(f"split.group: there is no column '{group}' (columns: {', '.join(data.columns)})")
    return _numbered(data.frame[group].cast(pl.String).fill_null(""))


def places(
    data: Dataset, whole: Units, rule: Rule, block: int, leads: np.ndarray, is_first_kept: bool = False
) -> np.ndarray:
    """Return the place of each unit of `data`, float64 (units,) in [0, 1).

    A stratified rule deals to the units that lead (bool, one per unit) in blocks of `block`, and leaves the others to
    their hash. Where `is_first_kept`, the first unit of a class gets the last slot of its block, and with it the
    part that comes last on the line. Raises DataError where a stratified rule has no target.
    """
    place = np.empty(len(whole.first))
    dealt_to = leads & (rule.by == "stratified")
    place[~dealt_to] = hashed(whole.keys.filter(pl.Series(~dealt_to)), rule.salt)
    if rule.by == "stratified":
        if rule.target is None:
            raise DataError("split.by: stratified needs a `target` to keep the shares of; name one, or use `by: hash`")
        classes = strata(data.frame[rule.target].gather(whole.first[dealt_to]), rule.form)
        place[dealt_to] = dealt(classes, block, rule.salt, is_first_kept)
    return place


def folds(data: Dataset, count: int, rule: Rule, near: Pairs | None = None) -> np.ndarray:
    """Return the fold of each row, int64 in 0..count-1, for cross-validation: k-fold, stratified, by group, or both.

    Rows of `near` pairs (positions in `data`) share a fold unless groups rule; ASIDE (-1) where they cannot.
    """
    whole = units(data, rule.group)
    pairs = whole.paired(near) if near is not None and rule.group is None else Pairs.none()
    place = places(data, whole, rule, count, leading(whole, pairs))
    number = np.minimum((place * count).astype(np.int64), count - 1)
    return sides(number, pairs, np.int64(ASIDE))[whole.of].astype(np.int64)


def leading(whole: Units, pairs: Pairs) -> np.ndarray:
    """Return which units are near to no earlier one, bool (units,): the others follow those."""
    leads = np.ones(len(whole.first), bool)
    leads[pairs.second] = False
    return leads


def hashed(keys: pl.Series, salt: str = "") -> np.ndarray:
    """Return a place for each key that depends on it and the salt alone, float64 in [0, 1): `unit_interval` of many."""
    found = [np.empty(0)]
    for start in range(0, len(keys), PORTION):
        texts = (f"{salt}\x1f{key}".encode() for key in keys.slice(start, PORTION).to_list())
        heads = b"".join(hashlib.sha256(text).digest()[:8] for text in texts)
        found.append((np.frombuffer(heads, ">u8") >> np.uint64(12)) / 2.0**52)
    return np.concatenate(found)


def dealt(classes: pl.Series, block: int, salt: str = "", is_first_kept: bool = False) -> np.ndarray:
    """Return a place for each item from its class (a text) and how many of that class came before, float64 in [0, 1).

    The items of a class fill blocks of `block` slots, one block after another; the slots of a block come in a random
    order that follows from salt, class and the block's number. A place is the middle of a slot.
    """
    named = _numbered(classes)
    rank = pl.DataFrame({"class": classes}).select(pl.int_range(pl.len()).over("class"))[:, 0].to_numpy()
    number, at = np.divmod(rank, block)
    blocks = -(-np.bincount(named.of, minlength=len(named.first)) // block)
    before = np.cumsum(blocks) - blocks
    index = before[named.of] + number
    seeds = np.array([int(digest(f"{salt}\x1f{name}")[:16], 16) for name in named.keys.to_list()], np.uint64)
    owner = np.repeat(np.arange(len(blocks)), blocks)
    numbers = np.arange(len(owner)) - before[owner]
    order, slots, size = np.argsort(index, kind="stable"), np.empty(len(rank), np.int64), max(1, SLOTS // block)
    for start in range(0, len(owner), size):
        some = slice(start, start + size)
        permuted = _permuted(seeds[owner[some]], numbers[some], block)
        if is_first_kept:
            _keep_first(permuted, numbers[some] == 0)
        items = order[slice(*np.searchsorted(index[order], [start, start + size]))]
        slots[items] = permuted[index[items] - start, at[items]]
    return (slots + 0.5) / block


def block_size(*shares: float) -> int:
    """Return the size of the smallest block that holds each share in whole slots, LARGEST_BLOCK where none does."""
    for size in range(2, LARGEST_BLOCK):
        if all(abs(share * size - round(share * size)) < 1e-6 for share in shares):
            return size
    return LARGEST_BLOCK


def _permuted(seeds: np.ndarray, numbers: np.ndarray, block: int) -> np.ndarray:
    """Return for each block (its class's seed, its number) a random order of its slots, int64 (blocks, block).

    The random numbers are SplitMix64's (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    """
    counter = numbers.astype(np.uint64)[:, None] * np.uint64(block) + np.arange(1, block + 1, dtype=np.uint64)
    random: np.ndarray = seeds[:, None] + counter * np.uint64(0x9E3779B97F4A7C15)
    random = (random ^ (random >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    random = (random ^ (random >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(random ^ (random >> np.uint64(31)), axis=1, kind="stable")


def _keep_first(permuted: np.ndarray, is_first: np.ndarray) -> None:
    """Give the first item of each of these blocks the last slot, in exchange for its own. Changes `permuted`."""
    rows, last = np.flatnonzero(is_first), permuted.shape[1] - 1
    holder = permuted[rows].argmax(axis=1)
    permuted[rows, holder] = permuted[rows, 0]
    permuted[rows, 0] = last


def _numbered(keys: pl.Series) -> Units:
    first = pl.DataFrame({"key": keys}).with_row_index().select(pl.col("index").first().over("key"))[:, 0].to_numpy()
    leads = first == np.arange(len(first))
    starts = np.flatnonzero(leads)
    return Units((np.cumsum(leads) - 1)[first], starts, keys.gather(starts))
