"""Short texts that one typing error divides: too little of their shingles is left for the Jaccard similarity to tell.

One error changes up to six shingles of five letters, which leaves a similarity of 0.8 from 58 characters on. Below
that, texts are compared by the errors themselves (optimal string alignment: Damerau, "A technique for computer
detection and correction of spelling errors", CACM 7(3), 1964). Two texts that one error divides have a text in common
that is either of them with one character left out at most (Mor and Fraenkel, "A hash code method for detecting and
correcting spelling errors", CACM 25(12), 1982), so that none is missed and only those are compared that may be.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import polars as pl

from ..parallel import in_threads
from .candidates import linked
from .pairs import packed, unpacked
from .shingles import SHORT, Block, blocks

LONGEST = 64  # characters; from here on the Jaccard similarity tells
WORDS = 3  # of a text: where texts are names or terms, another letter is another one
ENTRIES = 1 << 22  # texts with a character left out that are held at a time, for each core
PAIRS = 1 << 14  # compared at a time
SPACE = 0x20
_BASE = 0x9E3779B97F4A7C15
_POWERS = np.array([pow(_BASE, at, 1 << 64) for at in range(LONGEST)], np.uint64)
_INVERSE = np.uint64(pow(_BASE, -1, 1 << 64))
_MIXERS = np.array([0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)


def single_errors(texts: pl.Series) -> np.ndarray:
    """Return the pairs of normalised texts that one typing error divides, packed (uint64), sorted, each once.

    A text has WORDS words or more, SHORT characters at least and less than LONGEST. A digit or a symbol, or what
    stands beside a digit, is never an error: another number or another currency is another matter.
    """
    lengths = texts.str.len_chars()
    rows = np.flatnonzero(((lengths >= SHORT) & (lengths < LONGEST) & texts.str.contains(" ")).to_numpy())
    short = texts.gather(rows)
    passes = max(1, -(-int((lengths.gather(rows) + 1).sum()) // ENTRIES))

    def found(part: int) -> np.ndarray:
        key, owner, whole = _variants(short, part, passes)
        one, other = linked(key, whole)
        return np.unique(packed(owner[one], owner[other]))

    pairs = [np.empty(0, np.uint64)]
    for keys in in_threads(found, range(passes), ahead=1):
        first, second = unpacked(keys)
        is_near = closeness(short, first, second) > 0
        pairs.append(packed(rows[first[is_near]], rows[second[is_near]]))
    return np.unique(np.concatenate(pairs))


def closeness(texts: pl.Series, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return 1 - 1 / length of the longer one where one typing error divides two texts, else 0, float32 (pairs,)."""

    def part(start: int) -> np.ndarray:
        one, other = first[start : start + PAIRS], second[start : start + PAIRS]
        needed, places = np.unique(np.concatenate([one, other]), return_inverse=True)
        letters, lengths = _letters(texts.gather(needed))
        return _close(letters, lengths, places[: len(one)], places[len(one) :])

    return np.concatenate([np.empty(0, np.float32), *in_threads(part, range(0, len(first), PAIRS))])


def _variants(texts: pl.Series, part: int, passes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return hashes (uint32) of texts with one character left out or none, whose they are (int64), and of the wholes.

    Of all hashes those of one part in `passes` are returned, so that few are held at a time.
    """
    keys, owners, wholes = [np.empty(0, np.uint32)], [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
    for block in blocks(texts):
        hashes, owner, whole = _hashed(block)
        chosen = hashes % np.uint64(passes) == part
        keys.append((hashes[chosen] >> np.uint64(32)).astype(np.uint32))
        owners.append(block.start + owner[chosen])
        wholes.append(whole[owner[chosen]].astype(np.uint32))
    return np.concatenate(keys), np.concatenate(owners), np.concatenate(wholes)


def _hashed(block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return 64-bit hashes of a block's texts with one character left out or none, whose they are, and of the wholes.

    A text's hash is the sum of its characters' times a power that grows with their place; leaving one out takes its
    term away and moves those behind it one place back.
    """
    starts, lengths = block.offsets[:-1], np.diff(block.offsets)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    terms = _mixed(block.codes.astype(np.uint64) + np.uint64(1)) * _POWERS[np.arange(len(owner)) - starts[owner]]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
    before = sums[:-1] - sums[starts][owner]
    behind = sums[block.offsets[1:]][owner] - sums[1:]
    whole = _mixed(sums[block.offsets[1:]] - sums[starts])
    is_new = np.ones(len(owner), bool)  # of a doubled letter, either one left out gives the same text
    is_new[1:] = (block.codes[1:] != block.codes[:-1]) | (owner[1:] != owner[:-1])
    shorter = _mixed(before + behind * _INVERSE)[is_new]
    return np.concatenate([whole, shorter]), np.concatenate([np.arange(len(lengths)), owner[is_new]]), whole


def _mixed(values: np.ndarray) -> np.ndarray:
    """Return values spread evenly over 64 bits (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * _MIXERS[0]
    values = (values ^ (values >> np.uint64(27))) * _MIXERS[1]
    return values ^ (values >> np.uint64(31))


def _letters(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the characters of texts, uint32 (texts, LONGEST + 2) from the second place on, and their lengths.

    Around a text are noughts; of one that is too long there is nothing, and its length is nought.
    """
    letters, lengths = np.zeros((len(texts), LONGEST + 2), np.uint32), np.zeros(len(texts), np.int64)
    for block in blocks(texts):
        sizes = np.diff(block.offsets)
        owner = np.repeat(np.arange(len(sizes)), sizes)
        place = np.arange(len(owner)) - block.offsets[:-1][owner]
        is_held = (sizes < LONGEST)[owner]
        letters[block.start + owner[is_held], place[is_held] + 1] = block.codes[is_held]
        lengths[block.start : block.start + len(sizes)] = np.where(sizes < LONGEST, sizes, 0)
    return letters, lengths


def _close(letters: np.ndarray, lengths: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    one, other, size, size_other = letters[first], letters[second], lengths[first], lengths[second]
    least = np.minimum(size, size_other)
    ahead = _shared(one[:, 1:], other[:, 1:], least)
    behind = np.minimum(_shared(_from_the_end(one, size), _from_the_end(other, size_other), least), least - ahead)
    left, right = size - ahead - behind, size_other - ahead - behind
    around = ahead[:, None] + np.arange(4)  # the character before the error, those changed, the one behind
    mine, theirs = np.take_along_axis(one, around, 1), np.take_along_axis(other, around, 1)
    is_swap = (left == 2) & (right == 2) & (mine[:, 1] == theirs[:, 2]) & (mine[:, 2] == theirs[:, 1])
    is_error = (np.maximum(left, right) == 1) | is_swap
    words = 1 + np.maximum((one == SPACE).sum(axis=1), (other == SPACE).sum(axis=1))
    is_error &= (least >= SHORT) & (words >= WORDS) & ~_counts(mine, left) & ~_counts(theirs, right)
    return np.where(is_error, 1 - 1 / np.maximum(np.maximum(size, size_other), 1), 0).astype(np.float32)


def _from_the_end(letters: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the characters of texts from their end to their start, and noughts beyond."""
    return np.take_along_axis(letters, np.maximum(lengths[:, None] - np.arange(LONGEST), 0), axis=1)


def _shared(one: np.ndarray, other: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Return with how many equal characters two texts begin, int64, at most `least`."""
    differs = one != other
    return np.minimum(np.where(differs.any(axis=1), differs.argmax(axis=1), one.shape[1]), least)


def _counts(around: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """Return where a digit or symbol is changed, or a digit stands beside what is, bool (pairs,)."""
    codes, places = np.unique(around, return_inverse=True)
    category = np.array([unicodedata.category(chr(code))[0] for code in codes.tolist()])
    kinds = category[places.reshape(around.shape)]
    place = np.arange(around.shape[1])
    is_changed = (place >= 1) & (place <= changed[:, None])
    is_beside = (place == 0) | (place == changed[:, None] + 1)
    return ((kinds == "N") & (is_changed | is_beside) | (kinds == "S") & is_changed).any(axis=1)
