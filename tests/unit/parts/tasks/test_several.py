"""Several targets: side by side in one array, each measured by its own task, missing ones left out."""

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError

from tunesmith.core.errors import RecipeError
from tunesmith.data import Encoded
from tunesmith.parts.baselines import Question
from tunesmith.parts.losses.cross_entropy import CrossEntropy
from tunesmith.parts.losses.several import Several as SeveralLoss
from tunesmith.parts.losses.squared import Squared
from tunesmith.parts.tasks.classification import Classification
from tunesmith.parts.tasks.multilabel import Multilabel
from tunesmith.parts.tasks.ordinal import Ordinal
from tunesmith.parts.tasks.ranking import Ranking
from tunesmith.parts.tasks.regression import Regression
from tunesmith.parts.tasks.several import Several
from tunesmith.recipe import Recipe

TASK = Several(parts={"price": Regression(), "kind": Classification(), "tags": Multilabel()})
FRAME = pl.DataFrame(
    {
        "price": [1.0, 2.0, None, 4.0, 5.0, 6.0],
        "kind": ["a", "b", "c", None, "a", "b"],
        "tags": [["x"], ["x", "y"], ["y"], ["y"], None, ["x"]],
    }
)
TARGET = FRAME.to_struct("price + kind + tags")
STATE = TASK.fit(TARGET)


def answered(outputs=None, rows=None):
    encoded = TASK.encode(TARGET, STATE)
    outputs = TASK.certain(encoded, STATE) if outputs is None else outputs
    chosen = np.arange(len(encoded)) if rows is None else rows
    return TASK.answered(encoded[chosen], TASK.scores(outputs[chosen], STATE), STATE)


def test_targets_stand_side_by_side_with_nan_where_one_is_missing():
    encoded = TASK.encode(TARGET, STATE)
    assert encoded.shape == (6, 4)
    assert np.argwhere(np.isnan(encoded)).tolist() == [[2, 0], [3, 1], [4, 2], [4, 3]]
    assert encoded[[0, 1, 2, 4, 5], 1].tolist() == [0, 1, 2, 0, 1]
    assert encoded[:4, 2:].tolist() == [[1, 0], [1, 1], [0, 1], [0, 1]]
    assert TASK.width(STATE) == 6
    assert [(one.form, one.labels, one.outputs) for one in TASK.layout(STATE)] == [
        ("value", (0, 1), (0, 1)),
        ("class", (1, 2), (1, 4)),
        ("classes", (2, 4), (4, 6)),
    ]


def test_each_target_is_learnt_from_the_rows_that_have_it():
    assert STATE["price"]["mean"] == pytest.approx(18 / 5)
    assert STATE["kind"]["classes"] == ["a", "b", "c"]


def test_answers_are_by_column():
    outputs = TASK.certain(TASK.encode(TARGET, STATE), STATE)
    answer, confidence, by_class = TASK.answers(TASK.scores(outputs, STATE), STATE)[1]
    assert answer == {"price": pytest.approx(2.0), "kind": "b", "tags": ["x", "y"]}
    assert confidence == pytest.approx(1.0)
    assert set(by_class) == {"kind.a", "kind.b", "kind.c", "tags.x", "tags.y"}
    assert TASK.is_right({"price": 3.0, "kind": "c", "tags": ["y"]}, FRAME.row(2, named=True)), "no price to be wrong"
    assert not TASK.is_right({"price": 3.0, "kind": "a", "tags": ["y"]}, FRAME.row(2, named=True))


def test_perfect_answers_have_merit_1_and_no_loss():
    found = TASK.measured(answered(), np.ones((1, 6)))
    assert found["merit"][0] == pytest.approx(1.0)
    assert found["price.rmse"][0] == pytest.approx(0.0, abs=1e-6)
    assert found["kind.accuracy"][0] == found["tags.f1_micro"][0] == 1.0
    assert TASK.losses(answered()) == pytest.approx(np.zeros(6), abs=1e-6)


def test_the_mean_answer_has_no_merit():
    task = Several(parts={"price": Regression(), "weight": Regression(metric="r2")})
    target = pl.DataFrame({"price": [1.0, 2.0, 3.0], "weight": [5.0, 1.0, 0.0]}).to_struct("both")
    state = task.fit(target)
    given = task.answered(task.encode(target, state), task.scores(np.zeros((3, 2)), state), state)
    assert task.measured(given, np.ones((1, 3)))["merit"][0] == pytest.approx(0.0, abs=1e-6)


def test_a_missing_label_is_neither_measured_nor_lost():
    outputs = TASK.certain(TASK.encode(TARGET, STATE), STATE)
    outputs[2, 0], outputs[3, 1:4] = 1e3, [-9, -9, 9]
    given = answered(outputs)
    assert TASK.measured(given, np.ones((1, 6)))["merit"][0] == pytest.approx(1.0)
    assert TASK.losses(given) == pytest.approx(np.zeros(6), abs=1e-6)


def test_a_resample_is_measured_as_its_rows_are():
    outputs = np.random.default_rng(0).normal(size=(6, 6))
    weights = np.array([[0, 1, 1, 0, 1, 1]], float)
    whole, some = answered(outputs), answered(outputs, np.flatnonzero(weights[0]))
    found, alone = TASK.measured(whole, weights), TASK.measured(some, np.ones((1, 4)))
    for name, value in alone.items():
        assert found[name] == pytest.approx(value, nan_ok=True), name


def test_only_what_is_asked_for_is_measured():
    assert set(TASK.measured(answered(), np.ones((1, 6)), "merit")) >= {"merit", "price.rmse", "kind.accuracy"}


@pytest.mark.parametrize(
    ("part", "values", "answer", "merit"),
    [
        (Ordinal(), [1, 2, 3], [0, 0, 30.0], 1 - 2 / 3 / 2),
        (Classification(metric="log_loss"), ["a", "b", "c"], [0, 0, 0], 0.0),
    ],
)
def test_errors_are_turned_into_merits(part, values, answer, merit):
    task = Several(parts={"one": part, "other": Regression()})
    target = pl.DataFrame({"one": values, "other": [1.0, 2.0, 3.0]}).to_struct("both")
    state = task.fit(target)
    encoded = task.encode(target, state)
    outputs = task.certain(encoded, state)
    outputs[:, :3] = answer
    given = task.answered(encoded, task.scores(outputs, state), state)
    expected = merit if isinstance(part, Classification) else 1 - np.mean([2, 1, 0]) / 2
    assert task.measured(given, np.ones((1, 3)))["merit"][0] == pytest.approx((expected + 1) / 2, abs=1e-6)


def test_a_fault_names_its_column_and_row():
    target = FRAME.with_columns(kind=pl.Series(["a", "b", "c", None, "a", "b"])).to_struct("all")
    position, fact = TASK.refuse(target)
    assert (position, fact) == (2, "kind: it is the only row of class 'c'")
    empty = FRAME.with_columns(price=pl.lit(None, pl.Float64)).to_struct("all")
    assert TASK.refuse(empty) == (0, "no row has a 'price'")


def test_tasks_left_open_are_guessed():
    guessed = Several(parts={"price": None, "kind": Ordinal(order=["a", "b", "c"])}).completed(
        TARGET, lambda column: Regression() if column.dtype.is_numeric() else Classification()
    )
    assert [one.kind for one in guessed.parts.values()] == ["regression", "ordinal"]
    assert list(Several().completed(TARGET, lambda column: Classification()).parts) == ["price", "kind", "tags"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"price": "regression"}, "single target"),
        ({"a": "regression", "b": {"kind": "ranking", "query": "q"}}, "judged together"),
        ({"a": "regression", "b": "tagging"}, "one answer per row"),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused(parts, words):
    with pytest.raises(ValidationError, match=words):
        Several(parts=parts)


def test_the_recipe_names_several_targets():
    listed = Recipe.model_validate({"data": "rows.csv", "target": ["price", "kind"]})
    assert (listed.target, listed.task.apart) == ("price + kind", {"price": None, "kind": None})
    told = Recipe.model_validate({"data": "rows.csv", "target": {"price": "regression", "kind": "ordinal"}})
    assert [one.kind for one in told.task.parts.values()] == ["regression", "ordinal"]
    again = Recipe.model_validate(told.model_dump(mode="json"))
    assert again == told
    with pytest.raises(ValidationError, match="each of several targets has its own"):
        Recipe.model_validate({"data": "rows.csv", "target": ["price", "kind"], "task": "regression"})


def test_the_loss_is_each_target_s_own_over_those_that_a_row_has():
    layout, encoded = TASK.layout(STATE), TASK.encode(TARGET, STATE)
    outputs = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    found = SeveralLoss(places=layout).build(encoded, 6)(outputs, torch.from_numpy(encoded))
    labels = torch.from_numpy(encoded)
    price = Squared().build(encoded[:, 0], 1)(outputs[:, :1], labels[:, 0].float())
    kind = CrossEntropy().build(np.zeros(1), 3)(outputs[:, 1:4], labels[:, 1].nan_to_num().long())
    tags = CrossEntropy().build(np.zeros((1, 2)), 2)(outputs[:, 4:], labels[:, 2:].float())
    torch.testing.assert_close(found[0], (price + kind + tags)[0] / 3)
    torch.testing.assert_close(found[2], (kind + tags)[2] / 3)


def test_a_missing_target_has_no_gradient():
    encoded = TASK.encode(TARGET, STATE)
    outputs = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    SeveralLoss(places=TASK.layout(STATE)).build(encoded, 6)(outputs, torch.from_numpy(encoded)).sum().backward()
    assert torch.isfinite(outputs.grad).all()
    assert outputs.grad[2, 0] == 0
    assert (outputs.grad[3, 1:4] == 0).all()
    assert (outputs.grad[4, 4:] == 0).all()


@pytest.mark.parametrize(
    ("losses", "words"), [((Squared(),), "1 losses for 3 targets"), ((Squared(),) * 3, "squared cannot judge target 2")]
)
def test_losses_that_do_not_fit_are_refused(losses, words):
    with pytest.raises(RecipeError, match=words):
        SeveralLoss(losses=losses, places=TASK.layout(STATE)).build(TASK.encode(TARGET, STATE), 6)


def test_each_baseline_is_asked_for_each_target_about_the_rows_that_have_it():
    encoded = Encoded(tuple("abcdef"), {"numbers": np.arange(6.0)[:, None]}, TASK.encode(TARGET, STATE))
    features = {name: np.arange(6.0)[:, None] for name in ("train", "validation", "test")}
    whole = Question(encoded, encoded, encoded, "several", 6, 0, "tiny", features, several=TASK.layout(STATE))
    price, kind, tags = whole.apart()
    assert price.train.ids == ("a", "b", "d", "e", "f")
    assert price.features["train"][:, 0].tolist() == [0, 1, 3, 4, 5]
    assert len(price.features["test"]) == len(price.test) == 6
    assert (kind.form, kind.width, kind.train.targets.tolist()) == ("class", 3, [0, 1, 2, 0, 1])
    assert tags.train.targets.shape == (5, 2)
    assert price.apart() == [price]


def test_ranking_is_no_part_of_it():
    with pytest.raises(ValidationError, match="judged together"):
        Several(parts={"a": Regression(), "b": Ranking(query="q")})
