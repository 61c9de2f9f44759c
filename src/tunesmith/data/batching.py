"""The order in which rows are trained on: random, yet with rows of like length side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

WINDOW = 50  # batches within which rows are sorted by length
MOST_ROWS, MOST_TOKENS = 64, 4096  # in memory at a time when rows are only answered


def answer_batches(rows: int, lengths: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """Yield the positions of all rows, int64, longest first, so that a lack of memory shows at once.

    A batch holds rows of like length: so many that rows times the longest of them stay within 4,096, one at least.
    """
    order = np.arange(rows) if lengths is None else np.argsort(-lengths, kind="stable")
    start = 0
    while start < rows:
        longest = 1 if lengths is None else max(1, int(lengths[order[start]]))
        size = max(1, min(MOST_ROWS, MOST_TOKENS // longest))
        yield order[start : start + size]
        start += size


def batches(
    rows: int, size: int, generator: np.random.Generator, lengths: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Yield the positions of one epoch's batches, int64, each row once; the last batch may be smaller.

    Rows are shuffled, cut into windows of 50 batches, sorted by length inside a window, and the batches of all
    windows are shuffled again: padding nearly vanishes, and a batch still is a random draw.
    """
    order = generator.permutation(rows)
    if lengths is not None:
        windows = [order[start : start + WINDOW * size] for start in range(0, rows, WINDOW * size)]
        order = np.concatenate([window[np.argsort(lengths[window], kind="stable")] for window in windows])
    starts = np.arange(0, rows, size)
    for start in generator.permutation(starts) if lengths is not None else starts:
        yield order[start : start + size]
