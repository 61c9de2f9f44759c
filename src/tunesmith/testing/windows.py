"""Losses and baselines of answers that are spans of a text: the promises they keep over windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.need import lazy
from ..core.seed import stream
from ..data import Encoded
from ..data.spans import Spans, Windows
from ..parts.baselines import Baseline, Question
from ..parts.losses import Loss
from ..parts.losses._lines import Lines
from .promise import near, promise, same

torch = lazy("torch")

# a window begins, an answer begins, it ends: rows of one window, of two, and of one that holds no answer
LABELS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 0]], np.int64
)
LENGTHS = np.array([3, 4, 2], np.int64)
TEXTS = ("The sky is blue. Grass is green, mostly in spring.", "It rained. Anna won the race in Oslo!", "")
SURE, EXTREME = 6.0, 1e4


def check_loss(loss: Loss) -> None:
    """Hold a loss to what every loss promises, over lines of windows."""
    hurt = loss.build(LABELS, 2)
    outputs = stream(0, "windows").normal(size=(len(LABELS), 2)).astype(np.float32)
    whole = _losses(hurt, outputs, LABELS, LENGTHS)
    promise(whole.shape == (len(LENGTHS),), loss, f"{len(LENGTHS)} rows gave losses of shape {whole.shape}")
    alone = _losses(hurt, outputs[3:7], LABELS[3:7], LENGTHS[1:2])
    promise(near(whole[1:2], alone, 1e-6), loss, "a row's loss must not depend on the rows beside it")
    right = (SURE * (2 * LABELS[:, 1:] - 1)).astype(np.float32)
    less = _losses(hurt, right, LABELS, LENGTHS) < _losses(hurt, -right, LABELS, LENGTHS)
    promise(bool(less.all()), loss, f"the truth must hurt less than a wrong answer; rows: {less.tolist()}")
    for scale in (EXTREME, -EXTREME, 0.0):
        moved = torch.from_numpy(scale * right).requires_grad_(True)
        found = hurt(moved, Lines(torch.from_numpy(LABELS), torch.from_numpy(LENGTHS)))
        found.sum().backward()
        is_finite = bool(found.isfinite().all()) and moved.grad is not None and bool(moved.grad.isfinite().all())
        promise(is_finite, loss, f"loss and gradient must stay finite for outputs of size {SURE * abs(scale):g}")


def check_baseline(baseline: Baseline) -> None:
    """Hold a baseline to what every baseline promises, for questions with answers, some of them without."""
    for one in (question(False), question(True)):
        promise(baseline.applies(one), baseline, "applies() says no to a question of its form")
        found = baseline.outputs(one)
        promise(isinstance(found, Windows), baseline, "outputs() of spans must be `Windows`")
        assert isinstance(found, Windows)
        promise(len(found) == len(one.test), baseline, f"outputs() gave {len(found)} rows for {len(one.test)}")
        promise(found.values.shape[1] == 2, baseline, "outputs() must give two numbers for each line")
        promise(bool(np.isfinite(found.values).all()), baseline, "outputs() must be finite")
        again: Any = baseline.outputs(one)
        promise(same(found.values, again.values), baseline, "outputs() twice must be the same")


def question(has_unanswerable: bool) -> Question:
    """Return six rows of a question and a text for each split; with unanswerable ones, every second has no answer."""
    texts = np.array([["What is green?", TEXTS[0]], ["Who won the race?", TEXTS[1]], ["What?", TEXTS[2]]] * 2, object)
    found = ("Grass", "Anna", None, "Grass", "Anna", None) if not has_unanswerable else ("Grass", *[None] * 5)
    lengths = [one is not None for one in found]
    some = [(row, one) for row, one in enumerate(found) if one is not None]
    starts = [texts[row, 1].index(one) for row, one in some]
    values = np.array([[at, at + len(one)] for at, (_, one) in zip(starts, some, strict=True)], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    targets = Spans(values, offsets, np.array([one for _, one in some], object))
    rows = Encoded(tuple("abcdef"), {"text": texts}, targets)
    return Question(rows, rows, rows, form="spans", width=2, seed=0, base="tiny")


def _losses(hurt: Any, outputs: np.ndarray, labels: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    lines = Lines(torch.from_numpy(labels), torch.from_numpy(lengths))
    return hurt(torch.from_numpy(outputs), lines).detach().double().numpy()
