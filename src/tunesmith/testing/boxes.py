"""Boxes in pictures for the kit, and what a loss and a baseline of boxes promise."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.need import lazy
from ..core.seed import stream
from ..data import Encoded, Ragged
from ..parts.baselines import Baseline, Question
from ..parts.losses import Hurt, Loss
from ..parts.losses._lines import Lines
from .images import pictures
from .promise import near, promise, same

torch = lazy("torch")

CLASSES = 2
WIDTH = CLASSES + 5
QUERIES = 5
COUNTS = (2, 0, 1, 3, 1)  # true boxes of the pictures
SURE = 12.0
STEP = 1e-2  # of the central differences, in float32
TOLERANCE = 5e-3
EXTREME = 1e4


def targets(part: str, rows: int = len(COUNTS)) -> Ragged:
    """Return true boxes as the task `detection` encodes them, of pictures of two sizes, one in five of them empty."""
    random = stream(0, "boxes", part)
    lengths = np.resize(COUNTS, rows)
    total = int(lengths.sum())
    sizes = np.repeat(np.resize([[200.0, 100.0], [80.0, 160.0]], (rows, 2)), lengths, axis=0)
    sides = random.uniform(0.1, 0.4, (total, 2)) * sizes
    corners = random.random((total, 2)) * (sizes - sides)
    classes = np.arange(total) % CLASSES
    return Ragged.cut(np.column_stack([classes, corners, sides, sizes]), lengths)


def outputs(true: Ragged) -> np.ndarray:
    """Return outputs, float32 (rows * QUERIES, WIDTH), in which the first queries of each row say what is true."""
    whole = np.zeros((len(true), QUERIES, WIDTH), np.float32)
    whole[:, :, CLASSES] = SURE
    for row in range(len(true)):
        for at, (number, x, y, width, height, wide, high) in enumerate(true[row]):
            shares = np.array([(x + width / 2) / wide, (y + height / 2) / high, width / wide, height / high])
            whole[row, at, [int(number), CLASSES]] = SURE, 0.0
            whole[row, at, -4:] = np.log(shares / (1 - shares))
    return whole.reshape(-1, WIDTH)


def check_loss(loss: Loss) -> None:
    """Hold a loss of boxes to its promises."""
    true = targets("losses")
    hurt, rows = loss.build(true, WIDTH), len(true)
    random = stream(0, "losses", "boxes").normal(size=(rows * QUERIES, WIDTH)).astype(np.float32)
    whole = _losses(hurt, random, true)
    promise(whole.shape == (rows,), loss, f"{rows} rows must give shape ({rows},), not {whole.shape}")
    alone = [_losses(hurt, random[at * QUERIES : (at + 1) * QUERIES], true.take(np.array([at]))) for at in range(rows)]
    promise(near(whole, np.concatenate(alone), 1e-5), loss, "a row's loss must not depend on the rows beside it")
    right, wrong = outputs(true), outputs(true.take(np.roll(np.arange(rows), 1)))
    less = _losses(hurt, right, true) < _losses(hurt, wrong, true)
    promise(bool(less.all()), loss, f"the truth must hurt less than another row's; rows: {less.tolist()}")
    turned = right.reshape(rows, QUERIES, WIDTH)[:, ::-1].reshape(-1, WIDTH).copy()
    alike = near(_losses(hurt, right, true), _losses(hurt, turned, true), 1e-5)
    promise(alike, loss, "the order of the queries must not matter")
    _gradient(loss, hurt, random, true)
    sign = np.where(np.arange(random.size).reshape(random.shape) % 2, 1.0, -1.0).astype(np.float32)
    for some in (EXTREME * sign, -EXTREME * sign, 0.0 * sign):
        moved = torch.from_numpy(some).requires_grad_(True)
        found = hurt(moved, _lines(true))
        found.sum().backward()
        is_finite = bool(found.isfinite().all()) and bool(moved.grad.isfinite().all())
        promise(is_finite, loss, "loss and gradient must stay finite for huge outputs and for none")


def check_baseline(baseline: Baseline) -> None:
    """Hold a baseline of boxes to its promises."""
    sizes = {"train": 20, "validation": 5, "test": 6}
    parts = []
    for name, rows in sizes.items():
        inputs = {"image": pictures(np.zeros(rows), name), "sizes": np.tile(np.array([[200, 100]]), (rows, 1))}
        parts.append(Encoded(tuple(f"{name}-{at}" for at in range(rows)), inputs, targets(name, rows)))
    train, validation, test = parts
    question = Question(train, validation, test, form="boxes", width=WIDTH, seed=0, base="tiny")
    promise(baseline.applies(question), baseline, "applies() says no to boxes")
    found: Any = baseline.outputs(question)
    again: Any = baseline.outputs(question)
    fits = isinstance(found, Ragged) and len(found) == sizes["test"] and found.values.shape[1] == WIDTH
    promise(fits, baseline, f"outputs() must be Ragged of {sizes['test']} rows, (total, {WIDTH})")
    promise(bool(np.isfinite(found.values).all()), baseline, "outputs() must be finite")
    promise(same(found.values, again.values), baseline, "outputs() twice must be the same")


def _gradient(loss: Loss, hurt: Hurt, some: np.ndarray, true: Ragged) -> None:
    moved = torch.from_numpy(some.copy()).requires_grad_(True)
    hurt(moved, _lines(true)).sum().backward()
    claimed, found = moved.grad.double().numpy(), np.zeros(some.shape)
    for at in np.ndindex(some.shape):
        up, down = some.copy(), some.copy()
        up[at] += STEP
        down[at] -= STEP
        rise = _losses(hurt, up, true).sum() - _losses(hurt, down, true).sum()
        found[at] = rise / (float(up[at]) - float(down[at]))
    # a corner, where one edge of two boxes gives way to the other, has two slopes: a few numbers may stand in one
    share = float((np.abs(claimed - found) > TOLERANCE * (1 + np.abs(claimed))).mean())
    promise(share < 0.05, loss, f"the gradient differs from finite differences in {share:.0%} of the outputs")


def _lines(true: Ragged) -> Lines:
    return Lines(torch.from_numpy(true.values), torch.from_numpy(true.lengths))


def _losses(hurt: Hurt, some: np.ndarray, true: Ragged) -> np.ndarray:
    return hurt(torch.from_numpy(some), _lines(true)).detach().double().numpy()
