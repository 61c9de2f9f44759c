"""The loop: nothing here knows a modality, a task or a strategy by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field, SerializeAsAny

from ..core.errors import TrainingError
from ..core.events import Events
from ..core.part import Section
from ..core.seed import derive, stream
from ..data import Encoded
from ..data.batching import batches
from ..model import Curve, Judged, Model
from ..model.fitted import Fitted
from ..model.network import Network
from ..parts.bases import Ask
from ..parts.engines import Engine
from ..parts.engines.local import Local
from ..parts.losses import Loss
from ..parts.optimizers import Optimizer
from ..parts.optimizers.adamw import Adamw
from ..parts.strategies import Strategy

LEAST_STEPS = 600  # `epochs: auto` trains at least so many steps, within the bounds below
SAMPLE_ROWS = 64  # validation rows that are compared before and after the strategy's finish
LEAST_EPOCHS, MOST_EPOCHS = 4, 20
HEAD_SCALE = 5.0  # what is new starts from nothing and may move faster than what is pre-trained

Measure = Callable[[np.ndarray], Judged]


class Train(Section):
    """How training goes."""

    epochs: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Passes over the training rows; auto: enough for 600 steps, between 4 and 20."""
    batch_size: int = Field(32, ge=1)
    """Rows per step."""
    optimizer: SerializeAsAny[Optimizer] = Adamw()
    """How a weight moves."""
    loss: SerializeAsAny[Loss] | None = None
    """What hurts; the task's own loss where not given."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the joined vector switched off before the head."""
    clip: float = Field(1.0, gt=0.0)
    """The gradient's norm is cut to this."""
    l1: float = Field(0.0, ge=0.0)
    """Weight of the sum of absolute weights in the loss."""
    validations: int = Field(2, ge=1)
    """How often per epoch the validation rows are measured."""
    patience: int = Field(6, ge=1)
    """Stop after this many validations without a gain; the best weights are kept in any case."""
    engine: SerializeAsAny[Engine] = Local()
    """Where it runs."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step tells: its number (from 1), the mean loss of its rows, and the peak rate it moved with."""

    number: int
    loss: float
    rate: float


@dataclass(slots=True)
class Best:
    """The best weights so far, and how many validations ago they were."""

    key: tuple[float, float] = (-math.inf, -math.inf)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    waited: int = 0

    def offer(self, key: tuple[float, float], net: torch.nn.Module) -> bool:
        """Keep the weights if the key (metric, then minus loss) is better; return whether it was."""
        is_better = key > self.key
        self.waited = 0 if is_better else self.waited + 1
        if is_better:
            self.key = key
            self.weights = {n: p.detach().clone() for n, p in net.named_parameters() if p.requires_grad}
        return is_better

    def restore(self, net: torch.nn.Module) -> None:
        """Put the best weights back."""
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                if name in self.weights:
                    parameter.copy_(self.weights[name])


@dataclass(frozen=True, slots=True)
class Job:
    """All that a training needs beside the model. `measure` judges the outputs of the validation rows."""

    train: Encoded
    validation: Encoded
    how: Train
    strategy: Strategy
    loss: Loss
    base_rate: float
    form: Literal["class", "classes", "value"]
    measure: Measure
    watch: Callable[[Step], None]
    seed: int
    events: Events


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to: the curve, and outputs of some validation rows before and after `strategy.finish`."""

    curve: Curve
    before: np.ndarray
    after: np.ndarray


def train(model: Model, job: Job) -> Trained:
    """Move the model's weights and leave the best ones in it. `job.watch` may stop it by raising."""
    if isinstance(model, Network):
        return _train_network(model, job)
    assert isinstance(model, Fitted)
    with job.events.stage("train", 1) as advance:
        model.fit(job.train, job.validation, Ask(job.form, model.width, job.seed))
        advance(1)
    outputs = model.outputs(job.validation)
    judged = job.measure(outputs)
    curve = Curve(validations=[{"step": 1, "epoch": 1.0, "loss": judged.loss, "is_best": True} | judged.shown()])
    return Trained(curve, outputs, outputs)


def _train_network(model: Network, job: Job) -> Trained:
    torch.manual_seed(derive(job.seed, "train") % 2**63)
    before = {name for name, _ in model.net.named_parameters()}
    body = model.net.encoders[model.body]
    job.strategy.prepare(body, body.layers())  # type: ignore[operator]
    curve, best = Curve(), Best()
    per_epoch = math.ceil(len(job.train) / job.how.batch_size)
    total = epochs_of(job.how, per_epoch) * per_epoch
    marks = {round(part * per_epoch / job.how.validations) for part in range(1, job.how.validations + 1)}
    with job.events.stage("train", total) as advance:
        for step in _steps(model, job, total):
            job.watch(step)
            curve.steps.append({"step": step.number, "loss": step.loss, "learning_rate": step.rate})
            advance(step.number, loss=step.loss)
            if (step.number - 1) % per_epoch + 1 in marks:
                curve.validations.append(_validate(model, job, best, step.number, per_epoch))
                if best.waited >= job.how.patience:
                    job.events.note("train", f"stopped at step {step.number} of {total}: validation gains no more")
                    break
    best.restore(model.net)
    return _finish(model, job, curve, before)


def _finish(model: Network, job: Job, curve: Curve, names: set[str]) -> Trained:
    """Let the strategy tidy up, and note which weights are still the base's own. `names` are those from before."""
    sample = job.validation.take(np.arange(min(SAMPLE_ROWS, len(job.validation))))
    before = model.outputs(sample)
    moved = {name for name, parameter in model.net.named_parameters() if parameter.requires_grad}
    job.strategy.finish(model.net.encoders[model.body])
    model.net.eval()
    is_adapted = any(name not in names for name in moved)
    model.frozen = frozenset() if is_adapted else frozenset(names - moved)
    return Trained(curve, before, model.outputs(sample))


def epochs_of(how: Train, steps_per_epoch: int) -> int:
    """Return the number of epochs; small data counts steps, not epochs (Mosbach et al., ICLR 2021, section 6)."""
    if how.epochs != "auto":
        return how.epochs
    return min(MOST_EPOCHS, max(LEAST_EPOCHS, math.ceil(LEAST_STEPS / max(1, steps_per_epoch))))


def _steps(model: Network, job: Job, total: int) -> Iterator[Step]:
    """Yield every step after it was taken."""
    assert job.train.targets is not None
    net, how = model.net, job.how
    hurt = job.loss.build(job.train.targets, model.width)
    labels = torch.from_numpy(job.train.targets).to(model.device)
    rate = _peak_rate(job)
    groups = parameter_groups(model, how.optimizer, rate)
    peaks = [group["lr"] for group in groups]
    optimizer = how.optimizer.build(groups)
    moving = [one for one in net.parameters() if one.requires_grad]
    lengths = model.lengths(job.train)
    number = 0
    while number < total:
        generator = stream(job.seed, "batches", number)
        for positions in batches(len(job.train), how.batch_size, generator, lengths):
            net.train()
            factor = how.optimizer.factor(number, total)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            with how.engine.autocast():
                outputs = net(model.collate(job.train, positions))
            loss = hurt(outputs, labels[positions]).mean()
            penalty = how.l1 * sum(one.abs().sum() for one in moving) if how.l1 else 0.0
            optimizer.zero_grad(set_to_none=True)
            (loss + penalty).backward()
            torch.nn.utils.clip_grad_norm_(moving, how.clip)
            optimizer.step()
            number += 1
            yield Step(number, float(loss.detach()), rate * factor)


def _validate(model: Network, job: Job, best: Best, step: int, per_epoch: int) -> dict[str, float | bool]:
    """Measure the validation rows in the training precision, keep the weights where they are the best.

    Raises TrainingError where the outputs are not finite: the step's own loss was taken before it moved the weights.
    """
    with job.how.engine.autocast():
        outputs = model.outputs(job.validation)
    if not np.isfinite(outputs).all():
        raise TrainingError(
            f"training step {step}: the outputs of the validation rows are not finite; nothing was registered; lower "
            "train.optimizer.learning_rate (a tenth is a good try), or use train.engine.precision: fp32"
        )
    judged = job.measure(outputs)
    is_best = best.offer((judged.merit, -judged.loss), model.net)
    return {"step": step, "epoch": step / per_epoch, "loss": judged.loss, "is_best": is_best} | judged.shown()


def _peak_rate(job: Job) -> float:
    rate = job.how.optimizer.learning_rate
    if rate != "auto":
        return rate
    return job.base_rate * job.strategy.rate_scale * job.how.optimizer.rate_scale


def parameter_groups(model: Network, optimizer: Optimizer, rate: float) -> list[dict[str, Any]]:
    """Return one group per depth and kind of weight: lower layers move slower, vectors are not decayed."""
    body: Any = model.net.encoders[model.body]
    depths = [list(layer) for layer in body.layers()]
    inside = {id(one) for layer in depths for module in layer for one in module.parameters()}
    groups: list[dict[str, Any]] = []

    def add(parameters: list[torch.nn.Parameter], peak: float) -> None:
        moving = [one for one in parameters if one.requires_grad]
        for decay, some in ((optimizer.weight_decay, True), (0.0, False)):
            chosen = [one for one in moving if (one.ndim >= 2) == some]
            if chosen:
                groups.append({"params": chosen, "lr": peak, "weight_decay": decay})

    for height, layer in enumerate(reversed(depths), start=1):
        seen: dict[int, torch.nn.Parameter] = {id(one): one for module in layer for one in module.parameters()}
        add(list(seen.values()), rate * optimizer.layer_decay**height)
    add([one for one in model.net.parameters() if id(one) not in inside], rate * HEAD_SCALE)
    return groups
