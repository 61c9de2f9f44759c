"""What a balance promises: it looks at labels alone, draws the same for the same seed, and never loses a class."""

from __future__ import annotations

import math

import numpy as np

from ..core.seed import stream
from ..parts.balances import Balance, class_counts
from .promise import promise, same

SIZE = 8
UNEVEN = (60, 25, 3)  # rows of each class
LABELLED = (40, 8, 1)  # rows with each label, of 48


def check(balance: Balance) -> None:
    """Hold one balance to its promises, for every form it can balance."""
    known = balance.forms <= {"class", "classes"} and "class" in balance.forms
    promise(known, balance, "`forms` must be `class`, with `classes` or without")
    promise(bool(balance.refuse("value", "regression")), balance, "refuse() must say why values have no classes")
    for form in ("class", "classes"):
        is_refused = balance.refuse(form, "this task") is not None
        promise(is_refused == (form not in balance.forms), balance, f"refuse() must agree with `forms` ({form})")
        if form in balance.forms:
            targets = labels(form)
            _weights(balance, targets)
            _epochs(balance, targets)
            _alone(balance, targets)
    promise(bool(balance.words(labels("class"), ["a", "b", "c"])), balance, "words() must say what becomes of the rows")


def labels(form: str) -> np.ndarray:
    """Return uneven labels of a form, shuffled."""
    random = stream(0, "balances", form)
    if form == "class":
        return random.permutation(np.repeat(np.arange(len(UNEVEN)), UNEVEN))
    indicators = np.arange(48)[:, None] < np.array(LABELLED)
    return np.asarray(random.permuted(indicators, axis=0), np.float32)


def _weights(balance: Balance, targets: np.ndarray) -> None:
    width = 3
    weights, counts = balance.weights(targets, width), class_counts(targets, width)
    emphasis = balance.emphasis(targets, width)
    promise(emphasis.shape == (width,), balance, f"emphasis() must give one number per class, not {emphasis.shape}")
    falls = bool((np.diff(emphasis[np.argsort(counts)]) <= 1e-12).all())
    promise(falls, balance, f"a smaller class must not count less than a larger one: {emphasis} for {counts} rows")
    if weights is None:
        return
    right = weights.shape == (width,) and weights.dtype == np.float64
    promise(right, balance, f"weights() must be float64 (classes,), not {weights.dtype} {weights.shape}")
    promise(bool(np.isfinite(weights).all() and (weights > 0).all()), balance, f"weights must be above 0: {weights}")
    if targets.ndim == 1:
        mean = float(weights[targets].mean())
        promise(math.isclose(mean, 1.0), balance, f"the mean weight of the training rows must be 1, not {mean}")


def _epochs(balance: Balance, targets: np.ndarray) -> None:
    lengths = np.arange(len(targets)) % 7 + 1
    size, rows = SIZE, balance.rows_per_epoch(targets)
    epochs = [list(balance.batches(targets, size, stream(seed, "epoch"), lengths)) for seed in (0, 0, 1)]
    first, again, other = (np.concatenate(one) for one in epochs)
    promise(same(first, again), balance, "the same generator must give the same epoch")
    promise(not np.array_equal(first, other), balance, "another generator must give another epoch")
    promise(len(first) == rows, balance, f"an epoch has {len(first)} rows, rows_per_epoch() says {rows}")
    wanted = math.ceil(rows / size)
    told = f"{len(epochs[0])} batches of {rows} rows, {wanted} are planned for"
    promise(len(epochs[0]) == wanted and max(map(len, epochs[0])) <= size, balance, told)
    inside = first.dtype == np.int64 and bool(((first >= 0) & (first < len(targets))).all())
    promise(inside, balance, "batches must hold positions of rows, int64")
    seen, there = class_counts(targets[first], 3), class_counts(targets, 3)
    promise(bool((seen[there > 0] > 0).all()), balance, f"an epoch must have rows of every class, not {seen}")


def _alone(balance: Balance, targets: np.ndarray) -> None:
    """Classes of even size are left as they are, and one row is no reason to fail."""
    if targets.ndim == 1:
        even = np.repeat(np.arange(3), 16)
        drawn = np.bincount(np.concatenate(list(balance.batches(even, 12, stream(0, "even"), None))))
        promise(bool((drawn == 1).all()), balance, "of classes of even size, an epoch must have each row once")
        promise(bool(np.allclose(balance.emphasis(even, 3), 1.0)), balance, "classes of even size must count alike")
    lone = targets[:1]
    batch = list(balance.batches(lone, SIZE, stream(0, "lone"), None))
    promise(len(batch) == 1 and batch[0].tolist() == [0], balance, "a single row must make one batch")
