"""The trees walked from plain arrays answer as scikit-learn's own predictor does: missing, categories, all forms."""

import numpy as np
import pytest

from tunesmith.data import Encoded
from tunesmith.parts.bases import Ask
from tunesmith.parts.bases.gbdt import Gbdt, _table

ROWS, SEED = 400, 5


def table(form, seed=SEED):
    """Rows with holes and a category of many codes, and a target that depends on both."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(ROWS, 3)).astype(np.float32)
    numbers[random.random(numbers.shape) < 0.1] = np.nan
    categories = random.integers(0, 60, size=(ROWS, 2))  # code 0 is a missing value; 60 codes need two words of bits
    score = np.nan_to_num(numbers[:, 0]) + 0.8 * (categories[:, 0] % 3) + 0.5 * np.isnan(numbers[:, 1])
    score = score + random.normal(scale=0.1, size=ROWS)
    cuts = np.quantile(score, {"binary": [0.5], "many": [0.25, 0.6], "value": [], "classes": []}[form])
    targets = score if form == "value" else np.digitize(score, cuts)
    if form == "classes":
        targets = np.stack([score > 0.5, score < 0.2], axis=1).astype(np.float32)
    return Encoded(tuple(map(str, range(ROWS))), {"numbers": numbers, "categories": categories}, targets)


@pytest.mark.parametrize(("form", "width"), [("binary", 2), ("many", 3)])
def test_walked_probabilities_equal_scikit_learns(form, width):
    train, fresh = table(form), table(form, SEED + 1)
    base, ask = Gbdt(iterations=20, leaf_rows=5), Ask("class", width, 0)
    forest = base._forest(train, fresh, ask)
    outputs = base.outputs(base.fit(train, fresh, ask), fresh)
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    expected = forest.predict_proba(_table(fresh))
    assert outputs.shape == (ROWS, width)
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-10)
    assert (outputs.argmax(axis=1) == fresh.targets).mean() > 0.55  # it has learnt something to be equal about


def test_walked_values_equal_scikit_learns():
    train, fresh = table("value"), table("value", SEED + 1)
    base, ask = Gbdt(iterations=20), Ask("value", 1, 0)
    forest = base._forest(train, fresh, ask)
    outputs = base.outputs(base.fit(train, fresh, ask), fresh)
    np.testing.assert_allclose(outputs[:, 0], forest.predict(_table(fresh)), atol=1e-10)


def test_several_labels_are_one_forest_each():
    train, fresh = table("classes"), table("classes", SEED + 1)
    base = Gbdt(iterations=20)
    outputs = base.outputs(base.fit(train, fresh, Ask("classes", 2, 0)), fresh)
    for label in range(2):
        pair = [Encoded(one.ids, one.inputs, one.targets[:, label].astype(np.int64)) for one in (train, fresh)]
        forest = base._forest(*pair, Ask("class", 2, 0))
        np.testing.assert_allclose(outputs[:, label], forest.decision_function(_table(fresh)), atol=1e-10)


def test_the_state_is_plain_arrays_that_safetensors_can_hold():
    train = table("many")
    state = Gbdt(iterations=3).fit(train, train, Ask("class", 3, 0))
    assert all(type(array) is np.ndarray and array.dtype in (np.float64, np.int64) for array in state.values())


def test_unknown_and_missing_categories_are_answered_alike():
    train = table("binary")
    base = Gbdt(iterations=20)
    state = base.fit(train, train, Ask("class", 2, 0))
    unknown = {"numbers": np.full((1, 3), np.nan, np.float32), "categories": np.zeros((1, 2), np.int64)}
    outputs = base.outputs(state, Encoded(("a",), unknown))
    assert np.isfinite(outputs).all()
