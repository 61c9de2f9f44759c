"""Gradient-boosted trees (scikit-learn's histogram boosting): hard to beat on tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from ...core.need import lazy
from ...core.seed import derive
from ...core.threads import spread_workers
from ...data import Encoded
from . import Ask, FittedBase

ensemble = lazy("sklearn.ensemble")

NODE = (
    "value",
    "feature_idx",
    "num_threshold",
    "missing_go_to_left",
    "left",
    "right",
    "is_leaf",
    "is_categorical",
    "bitset_idx",
)


class Gbdt(FittedBase):
    """Trees added one by one, each mending the errors of those before; stops when validation no longer gains."""

    takes: ClassVar[frozenset[str]] = frozenset({"numbers", "categories"})
    takes_weights: ClassVar[bool] = True

    iterations: int = Field(1000, ge=1)
    """Trees at the most (per class)."""
    patience: int = Field(30, ge=1)
    """Stop after this many trees without a gain on validation."""
    rate: float = Field(0.06, gt=0.0, le=1.0)
    """How much of each tree is added."""
    leaves: int = Field(31, ge=2)
    """Leaves of a tree at the most."""
    leaf_rows: int = Field(20, ge=1)
    """Rows in a leaf at the least."""
    l2: float = Field(1.0, ge=0.0)
    """Pull of the leaf values towards zero."""

    def fit(self, train: Encoded, validation: Encoded, ask: Ask) -> dict[str, np.ndarray]:
        """Return the trees as flat arrays; one forest per label where a row may have several."""
        assert train.targets is not None
        assert validation.targets is not None
        if ask.form != "classes":
            return _arrays(self._forest(train, validation, ask), 0)
        state: dict[str, np.ndarray] = {}
        for label in range(ask.width):
            pair = (_column(train, label), _column(validation, label))
            state |= _arrays(self._forest(*pair, ask), label)
        return state

    def outputs(self, state: Mapping[str, np.ndarray], encoded: Encoded) -> np.ndarray:
        """Return log-odds, log-probabilities or values, float64 (rows, width), by walking the stored trees."""
        table = _table(encoded)
        forests = sorted({int(name.partition(".")[0]) for name in state})
        raw = [_walk({name: state[f"{at}.{name}"] for name in _names()}, table) for at in forests]
        joined = np.concatenate(raw, axis=1)
        is_binary = len(forests) == 1 and joined.shape[1] == 1 and bool(state["0.is_binary"][0])
        return np.concatenate([np.zeros_like(joined), joined], axis=1) if is_binary else joined

    def _forest(self, train: Encoded, validation: Encoded, ask: Ask) -> Any:
        table = _table(train)
        coded = [at < _categories(train) for at in range(table.shape[1])]
        settings = {
            "max_iter": self.iterations,
            "learning_rate": self.rate,
            "max_leaf_nodes": self.leaves,
            "min_samples_leaf": self.leaf_rows,
            "l2_regularization": self.l2,
            "categorical_features": coded if any(coded) else None,
            "early_stopping": True,
            "n_iter_no_change": self.patience,
            "random_state": derive(ask.seed, "gbdt") % 2**32,
        }
        name = "HistGradientBoostingRegressor" if ask.form == "value" else "HistGradientBoostingClassifier"
        forest = getattr(ensemble, name)(**settings)
        few = table[:64]
        spread_workers(lambda: ensemble.HistGradientBoostingRegressor(max_iter=1).fit(few, np.arange(len(few))))
        weights = {"sample_weight": train.weights, "sample_weight_val": validation.weights}
        return forest.fit(table, train.targets, X_val=_table(validation), y_val=validation.targets, **weights)


def _column(encoded: Encoded, label: int) -> Encoded:
    assert encoded.targets is not None
    weights = None if encoded.weights is None else encoded.weights[:, label]
    return Encoded(encoded.ids, encoded.inputs, encoded.targets[:, label].astype(np.int64), weights)


def _categories(encoded: Encoded) -> int:
    return np.asarray(encoded.inputs["categories"]).shape[1] if "categories" in encoded.inputs else 0


def _table(encoded: Encoded) -> np.ndarray:
    """Categories first, code 0 as missing, then numbers: the order in which scikit-learn keeps them, float64."""
    pieces = []
    if "categories" in encoded.inputs:
        codes = np.asarray(encoded.inputs["categories"]).astype(np.float64) - 1
        pieces.append(np.where(codes < 0, np.nan, codes))
    if "numbers" in encoded.inputs:
        pieces.append(np.asarray(encoded.inputs["numbers"]).astype(np.float64))
    return np.concatenate(pieces, axis=1)


def _names() -> list[str]:
    return [*NODE, "offsets", "bitsets", "bitset_offsets", "start", "trees_per_step", "is_binary"]


def _arrays(forest: Any, at: int) -> dict[str, np.ndarray]:
    """Flatten a fitted forest: nodes of all trees one after the other, `offsets` where each begins."""
    trees = [tree for step in forest._predictors for tree in step]
    nodes = [tree.nodes for tree in trees]
    sets = [tree.raw_left_cat_bitsets for tree in trees]
    arrays = {name: np.concatenate([one[name] for one in nodes]).astype(_kind(name)) for name in NODE}
    arrays["offsets"] = np.cumsum([0] + [len(one) for one in nodes]).astype(np.int64)
    arrays["bitsets"] = np.concatenate([one.reshape(-1, 8) for one in sets]).astype(np.int64)
    arrays["bitset_offsets"] = np.cumsum([0] + [len(one) for one in sets]).astype(np.int64)
    arrays["start"] = np.asarray(forest._baseline_prediction, np.float64).reshape(-1)
    arrays["trees_per_step"] = np.array([forest.n_trees_per_iteration_], np.int64)
    arrays["is_binary"] = np.array([int(len(getattr(forest, "classes_", ())) == 2)], np.int64)
    return {f"{at}.{name}": array for name, array in arrays.items()}


def _kind(name: str) -> type[np.generic]:
    return np.float64 if name in ("value", "num_threshold") else np.int64


def _walk(forest: Mapping[str, np.ndarray], table: np.ndarray) -> np.ndarray:
    """Return the sum of the leaves each row falls into, float64 (rows, trees per step)."""
    steps = int(forest["trees_per_step"][0])
    raw = np.tile(forest["start"], (len(table), 1))
    for tree in range(len(forest["offsets"]) - 1):
        nodes = slice(int(forest["offsets"][tree]), int(forest["offsets"][tree + 1]))
        one = {name: forest[name][nodes] for name in NODE}
        sets = forest["bitsets"][int(forest["bitset_offsets"][tree]) : int(forest["bitset_offsets"][tree + 1])]
        raw[:, tree % steps] += one["value"][_leaves(one, sets, table)]
    return raw


def _leaves(tree: Mapping[str, np.ndarray], sets: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the leaf each row ends in, int64 (rows,)."""
    at = np.zeros(len(table), np.int64)
    moving = np.flatnonzero(tree["is_leaf"][at] == 0)
    while len(moving):
        node = at[moving]
        values = table[moving, tree["feature_idx"][node]]
        left = values <= tree["num_threshold"][node]
        coded = tree["is_categorical"][node] == 1
        if coded.any():
            codes = np.nan_to_num(values[coded]).astype(np.int64)
            words = sets[tree["bitset_idx"][node[coded]], codes // 32]
            left[coded] = (words >> (codes % 32)) & 1
        missing = np.isnan(values)
        left[missing] = tree["missing_go_to_left"][node[missing]] == 1
        at[moving] = np.where(left, tree["left"][node], tree["right"][node])
        moving = moving[tree["is_leaf"][at[moving]] == 0]
    return at
