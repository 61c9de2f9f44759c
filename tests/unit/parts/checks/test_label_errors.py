"""Labels that are probably wrong: who is named, what is suggested, and when nothing is said."""

import numpy as np
import polars as pl
import pytest

from tunesmith.data import Dataset
from tunesmith.parts.checks import Opinion, Table
from tunesmith.parts.checks.label_errors import LabelErrors

ROWS = 300
CLASSES = ("ham", "spam", "eggs")
FLIPPED = [3, 50, 120, 277]


def table(answers, opinion, task="classification"):
    data = Dataset.of(
        pl.DataFrame({"text": [f"text {at}" for at in range(len(answers))], "label": answers}), "mail.csv"
    )
    return Table(data.identified(["text"]), ("text",), "label", task, opinion=lambda: opinion)


@pytest.fixture
def judged():
    """Labels of three classes, four of them wrong, and an opinion that is sure and right."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, ROWS)
    sure = generator.uniform(0.9, 0.99, ROWS)
    sure[FLIPPED] = 0.99
    probabilities = np.full((ROWS, 3), ((1 - sure) / 2)[:, None])
    probabilities[np.arange(ROWS), truth] = sure
    labels = truth.copy()
    labels[FLIPPED] = (truth[FLIPPED] + 1) % 3
    return labels, truth, Opinion(np.arange(ROWS), CLASSES, probabilities, "three wise men")


@pytest.mark.parametrize("rule", ["noise_model", "prune_by_noise_rate", "both", "confident_learning"])
def test_the_wrong_labels_are_named_with_the_right_ones(judged, rule):
    labels, truth, opinion = judged
    (found,) = LabelErrors(rule=rule).find(table([CLASSES[at] for at in labels], opinion))
    assert sorted(found.rows) == FLIPPED
    assert list(found.suggestions) == [CLASSES[truth[at]] for at in found.rows]
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert min(found.scores) > 0.8
    assert found.severity == "warning"
    assert "4 labels of 300" in found.advice
    assert "three wise men" in found.advice
    assert f"mail.csv row {found.rows[0] + 1}" in found.advice


def test_rows_are_positions_in_the_table_and_unjudged_rows_are_not_named(judged):
    labels, truth, opinion = judged
    few = Opinion(opinion.rows[100:], CLASSES, opinion.probabilities[100:], "some")
    (found,) = LabelErrors().find(table([CLASSES[at] for at in labels], few))
    assert sorted(found.rows) == [120, 277]
    assert found.suggestions[found.rows.index(120)] == CLASSES[truth[120]]


@pytest.mark.parametrize(("values", "kind"), [((3, 5, 9), int), ((0.0, 1.0, 2.0), float), (("a", "b", "c"), str)])
def test_suggestions_are_written_as_the_labels_are(judged, values, kind):
    labels, _, opinion = judged
    classes = tuple(str(int(one)) if kind is float else str(one) for one in values)
    named = Opinion(opinion.rows, classes, opinion.probabilities, "all")
    (found,) = LabelErrors().find(table([values[at] for at in labels], named))
    assert {type(one) for one in found.suggestions} == {kind}
    assert set(found.suggestions) <= set(values)


def test_booleans_too(judged):
    labels, _, opinion = judged
    two = np.stack([opinion.probabilities[:, 0], 1 - opinion.probabilities[:, 0]], axis=1)
    (found,) = LabelErrors().find(
        table([bool(at) for at in labels > 0], Opinion(opinion.rows, ("False", "True"), two, "all"))
    )
    assert {type(one) for one in found.suggestions} == {bool}


def test_hard_rows_without_errors_are_not_named():
    generator = np.random.default_rng(1)
    beliefs = generator.dirichlet([1.0, 1.0, 1.0], 2000)
    labels = (generator.random((2000, 1)) < beliefs.cumsum(axis=1)).argmax(axis=1)
    opinion = Opinion(np.arange(2000), CLASSES, beliefs, "all")
    asked = table([CLASSES[at] for at in labels], opinion)
    ours, theirs = LabelErrors().find(asked), LabelErrors(rule="prune_by_noise_rate").find(asked)
    assert sum(one.count for one in ours) < 0.02 * 2000
    assert theirs[0].count > 0.1 * 2000


@pytest.mark.parametrize("form", ["list", "text"])
def test_several_labels_a_row(form):
    generator = np.random.default_rng(2)
    truth = generator.random((ROWS, 3)) < 0.4
    said = np.where(truth, 0.95, 0.05) + generator.normal(size=truth.shape) * 0.01
    given = truth.copy()
    given[7, 1] ^= True
    sets = [[name for name, has in zip(CLASSES, row, strict=True) if has] for row in given]
    answers = sets if form == "list" else ["|".join(one) for one in sets]
    (found,) = LabelErrors().find(table(answers, Opinion(np.arange(ROWS), CLASSES, said, "all"), "multilabel"))
    assert found.rows == (7,)
    right = [name for name, has in zip(CLASSES, truth[7], strict=True) if has]
    assert found.suggestions == ((right,) if form == "list" else ("|".join(right),))


def test_a_value_far_from_what_is_expected():
    generator = np.random.default_rng(3)
    expected = generator.normal(size=ROWS) * 10
    values = expected + generator.normal(size=ROWS)
    values[9] = 500.0
    opinion = Opinion(np.arange(ROWS), (), expected[:, None], "all")
    (found,) = LabelErrors().find(table(values.tolist(), opinion, "regression"))
    assert found.rows == (9,)
    assert found.suggestions == ()
    assert "1 value of 300" in found.advice


def test_nobody_to_ask_nothing_to_say(judged):
    labels, _, opinion = judged
    asked = table([CLASSES[at] for at in labels], None)
    assert LabelErrors().find(asked) == []
    empty = Opinion(np.zeros(0, np.int64), CLASSES, np.zeros((0, 3)), "nobody")
    assert LabelErrors().find(table([CLASSES[at] for at in labels], empty)) == []
    right = Opinion(opinion.rows, CLASSES, np.eye(3)[labels] * 0.97 + 0.01, "all")
    assert LabelErrors().find(table([CLASSES[at] for at in labels], right)) == []


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"by": "nobody"}, {"rule": "guess"}, {"least_chance": 2}])
def test_fields_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LabelErrors.model_validate(wrong)
