"""The likeliest sequence of tags that contradicts none of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...data import Ragged
from ...data.tags import Scheme

BLOCK = 256  # rows of like length that are gone through together
FLOOR = 1e-30
BARRED = -1e9  # what a step that the scheme does not allow costs
CLOSED = {"iobes": "ES", "bilou": "LU"}


def allowed(tags: Sequence[str], scheme: Scheme) -> np.ndarray:
    """Return which tag may follow which, bool (tags + 1, tags + 1); the last stands for what is outside of the row.

    In `iob2`, `iobes` and `bilou` what goes on (I-, E-, L-) needs a B- or I- of its type before it, and in the latter
    two a B- or I- has to go on. The other schemes bar nothing.
    """
    count = len(tags)
    may = np.ones((count + 1, count + 1), bool)
    if scheme not in ("iob2", *CLOSED):
        return may
    last = CLOSED.get(scheme, "  ")[0]
    parts = [(tag[0], tag[2:]) for tag in tags] + [("O", "")]
    for row, (before, kind) in enumerate(parts):
        for column, (after, other) in enumerate(parts):
            goes_on, is_open = after in ("I", last), before in ("B", "I")
            if goes_on and not (is_open and kind == other):
                may[row, column] = False
            if scheme in CLOSED and is_open and not goes_on:
                may[row, column] = False
    return may


def likeliest(scores: Ragged, may: np.ndarray) -> Ragged:
    """Return tag numbers, int64, of the sequence of highest probability among those allowed, row by row.

    `scores` are probabilities (words, tags). By dynamic programming (Viterbi 1967); probabilities of words are taken
    as independent. Where a scheme allows no sequence at all, the barred steps are as few as can be.
    """
    result = np.zeros(len(scores.values), np.int64)
    order = np.argsort(scores.lengths, kind="stable")
    cost = np.where(may, 0.0, BARRED)
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        rows = rows[scores.lengths[rows] > 0]
        if len(rows):
            _block(scores, rows, cost, result)
    return Ragged(result, scores.offsets)


def _block(scores: Ragged, rows: np.ndarray, cost: np.ndarray, result: np.ndarray) -> None:
    lengths, starts, tags = scores.lengths[rows], scores.offsets[rows], scores.values.shape[1]
    inside, longest = cost[:tags, :tags], int(lengths.max())
    last = np.arange(len(rows))
    came = np.zeros((longest, len(rows), tags), np.int64)
    best = np.zeros((len(rows), tags))
    for at in range(longest):
        is_there = at < lengths
        words = np.log(np.maximum(scores.values[np.where(is_there, starts + at, starts)], FLOOR))
        if at == 0:
            best = cost[tags, :tags] + words
            continue
        steps = best[:, :, None] + inside
        came[at] = steps.argmax(axis=1)
        best = np.where(is_there[:, None], steps.max(axis=1) + words, best)
    tag = (best + cost[:tags, tags]).argmax(axis=1)
    for at in range(longest - 1, -1, -1):
        is_there = at < lengths
        result[(starts + at)[is_there]] = tag[is_there]
        if at:
            tag = np.where(is_there, came[at, last, tag], tag)
