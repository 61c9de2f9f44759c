"""Ranking: how relevant a document is to a query, judged by the order within each query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...data.metrics_queries import Aim, query_metrics
from . import Answered, Figures
from .regression import Regression

DIGITS = 5  # to which relevances come back exactly from the standard scale in float32


class Ranking(Regression):
    """A relevance per row of a query and a document, 0 for none: learnt row by row, measured by order within a query.

    All rows of a query stand on one side of the split, and intervals draw queries, not rows.
    """

    metric: Literal["ndcg", "mrr", "map"] = "ndcg"  # type: ignore[assignment]
    """What early stopping and the verdict go by."""
    query: str
    """The column whose equal values are one query."""
    cutoff: int = Field(10, ge=1)
    """How many documents from the top `ndcg` looks at."""
    gain: Literal["exponential", "linear"] = "exponential"
    """What a document of relevance r is worth to `ndcg`: 2^r - 1 (Burges et al., ICML 2005), or r itself."""
    relevant: float = Field(1.0, gt=0.0)
    """The relevance from which on a document is a hit to `mrr` and `map`."""

    @classmethod
    def samples(cls) -> list[Any]:
        """Return one of each gain."""
        return [cls(query="query"), cls(query="query", gain="linear", metric="mrr", cutoff=3)]

    @classmethod
    def suits(cls, target: pl.Series) -> float:
        """Return 0.01 for numbers: which column holds the queries is said, never guessed."""
        return 0.01 if target.dtype.is_numeric() else 0.0

    @property
    def judged_by(self) -> str:
        """The query's column."""
        return self.query

    def refuse(self, target: pl.Series) -> tuple[int, str] | None:
        """Refuse what is no number, relevances below 0, and those whose gain would be beyond any use."""
        bad = super().refuse(target)
        if bad is not None:
            return bad
        values = target.cast(pl.Float64)
        most = 60.0 if self.gain == "exponential" else np.inf
        outside = ((values < 0) | (values > most)).fill_null(False)
        if not outside.any():
            return None
        position = int(outside.arg_true()[0])
        return (
            position,
            f"'{target[position]}' is no relevance, which is 0 or more{'' if most > 60 else ', at most 60'}",
        )

    def truth(self, encoded: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Return the relevances, float64 (rows,)."""
        return np.asarray(np.round(super().truth(encoded, state), DIGITS))

    def measured(self, given: Answered, weights: np.ndarray, only: str | None = None) -> Figures:
        """Return ndcg, mrr and map over queries; rows without groups are those of a single query."""
        queries = np.zeros(len(given.truth), np.int64) if given.groups is None else given.groups
        gains = given.truth if self.gain == "linear" else np.exp2(given.truth) - 1
        return query_metrics(Aim(gains, given.truth >= self.relevant, self.cutoff), given.scores, queries, weights)
