"""Metrics of documents put in order for queries, each query counted once, for any number of resamples.

Documents of equal scores stand in no order: a query's figure is then the mean over all orders of these, in closed
form, so that no luck is in it and constant scores are worth what a shuffle is (McSherry & Najork, ECIR 2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .metrics_ranks import ratio


@dataclass(frozen=True, slots=True)
class Ordered:
    """The documents of all queries one query after another, the highest score first; ties of a query are blocks.

    All are int64 (rows,). `query` counts queries, `place` from 1 within the query. `block` counts ties over all
    queries, `first` is the place of a tie's first document, `size` how many are in it.
    """

    order: np.ndarray
    query: np.ndarray
    place: np.ndarray
    block: np.ndarray
    first: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, queries: np.ndarray, scores: np.ndarray) -> Ordered:
        """Put rows in order, from each one's query, int64 counted from 0, and score, float, both (rows,)."""
        order = np.lexsort((-scores, queries))
        query, score = queries[order], scores[order]
        is_new = np.ones(len(order), bool)
        is_new[1:] = query[1:] != query[:-1]
        starts = np.flatnonzero(is_new)
        place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order)))) + 1
        is_new[1:] |= score[1:] != score[:-1]
        block = np.cumsum(is_new) - 1
        return cls(order, query, place, block, place[is_new][block], np.bincount(block)[block])

    def mean_of_ties(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of each row's tie, float64 (rows,)."""
        return (np.bincount(self.block, values) / np.bincount(self.block))[self.block]

    def total(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of each query, float64 (queries,)."""
        return np.bincount(self.query, values)


@dataclass(frozen=True, slots=True)
class Aim:
    """What counts: `gains` of each document, which of them are `relevant`, and how far down the list it is looked."""

    gains: np.ndarray
    relevant: np.ndarray
    cutoff: int


def query_metrics(aim: Aim, scores: np.ndarray, queries: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return ndcg, mrr and map, float64 (resamples,), of documents with a score and a query, both (rows,).

    Weights are float64 (resamples, rows); a query weighs as its documents do on the average. Queries without a
    relevant document (for ndcg: without a gain) have no best order and are left out; NaN where none is left.
    """
    _, numbers = np.unique(queries, return_inverse=True)
    rows = Ordered.of(numbers, scores)
    share = weights[:, rows.order]
    starts = np.flatnonzero(rows.place == 1)
    each = np.add.reduceat(share, starts, axis=1) / np.bincount(rows.query) if len(starts) else share
    return {name: _mean(each, values) for name, values in by_query(aim, scores, numbers).items()}


def by_query(aim: Aim, scores: np.ndarray, queries: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return ndcg, mrr and map of each query, float64 (queries,), NaN where a query has no best order.

    Sources: Jarvelin & Kekalainen 2002, doi:10.1145/582415.582418 (nDCG, discount log2(place + 1)); Voorhees, TREC-8
    1999 (reciprocal rank); average precision as in trec_eval.
    """
    rows, best = Ordered.of(queries, scores), Ordered.of(queries, aim.gains)
    gained = rows.total(rows.mean_of_ties(aim.gains[rows.order]) * _discounts(rows.place, aim.cutoff))
    possible = best.total(aim.gains[best.order] * _discounts(best.place, aim.cutoff))
    hits = aim.relevant[rows.order].astype(np.float64)
    relevant = rows.total(hits)
    is_known = relevant > 0
    return {
        "ndcg": ratio(gained, possible),
        "mrr": np.where(is_known, rows.total(_reciprocal(rows, hits)), np.nan),
        "map": np.where(is_known, ratio(rows.total(_precision(rows, hits)), relevant), np.nan),
    }


def _mean(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return ratio(weights[:, known] @ values[known], weights[:, known].sum(axis=1))


def _discounts(place: np.ndarray, cutoff: int) -> np.ndarray:
    return np.where(place <= cutoff, 1 / np.log2(place + 1.0), 0.0)


def _precision(rows: Ordered, hits: np.ndarray) -> np.ndarray:
    """Return the chance of a hit at each place, times the precision down to it if there is one."""
    among, before = _hits(rows, hits)
    within = rows.place - rows.first
    others = within * ratio(among - 1, (rows.size - 1).astype(np.float64), 0.0)
    return among / rows.size * (before + 1 + others) / rows.place


def _reciprocal(rows: Ordered, hits: np.ndarray) -> np.ndarray:
    """Return the chance that the query's first hit is at each place, divided by the place.

    It is at place j of a tie of n with r hits in C(n - j, r - 1) of C(n, r) orders; the logs of these avoid overflow.
    """
    among, before = _hits(rows, hits)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, rows.size.max(initial=0) + 1)))])  # of factorials
    size, hit, behind = rows.size, among.round().astype(np.int64), rows.size - (rows.place - rows.first) - 1
    fits = (before == 0) & (hit > 0) & (behind >= hit - 1)
    chosen, left = np.where(fits, hit - 1, 0), np.where(fits, behind, 0)
    ways = logs[left] - logs[chosen] - logs[left - chosen]
    every = logs[size] - logs[hit] - logs[size - hit]
    return np.where(fits, np.exp(ways - every), 0.0) / rows.place


def _hits(rows: Ordered, hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many hits each row's tie has, and how many its query has before that tie, float64 (rows,)."""
    among = np.bincount(rows.block, hits)
    through = np.cumsum(among)
    start = np.concatenate([[0.0], np.cumsum(rows.total(hits))[:-1]])
    return among[rows.block], through[rows.block] - among[rows.block] - start[rows.query]
