"""The stored trees give what scikit-learn's own forest gives, number by number."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tunesmith.core.seed import derive
from tunesmith.parts.bases import Ask
from tunesmith.parts.bases.gbdt import Gbdt
from tunesmith.testing.rows import QUESTIONS, encoded

PART = Gbdt(iterations=40)
FORMS = [{"numbers"}, {"categories"}, {"numbers", "categories"}]


def table(rows):
    """Put categories first with unknown as missing, then numbers, as the part documents it."""
    pieces = []
    if "categories" in rows.inputs:
        codes = rows.inputs["categories"].astype(float) - 1
        pieces.append(np.where(codes < 0, np.nan, codes))
    if "numbers" in rows.inputs:
        pieces.append(rows.inputs["numbers"].astype(float))
    return np.concatenate(pieces, axis=1)


def forest(asked, splits, targets):
    train, validation = splits["train"], splits["validation"]
    coded = 2 if "categories" in train.inputs else 0
    width = table(train).shape[1]
    settings = {
        "max_iter": PART.iterations,
        "learning_rate": PART.rate,
        "max_leaf_nodes": PART.leaves,
        "min_samples_leaf": PART.leaf_rows,
        "l2_regularization": PART.l2,
        "categorical_features": [at < coded for at in range(width)] if coded else None,
        "early_stopping": True,
        "n_iter_no_change": PART.patience,
        "random_state": derive(0, "gbdt") % 2**32,
    }
    kind = HistGradientBoostingRegressor if asked.form == "value" else HistGradientBoostingClassifier
    return kind(**settings).fit(table(train), targets[0], X_val=table(validation), y_val=targets[1])


def softmax(outputs):
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("forms", FORMS, ids=["numbers", "categories", "both"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_outputs_equal_scikit_learn(name, forms):
    asked = QUESTIONS[name]
    sizes = {"train": 200, "validation": 60, "test": 60}
    splits = {part: encoded(asked, frozenset(forms), rows, part) for part, rows in sizes.items()}
    state = PART.fit(splits["train"], splits["validation"], Ask(asked.form, asked.width, 0))
    outputs = PART.outputs(state, splits["test"])
    test, targets = table(splits["test"]), [splits[part].targets for part in ("train", "validation")]
    if asked.form == "value":
        theirs = forest(asked, splits, targets).predict(test)
        np.testing.assert_allclose(outputs[:, 0], theirs, rtol=0, atol=1e-12)
    elif asked.form == "class":
        model = forest(asked, splits, targets)
        np.testing.assert_allclose(softmax(outputs), model.predict_proba(test), rtol=0, atol=1e-12)
        raw = outputs if asked.width > 2 else outputs[:, 1]
        np.testing.assert_allclose(raw, model.decision_function(test), rtol=0, atol=1e-12)
    else:
        for label in range(asked.width):
            model = forest(asked, splits, [one[:, label].astype(int) for one in targets])
            np.testing.assert_allclose(outputs[:, label], model.decision_function(test), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["two classes", "three classes", "labels"])
def test_weights_are_scikit_learns_sample_weights(name):
    asked = QUESTIONS[name]
    train, validation = (
        encoded(asked, frozenset({"numbers"}), rows, part) for part, rows in (("train", 200), ("validation", 60))
    )
    random = np.random.default_rng(0)
    train, validation = (replace(one, weights=random.uniform(0.2, 5, one.targets.shape)) for one in (train, validation))
    outputs = PART.outputs(PART.fit(train, validation, Ask(asked.form, asked.width, 0)), validation)
    settings = {
        "max_iter": PART.iterations,
        "learning_rate": PART.rate,
        "max_leaf_nodes": PART.leaves,
        "min_samples_leaf": PART.leaf_rows,
        "l2_regularization": PART.l2,
        "early_stopping": True,
        "n_iter_no_change": PART.patience,
        "random_state": derive(0, "gbdt") % 2**32,
    }
    for label in range(asked.width if asked.form == "classes" else 1):
        column = (slice(None), label) if asked.form == "classes" else slice(None)
        model = HistGradientBoostingClassifier(**settings).fit(
            table(train),
            train.targets[column].astype(int),
            train.weights[column],
            X_val=table(validation),
            y_val=validation.targets[column].astype(int),
            sample_weight_val=validation.weights[column],
        )
        ours = outputs[:, label] if asked.form == "classes" else outputs if asked.width > 2 else outputs[:, 1]
        np.testing.assert_allclose(ours, model.decision_function(table(validation)), rtol=0, atol=1e-12)
