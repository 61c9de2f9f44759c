"""Entities are measured as seqeval measures them, and answers keep the scheme."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
import seqeval.metrics

from tunesmith.data import Ragged
from tunesmith.parts.tasks._viterbi import allowed, likeliest
from tunesmith.parts.tasks.tagging import Tagging
from tunesmith.testing.tasks import check

TAGS = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]


def column(rows):
    return pl.Series("tags", rows, pl.List(pl.String))


def random_rows(seed, count=40):
    draw = np.random.default_rng(seed)
    return [[TAGS[at] for at in draw.integers(0, len(TAGS), draw.integers(0, 9))] for _ in range(count)]


def answered(truth, answers, task=None, known=TAGS):
    """Return labels beside scores that speak for other tags."""
    task = task or Tagging(keeps_scheme=False)
    state = task.fit(column([*truth, known]))
    scores = task.scores(task.certain(task.encode(column(answers), state), state), state)
    return task, task.answered(task.encode(column(truth), state), scores, state)


@pytest.mark.parametrize("seed", range(4))
def test_entities_are_measured_as_seqeval_does(seed):
    truth = random_rows(seed)
    answers = [[*row] for row in truth]
    draw = np.random.default_rng(seed + 100)
    for row in answers:
        for at in range(len(row)):
            row[at] = TAGS[draw.integers(0, 5)] if draw.random() < 0.4 else row[at]
    task, given = answered(truth, answers)
    found = {name: float(value[0]) for name, value in task.measured(given, np.ones((1, len(truth)))).items()}
    assert found["entity_f1"] == pytest.approx(seqeval.metrics.f1_score(truth, answers))
    assert found["entity_precision"] == pytest.approx(seqeval.metrics.precision_score(truth, answers))
    assert found["entity_recall"] == pytest.approx(seqeval.metrics.recall_score(truth, answers))
    assert found["entity_f1_macro"] == pytest.approx(seqeval.metrics.f1_score(truth, answers, average="macro"))
    assert found["word_accuracy"] == pytest.approx(seqeval.metrics.accuracy_score(truth, answers))
    told = seqeval.metrics.classification_report(truth, answers, output_dict=True)
    for name, figures in task.measured_by_class(given, np.ones((1, len(truth)))).items():
        assert float(figures["f1"][0]) == pytest.approx(told[name]["f1-score"])
        assert task.support(given)[name] == told[name]["support"]


def test_weights_count_rows():
    truth, answers = random_rows(7, 12), random_rows(8, 12)
    answers = [(one * 9)[: len(row)] if one else ["O"] * len(row) for row, one in zip(truth, answers, strict=True)]
    task, given = answered(truth, answers)
    weights = np.arange(12.0)[None]
    drawn = [at for at in range(12) for _ in range(at)]
    _, whole = answered([truth[at] for at in drawn], [answers[at] for at in drawn])
    for name, value in task.measured(whole, np.ones((1, len(drawn)))).items():
        assert task.measured(given, weights)[name] == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(("scheme", "tags"), [("iob2", TAGS), ("iobes", ["B-A", "E-A", "I-A", "O", "S-A"])])
def test_the_likeliest_sequence_is_found_among_all(scheme, tags):
    draw, may = np.random.default_rng(0), allowed(tags, scheme)
    scores = Ragged.cut(draw.dirichlet(np.ones(len(tags)) * 0.5, 11), np.array([4, 0, 1, 3, 3]))
    found = likeliest(scores, may)
    for row, length in enumerate(scores.lengths.tolist()):
        chances = scores[row]
        best = max(
            (
                one
                for one in itertools.product(range(len(tags)), repeat=length)
                if all(may[pair] for pair in itertools.pairwise([len(tags), *one, len(tags)])) or not length
            ),
            key=lambda one: sum(np.log(chances[at, tag]) for at, tag in enumerate(one)),
        )
        assert tuple(found[row].tolist()) == best


def test_answers_keep_the_scheme_where_each_words_likeliest_would_not():
    task = Tagging()
    state = task.fit(column([TAGS]))
    scores = Ragged.cut(np.array([[0.0, 0.0, 0.0, 0.3, 0.7], [0.0, 0.25, 0.05, 0.6, 0.1]]), np.array([2]))
    assert task.answers(scores, state)[0][0] == ["O", "B-PER"]
    assert Tagging(keeps_scheme=False).answers(scores, state)[0][0] == ["O", "I-PER"]


def test_parts_of_speech_are_judged_word_by_word():
    target = column([["DET", "NOUN"], ["VERB", "DET"], ["NOUN"]])
    assert "metric: word_accuracy" in Tagging().refuse(target)[1]
    task = Tagging(metric="word_accuracy")
    assert task.refuse(target) is None
    task, given = answered([["DET", "NOUN"], ["VERB"]], [["DET", "VERB"], ["VERB"]], task, ["NOUN"])
    assert float(task.measured(given, np.ones((1, 2)))["word_accuracy"][0]) == pytest.approx(2 / 3)
    assert float(task.measured_by_class(given, np.ones((1, 2)))["NOUN"]["recall"][0]) == 0.0


def test_faults_are_named():
    assert Tagging().refuse(pl.Series("tags", ["B-PER"])) == (0, "'B-PER' is no list of tags")
    assert Tagging().refuse(column([["B-PER"], ["O", None]])) == (1, "a tag is missing")
    with pytest.raises(ValueError, match="tag 'B-ORG' does not occur"):
        Tagging().encode(column([["B-ORG"]]), Tagging().fit(column([TAGS])))


def test_every_metric_keeps_the_kits_promises():
    for metric in ("entity_f1", "entity_f1_macro", "word_accuracy"):
        check(Tagging(metric=metric))
