"""What a regulariser promises: a penalty never negative, with a slope that leads down, exact in micro-batches."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from ..core.seed import stream
from ..data.forms import PLAIN, Form
from ..model.network import Net
from ..parts.bases import Shape
from ..parts.bases._columns import ColumnEncoder
from ..parts.losses import Loss
from ..parts.losses.cross_entropy import CrossEntropy
from ..parts.losses.squared import Squared
from ..parts.regularizers import Penalty, Regularizer, Scene
from . import tiny
from .losses import ROWS, WIDTHS, labels
from .promise import promise
from .rows import QUESTIONS, encoded

LOSSES: dict[Form, Loss] = {"class": CrossEntropy(), "classes": CrossEntropy(), "value": Squared()}
NUMBERS = 2
DROPOUT = 0.2
SHIFT = 0.05  # how far weights are moved from their start, so that there is a slope to go down
DROP = 0.01  # share of the penalty that a step along the gradient should take away
FIRST, SECOND = 1, 2  # what the dropout of the two passes is drawn from


def check(regularizer: Regularizer) -> None:
    """Hold one regulariser to its promises: every form of target, a pre-trained body beside a new one."""
    for form in sorted(PLAIN):
        net = network(form)
        penalty = _built(regularizer, net)
        _at_start(regularizer, form)
        _shift(net)
        _scalar(regularizer, penalty, scene(net, form))
        _chance(regularizer, penalty, scene(net, form))
        _downhill(regularizer, penalty, net, form)
        _weight(regularizer, form)
    _shares(regularizer)
    _frozen(regularizer)


def network(form: Form) -> Net:
    """Return a net of a pre-trained text encoder, a new one for two numbers, and a head; the same weights each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        columns = ColumnEncoder(Shape(numbers=NUMBERS), width=8, depth=1, dropout=0.0)
    return Net({"text": tiny.encoder(), "columns": columns}, WIDTHS[form], DROPOUT, seed=0).train()


def scene(net: Net, form: Form) -> Scene:
    """Return what a penalty sees of six rows; the dropout of both passes is always drawn alike."""
    rows = encoded(QUESTIONS["two classes"], frozenset({"text"}), ROWS, "regularizers")
    text = net.encoders["text"]
    numbers = stream(0, "regularizers", "numbers").normal(size=(ROWS, NUMBERS)).astype(np.float32)
    tensors = {
        "text": text.collate(text.prepare(rows.inputs), np.arange(ROWS)),  # type: ignore[operator]
        "columns": {"numbers": torch.from_numpy(numbers)},
    }

    def passed(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            vectors = net.join(tensors)
            return net.head(net.dropout(vectors)), vectors

    targets = labels(form)
    hurt = LOSSES[form].build(targets, WIDTHS[form])
    outputs, vectors = passed(FIRST)
    second = partial(passed, SECOND)
    generator = stream(0, "regularizers", "chance")
    return Scene(outputs, vectors, torch.from_numpy(targets), second, net.head, hurt, form, generator)


def _value(penalty: Penalty, seen: Scene) -> float:
    return float(penalty(seen).detach())


def _shift(net: Net) -> None:
    """Move every weight that may move a little away from where it is."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for one in net.parameters():
            if one.requires_grad:
                one.add_(SHIFT * torch.randn(one.shape, generator=generator))


def _built(regularizer: Regularizer, net: Net) -> Penalty:
    before = {name: one.detach().clone() for name, one in net.named_parameters()}
    drawn = torch.get_rng_state()
    penalty = regularizer.build(net)
    after = dict(net.named_parameters())
    kept = before.keys() == after.keys() and all(after[name].equal(one) for name, one in before.items())
    promise(kept, regularizer, "build() must leave the net as it is")
    promise(all(one.requires_grad for one in after.values()), regularizer, "build() must not say which weights move")
    promise(torch.get_rng_state().equal(drawn), regularizer, "build() must not draw from torch's random numbers")
    return penalty


def _at_start(regularizer: Regularizer, form: Form) -> None:
    """Zero where it must be: with pre-trained weights at their start, or two passes without dropout."""
    net = network(form)
    if regularizer.is_zero_at_start:
        net.head.requires_grad_(False)
        net.encoders["columns"].requires_grad_(False)
        value = _value(regularizer.build(net), scene(net, form))
        promise(value == 0.0, regularizer, f"pre-trained weights at their start must cost 0, not {value:.3g}")
    if regularizer.needs_dropout:
        value = _value(regularizer.build(net.eval()), scene(net, form))
        promise(abs(value) < 1e-9, regularizer, f"two passes without dropout must cost 0, not {value:.3g}")


def _scalar(regularizer: Regularizer, penalty: Penalty, seen: Scene) -> None:
    for rows in (ROWS, 1):
        found = penalty(_part(seen, slice(0, rows)))
        promise(found.shape == (), regularizer, f"the penalty must be a scalar, not of shape {tuple(found.shape)}")
        promise(found.dtype == torch.float32, regularizer, f"the penalty must be float32, not {found.dtype}")
        value = float(found.detach())
        promise(math.isfinite(value), regularizer, f"the penalty of {rows} rows must be finite, not {value}")
        promise(value >= 0.0, regularizer, f"the penalty must not be negative: {value:.3g}")


def _chance(regularizer: Regularizer, penalty: Penalty, seen: Scene) -> None:
    """All chance comes from the scene's generator, whose state is kept in checkpoints; torch's is for dropout."""
    state = seen.generator.bit_generator.state
    drawn = torch.get_rng_state()
    first = _value(penalty, seen)
    promise(torch.get_rng_state().equal(drawn), regularizer, "chance must come from the scene's generator, not torch's")
    seen.generator.bit_generator.state = state
    again = _value(penalty, seen)
    promise(first == again, regularizer, f"the same state of the generator must give the same: {first} then {again}")


def _downhill(regularizer: Regularizer, penalty: Penalty, net: Net, form: Form) -> None:
    """A short step against the gradient lowers the penalty by about as much as the gradient says."""
    found = penalty(scene(net, form))
    promise(found.requires_grad, regularizer, f"the penalty must have a gradient ({form})")
    found.backward()
    slopes = [(one, one.grad) for one in net.parameters() if one.grad is not None]
    finite = all(bool(slope.isfinite().all()) for _, slope in slopes)
    steepness = sum(float(slope.double().square().sum()) for _, slope in slopes)
    promise(finite and steepness > 0.0, regularizer, f"the gradient must be finite and not all zero ({form})")
    before = float(found.detach())
    with torch.no_grad():
        for one, slope in slopes:
            one.sub_(slope * (DROP * before / steepness))
    left = (before - _value(penalty, scene(net, form))) / (DROP * before)
    sentence = f"a step along the gradient must lower the penalty by what it says, not {left:.2f} times that ({form})"
    promise(0.5 < left < 1.5, regularizer, sentence)


def _weight(regularizer: Regularizer, form: Form) -> None:
    """Twice the weight costs more, and at most twice as much: a part of the penalty may have a weight of its own."""
    costs = []
    for weight in (regularizer.weight, 2 * regularizer.weight):
        net = network(form)
        penalty = regularizer.model_copy(update={"weight": weight}).build(net)
        _shift(net)
        costs.append(_value(penalty, scene(net, form)))
    times = costs[1] / costs[0]
    promise(1.0 < times < 2.0 + 1e-4, regularizer, f"twice the `weight` must cost more, up to twice: {times:.3f} times")


def _part(seen: Scene, rows: slice) -> Scene:
    """Return some rows of a scene."""

    def forward() -> tuple[torch.Tensor, torch.Tensor]:
        outputs, vectors = seen.forward()
        return outputs[rows], vectors[rows]

    narrowed = {"outputs": seen.outputs[rows], "vectors": seen.vectors[rows], "targets": seen.targets[rows]}
    return replace(seen, forward=forward, **narrowed)


def _shares(regularizer: Regularizer) -> None:
    """Micro-batches, each times its share of the rows, sum to the whole; chance alone may make them differ."""
    net = network("class")
    penalty = regularizer.build(net)
    _shift(net)
    seen = scene(net, "class")
    state = seen.generator.bit_generator.state
    whole = _value(penalty, seen)
    if seen.generator.bit_generator.state != state:
        return
    cuts = [slice(0, 1), slice(1, ROWS)]
    total = sum((cut.stop - cut.start) / ROWS * _value(penalty, _part(seen, cut)) for cut in cuts)
    close = math.isclose(whole, total, rel_tol=1e-4, abs_tol=1e-9)
    promise(close, regularizer, f"micro-batches must sum to the whole: {total:.6g} instead of {whole:.6g}")


def _frozen(regularizer: Regularizer) -> None:
    """Weights that may not move cost nothing and get no gradient."""
    net = network("class")
    net.encoders.requires_grad_(False)
    penalty = regularizer.build(net)
    _shift(net)
    seen = scene(net, "class")
    second = seen.forward()
    seen = replace(seen, forward=lambda: second)
    state = seen.generator.bit_generator.state
    before = penalty(seen)
    if before.requires_grad:
        before.backward()
    with torch.no_grad():
        for one in net.encoders.parameters():
            one.add_(1.0)
    seen.generator.bit_generator.state = state
    kept = float(before.detach()) == _value(penalty, seen)
    idle = all(one.grad is None for one in net.encoders.parameters())
    promise(kept and idle, regularizer, "weights that may not move must not count")
