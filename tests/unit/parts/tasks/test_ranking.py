"""Ranking: relevances in, an order within each query measured."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from tunesmith.parts.tasks.ranking import Ranking

TARGET = pl.Series("relevance", [0, 2, 1, 0, 3, 0])
QUERIES = np.array([5, 5, 5, -2, -2, -2])


def measured(task, scores, groups=QUERIES):
    state = task.fit(TARGET)
    given = replace(task.answered(task.encode(TARGET, state), np.asarray(scores, float), state), groups=groups)
    return {name: float(one[0]) for name, one in task.measured(given, np.ones((1, 6))).items()}


def test_a_perfect_order_is_perfect_whatever_the_scores_are():
    assert measured(Ranking(query="query"), [-9, 0.2, 0.1, 7, 8, 7]) == {"ndcg": 1.0, "mrr": 1.0, "map": 1.0}


def test_the_order_between_queries_does_not_count():
    low, high = [0, 2, 1, 10, 13, 10], [10, 12, 11, 0, 3, 0]
    assert measured(Ranking(query="query"), low) == measured(Ranking(query="query"), high)
    alone = measured(Ranking(query="query"), [10, 12, 11, 0, 3, 0], None)
    assert alone["ndcg"] < 1, "which it would, were they one query"


def test_the_gain_decides_what_a_swap_costs():
    swapped = [0, 1, 2, 0, 3, 0]
    exponential, linear = (measured(Ranking(query="q", gain=one), swapped)["ndcg"] for one in ("exponential", "linear"))
    assert exponential < linear < 1


def test_what_is_relevant_can_be_said():
    assert measured(Ranking(query="q"), [0, 1, 2, 0, 3, 0])["mrr"] == 1.0
    assert measured(Ranking(query="q", relevant=2), [0, 1, 2, 0, 3, 0])["mrr"] == pytest.approx(0.75)


def test_relevances_come_back_exactly():
    task = Ranking(query="query")
    state = task.fit(TARGET)
    assert task.truth(task.encode(TARGET, state), state).tolist() == TARGET.to_list()


@pytest.mark.parametrize(("values", "at"), [([0.0, -1.0], 1), ([1.0, 61.0], 1), ([float("nan"), 1.0], 0)])
def test_what_is_no_relevance_is_refused(values, at):
    position, fact = Ranking(query="query").refuse(pl.Series(values))
    assert position == at
    assert "relevance" in fact or "finite" in fact


def test_a_linear_gain_takes_large_relevances():
    assert Ranking(query="query", gain="linear").refuse(pl.Series([0.0, 100.0])) is None


def test_the_query_has_to_be_said():
    with pytest.raises(ValidationError, match="query"):
        Ranking()
    assert Ranking(query="question").judged_by == "question"
