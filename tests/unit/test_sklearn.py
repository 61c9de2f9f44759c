"""The estimators keep scikit-learn's own promises, for numbers and for texts."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tunesmith import TunesmithClassifier, TunesmithRegressor


@pytest.mark.parametrize("estimator", [TunesmithClassifier(), TunesmithRegressor()], ids=lambda one: type(one).__name__)
@pytest.mark.filterwarnings("ignore")
def test_check_estimator(estimator):
    results = check_estimator(estimator, on_fail=None)
    failed = {one["check_name"]: one["exception"] for one in results if one["status"] == "failed"}
    assert not failed
    assert sum(one["status"] == "passed" for one in results) > 40


def test_in_a_pipeline_and_cross_validation():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), TunesmithClassifier())
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9


def test_a_network_and_a_clone():
    X, y = load_diabetes(return_X_y=True)
    estimator = clone(TunesmithRegressor(base="tabular_net", train={"epochs": 8}))
    assert estimator.fit(X, y).score(X, y) > 0.3


def test_texts():
    X = ["great, works like a charm", "awful, broke at once"] * 12
    y = np.array([True, False] * 12)
    estimator = TunesmithClassifier(strategy="head", train={"epochs": 20, "optimizer": {"learning_rate": 0.02}})
    assert estimator.fit(X, y).score(X, y) == 1.0
    assert estimator.predict_proba(["it broke"]).shape == (1, 2)


def uneven():
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 2))
    return X, np.where(X[:, 0] + random.normal(size=600) > 2, "rare", "usual")


def test_a_threshold_chosen_on_validation_answers():
    X, y = uneven()
    estimator = TunesmithClassifier(decide={"threshold": "auto", "cost": {"miss": 30}}).fit(X, y)
    decision = estimator.codec_.target_state["decision"]
    assert decision["positive"] == 0, "of the classes rare and usual, it is for the rarer one"
    assert 0 < decision["threshold"] < 0.5
    rare = estimator.predict_proba(X)[:, 0] >= decision["threshold"]
    assert estimator.predict(X).tolist() == np.where(rare, "rare", "usual").tolist()
    assert rare.sum() > (TunesmithClassifier().fit(X, y).predict(X) == "rare").sum()


def test_the_positive_class_is_named_as_y_names_it():
    X, y = uneven()
    estimator = clone(TunesmithClassifier(decide={"threshold": 0.3, "positive": "usual"})).fit(X, y)
    assert estimator.codec_.target_state["decision"] == {"positive": 1, "threshold": 0.3}
    with pytest.raises(ValueError, match="no class 'odd'"):
        TunesmithClassifier(decide={"threshold": 0.3, "positive": "odd"}).fit(X, y)
    with pytest.raises(ValueError, match="divides two classes"):
        TunesmithClassifier(decide="auto").fit(X, np.arange(600) % 3)


@pytest.mark.parametrize("balance", ["class_weights", "oversample", "undersample"])
def test_a_balance_finds_more_of_the_rare_class(balance):
    X, y = uneven()
    plain, balanced = (TunesmithClassifier(balance=one).fit(X, y).predict(X) for one in (None, balance))
    assert (balanced == "rare").sum() > (plain == "rare").sum()
    with pytest.raises(ValueError, match="fitted in one go"):
        TunesmithClassifier(balance="balanced_batches").fit(X, y)


def test_refusals():
    with pytest.raises(NotFittedError):
        TunesmithClassifier().predict([[1.0]])
    with pytest.raises(ValueError, match="one class"):
        TunesmithClassifier().fit([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(ValueError, match="infinity"):
        TunesmithRegressor().fit([[np.inf], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="one label per row"):
        TunesmithClassifier().fit(["a b c", "d e f"], ["x"])
