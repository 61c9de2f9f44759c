"""What a loss promises: one number per row, least for the truth, with the gradient it claims to have."""

from __future__ import annotations

import numpy as np

from ..core.need import lazy
from ..core.seed import stream
from ..data import Ragged
from ..parts.losses import Hurt, Loss
from ..parts.losses._lines import Lines
from . import boxes, texts, windows
from .promise import near, promise

torch = lazy("torch")

ROWS = 6
STEP = 1e-2  # of the central differences, in float32
TOLERANCE = 2e-3
EXTREME = 1e4
WIDTHS = {"class": 3, "classes": 3, "value": 1}


def check(loss: Loss) -> None:
    """Hold one loss to its promises, for every form it can judge."""
    own = {"spans": windows, "boxes": boxes, "text": texts}
    known = WIDTHS.keys() | own | {"several", "tags"}
    promise(bool(loss.forms) and loss.forms <= known, loss, f"`forms` must be some of {', '.join(sorted(known))}")
    for form in sorted(loss.forms & own.keys()):
        own[form].check_loss(loss)
    if "several" in loss.forms:
        _several(loss)
    if "tags" in loss.forms:
        _tags(loss)
    for form in sorted(loss.forms & WIDTHS.keys()):
        targets, width = labels(form), WIDTHS[form]
        hurt = loss.build(targets, width)
        outputs = stream(0, "losses", form).normal(size=(ROWS, width)).astype(np.float32)
        _shape(loss, hurt, outputs, targets)
        _gradient(loss, hurt, outputs, targets)
        _order(loss, hurt, targets, form)
        _extremes(loss, hurt, targets, width)


def _several(loss: Loss) -> None:
    """Hold a loss of several targets, a class of three and a value, to the same; a missing one does not hurt."""
    targets = np.column_stack([labels("class"), labels("value")]).astype(np.float64)
    hurt, width = loss.build(targets, WIDTHS["class"] + WIDTHS["value"]), 4
    outputs = stream(0, "losses", "several").normal(size=(ROWS, width)).astype(np.float32)
    _shape(loss, hurt, outputs, targets)
    _gradient(loss, hurt, outputs, targets)
    _extremes(loss, hurt, targets, width)
    without = [np.where(np.arange(2) == at, np.nan, targets) for at in (0, 1)]
    halves = _losses(hurt, outputs, without[0]) + _losses(hurt, outputs, without[1])
    promise(
        near(_losses(hurt, outputs, targets), halves, 1e-6), loss, "a row's loss is the sum over the targets it has"
    )
    none = _losses(hurt, outputs, np.full_like(targets, np.nan))
    promise(near(none, np.zeros(ROWS), 0.0), loss, "a row without targets must not hurt")


def _tags(loss: Loss) -> None:
    """A row's loss is the sum over its words, whatever rows are beside it, in units of a row of usual length."""
    targets = Ragged.cut(labels("class").astype(np.int32), np.array([3, 0, 1, 2]))
    hurt = loss.build(targets, WIDTHS["class"])
    outputs = stream(0, "losses", "tags").normal(size=(ROWS, WIDTHS["class"])).astype(np.float32)

    def losses(rows: list[int], outputs: np.ndarray) -> np.ndarray:
        some = targets.take(np.array(rows))
        lines = Lines(torch.from_numpy(some.values), torch.from_numpy(some.lengths))
        return hurt(torch.from_numpy(outputs), lines).double().numpy()

    whole = losses([0, 1, 2, 3], outputs)
    promise(whole.shape == (4,), loss, f"four rows of words must give shape (4,), not {whole.shape}")
    promise(whole[1] == 0.0, loss, "a row without words must not hurt")
    alone = losses([3, 0], np.concatenate([outputs[4:], outputs[:3]]))
    promise(near(alone, whole[[3, 0]], 1e-6), loss, "a row's loss must not depend on the rows beside it")
    each = _losses(loss.build(labels("class"), WIDTHS["class"]), outputs, labels("class"))
    promise(near(whole.sum() * ROWS / 4, each.sum(), 1e-5), loss, "words must hurt as rows of one class do")


def labels(form: str) -> np.ndarray:
    """Return six encoded labels of a form; every class occurs."""
    if form == "class":
        return np.array([0, 1, 2, 0, 1, 0], dtype=np.int64)
    if form == "value":
        return np.array([-1.4, -0.6, 0.0, 0.3, 0.9, 2.1], dtype=np.float32)
    return np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 0]], dtype=np.float32)


def other_labels(form: str, targets: np.ndarray) -> np.ndarray:
    """Return labels that are wrong in every row."""
    if form == "class":
        return (targets + 1) % WIDTHS[form]
    return 1 - targets if form == "classes" else targets + np.float32(3.0)


def _losses(hurt: Hurt, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return hurt(torch.from_numpy(outputs), torch.from_numpy(targets)).detach().double().numpy()


def _shape(loss: Loss, hurt: Hurt, outputs: np.ndarray, targets: np.ndarray) -> None:
    whole = _losses(hurt, outputs, targets)
    promise(whole.shape == (ROWS,), loss, f"{ROWS} rows must give shape ({ROWS},), not {whole.shape}")
    some = _losses(hurt, outputs[2:4], targets[2:4])
    promise(near(whole[2:4], some, 1e-6), loss, "a row's loss must not depend on the rows beside it")
    halved = hurt(torch.from_numpy(outputs).bfloat16(), torch.from_numpy(targets))
    promise(near(whole, halved.double().numpy(), 0.05), loss, "outputs in bfloat16 must give about the same loss")


def _gradient(loss: Loss, hurt: Hurt, outputs: np.ndarray, targets: np.ndarray) -> None:
    moved = torch.from_numpy(outputs.copy()).requires_grad_(True)
    hurt(moved, torch.from_numpy(targets)).sum().backward()
    promise(moved.grad is not None, loss, "the loss must have a gradient with respect to the outputs")
    claimed = moved.grad.double().numpy()
    found = np.zeros_like(claimed)
    for at in np.ndindex(outputs.shape):
        up, down = outputs.copy(), outputs.copy()
        up[at] += STEP
        down[at] -= STEP
        rise = _losses(hurt, up, targets).sum() - _losses(hurt, down, targets).sum()
        found[at] = rise / (float(up[at]) - float(down[at]))
    gap = float(np.abs(claimed - found).max())
    promise(near(claimed, found, TOLERANCE), loss, f"the gradient differs from finite differences by {gap:.2g}")


def _order(loss: Loss, hurt: Hurt, targets: np.ndarray, form: str) -> None:
    """The truth hurts less than a wrong answer, row by row."""
    truth, wrong = outputs_for(form, targets), outputs_for(form, other_labels(form, targets))
    less = _losses(hurt, truth, targets) < _losses(hurt, wrong, targets)
    promise(bool(less.all()), loss, f"the truth must hurt less than a wrong answer ({form}); rows: {less.tolist()}")


def outputs_for(form: str, targets: np.ndarray) -> np.ndarray:
    """Return outputs, float32 (rows, width), that answer with these labels."""
    if form == "value":
        return targets[:, None]
    indicators = np.eye(WIDTHS[form])[targets] if form == "class" else targets
    return (6.0 * (2.0 * indicators - 1.0)).astype(np.float32)


def _extremes(loss: Loss, hurt: Hurt, targets: np.ndarray, width: int) -> None:
    sign = np.where(np.arange(ROWS * width).reshape(ROWS, width) % 2, 1.0, -1.0).astype(np.float32)
    for outputs in (EXTREME * sign, -EXTREME * sign, 0.0 * sign):
        moved = torch.from_numpy(outputs.astype(np.float32)).requires_grad_(True)
        found = hurt(moved, torch.from_numpy(targets))
        found.sum().backward()
        size = float(np.abs(outputs).max())
        promise(bool(found.isfinite().all()), loss, f"the loss must stay finite for outputs of size {size:g}")
        grown = moved.grad
        promise(grown is not None and bool(grown.isfinite().all()), loss, f"no finite gradient at size {size:g}")
