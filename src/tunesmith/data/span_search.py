"""From what a model says of places to the best span of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .spans import Windows


@dataclass(frozen=True, slots=True)
class Best:
    """The best span of each row, int64 (rows, 2) in characters, and how likely it is; negative where there is none.

    `margin`, float64 (rows,), is its log-probability minus that of no answer in its window. `likely` is the product of
    the probabilities of its ends, `empty` that of no answer, in the window where that is least likely.
    """

    spans: np.ndarray
    margin: np.ndarray
    likely: np.ndarray
    empty: np.ndarray


def normalised(outputs: Windows) -> Windows:
    """Return log-probabilities: a softmax over the lines of each window (Devlin et al., NAACL 2019, section 4.2)."""
    firsts, windows = outputs.places.firsts, outputs.places.windows
    values = outputs.values.astype(np.float64)
    if len(firsts):
        values = values - np.maximum.reduceat(values, firsts, axis=0)[windows]
        values = values - np.log(np.add.reduceat(np.exp(values), firsts, axis=0))[windows]
    return replace(outputs, values=values)


def best_spans(scores: Windows, longest: int) -> Best:
    """Return each row's span of at most `longest` tokens with the largest lead over no answer in its own window.

    The log-probabilities of start and end are added, and the lead compared, as in Devlin et al. 2019, section 4.3;
    leads can be compared from window to window, as the softmax runs over each of them alone. Linear in the lines.
    """
    values, places = scores.values, scores.places
    firsts, windows = places.firsts, places.windows
    lines = len(values)
    empty = values[firsts].sum(axis=1)
    best, ends = np.full(lines, -np.inf), np.arange(lines)
    is_token = places.values[:, 0] == 0
    widest = int(np.diff([*firsts, lines]).max(initial=1)) - 1
    for step in range(min(longest, widest)):
        until = lines - step
        found = values[:until, 0] + values[step:, 1]
        better = is_token[:until] & (windows[:until] == windows[step:]) & (found > best[:until])
        best[:until][better] = found[better]
        ends[:until][better] = np.flatnonzero(better) + step
    margin = best - empty[windows]
    chosen = np.lexsort((-margin, places.owners))[scores.offsets[:-1]]  # a row's first line in the order of leads
    spans = np.stack([places.values[chosen, 1], places.values[ends[chosen], 2]], axis=1).astype(np.int64)
    spans[~np.isfinite(margin[chosen])] = -1
    least = np.minimum.reduceat(empty, np.searchsorted(firsts, scores.offsets[:-1])) if len(scores) else empty
    return Best(spans, margin[chosen], np.exp(best[chosen]), np.exp(least))
