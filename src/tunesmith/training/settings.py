"""The recipe's `train` section, and the job it becomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, SerializeAsAny, model_validator

from ..core.events import Events
from ..core.part import Section
from ..data import Encoded, Rows
from ..data.batching import batches
from ..data.forms import Form
from ..model import Judged, Model
from ..parts.balances import Balance
from ..parts.engines import Engine
from ..parts.engines.local import Local
from ..parts.losses import Loss
from ..parts.optimizers import Optimizer
from ..parts.optimizers.adamw import Adamw
from ..parts.regularizers import Regularizer
from ..parts.strategies import Strategy

LEAST_STEPS = 600  # `epochs: auto` trains at least so many steps, within the bounds below
LEAST_EPOCHS = 4
MOST_VALIDATIONS = 40
USUAL_BATCH, FEW_STEPS = 32, 16  # `batch_size: auto` halves the usual batch until an epoch has so many steps ...
LEAST_BATCH = 8  # ... or the batch is this small

Measure = Callable[[Rows], Judged]


class Train(Section):
    """How training goes."""

    epochs: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Passes over the training rows; auto: enough for 600 steps, from 4 to 20 (400 where only a head moves)."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Time for steps and validations; the schedule is made to end within it, and the best weights are kept."""
    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = 32
    """Rows per step; auto: 32, less where the rows are few."""
    micro_batch: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Rows in a process's memory at a time: a step's gradient is summed over them, so the result is the same; auto:
    what fits."""
    gradient_checkpointing: bool = False
    """Keep only each layer's input for the backward pass and compute the rest again: less memory, more time."""
    optimizer: SerializeAsAny[Optimizer] = Adamw()
    """How a weight moves."""
    loss: SerializeAsAny[Loss] | None = None
    """What hurts; the task's own loss where not given."""
    regularizers: list[SerializeAsAny[Regularizer]] | Literal["auto"] = []
    """What keeps weights modest or answers steady, such as `[l2_sp]` or `[{kind: mixup, alpha: 0.2}]`; auto: starts
    with none, with label smoothing and, where anything drops out, with R-Drop race, and validation decides."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the joined vector switched off before the head."""
    clip: float = Field(1.0, gt=0.0)
    """The gradient's norm is cut to this."""
    validations: int = Field(2, ge=1)
    """How often per epoch the validation rows are measured."""
    patience: int = Field(6, ge=1)
    """Stop after this many validations without a gain; the best weights are kept in any case."""
    average: Literal["none", "soup", "ema"] = "soup"
    """soup: average the best three validations' weights as far as validation gains by it; ema: a running average."""
    ema_decay: float = Field(0.99, gt=0.0, lt=1.0)
    """How much of the running average stays at each step, with `average: ema`."""
    seeds: int = Field(1, ge=1, le=16)
    """Start so many times with other seeds, drop the worse half early, twice, and keep the best by validation."""
    checkpoint_seconds: float = Field(60.0, ge=0.0)
    """Save the training's state when so much time has passed since it was last saved; 0: after every step."""
    cache_gigabytes: float = Field(4.0, ge=0.0)
    """Disk space for the outputs of frozen layers, computed once and used by every epoch and run; 0: never."""
    engine: SerializeAsAny[Engine] = Local()
    """Where it runs."""

    @model_validator(mode="after")
    def _penalties_find_weights(self) -> Self:
        if self.regularizers and not self.engine.takes_penalties:
            raise ValueError("regularizers look at whole weights, engine.sharding: full divides them; use none")
        return self

    def rows_per_step(self, rows: int) -> int:
        """Return the batch size for so many training rows."""
        if self.batch_size != "auto":
            return self.batch_size
        size = USUAL_BATCH
        while size > LEAST_BATCH and rows < FEW_STEPS * size:
            size //= 2
        return size

    def epochs_of(self, steps_per_epoch: int, most: int) -> int:
        """Return the number of epochs; small data counts steps, not epochs (Mosbach et al., ICLR 2021, section 6)."""
        if self.epochs != "auto":
            return self.epochs
        return min(most, max(LEAST_EPOCHS, math.ceil(LEAST_STEPS / max(1, steps_per_epoch))))


@dataclass(frozen=True, slots=True)
class Step:
    """What one step tells."""

    number: int
    """From 1."""
    loss: float
    """The mean over its rows."""
    rate: float
    """The peak learning rate it moved with."""
    gradient: float = 0.0
    """The gradient's norm before it was cut."""
    skipped: int = 0
    """How many steps in a row, this one included, were not taken because loss or gradient was not finite."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where training may keep its state between processes; nothing is kept where `checkpoints` is None."""

    checkpoints: Path | None = None
    key: str = ""
    """The identity of the run: a checkpoint of another is never taken for its own."""
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """All that a training needs beside the model. `measure` judges the outputs of the validation rows."""

    train: Encoded
    validation: Encoded
    how: Train
    strategy: Strategy
    loss: Loss
    base_rate: float
    is_rate_known: bool
    form: Form
    measure: Measure
    watch: Callable[[Step], None]
    check: Callable[[np.ndarray, np.ndarray], None]
    """Takes one gradient computed twice, from a batch whole and in micro-batches; raises where they differ."""
    seed: int
    events: Events
    start: Callable[[int], Model]
    """A new model with the starting weights of a seed."""
    places: Places = field(default_factory=Places)
    anew: Callable[[int], Encoded] | None = None
    """The training rows as an epoch (from 0) shows them, in the order of `train` and with its targets; None where
    every epoch shows them as they are."""
    balance: Balance | None = None
    """How much each row counts, and how often it is drawn; None: all alike."""

    @property
    def rows_per_epoch(self) -> int:
        """How many rows an epoch has, those drawn twice counted twice."""
        return len(self.train) if self.balance is None else self.balance.rows_per_epoch(self.targets)

    def batches(
        self, size: int, generator: np.random.Generator, lengths: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the positions of one epoch's batches, int64."""
        if self.balance is None:
            return batches(len(self.train), size, generator, lengths)
        return self.balance.batches(self.targets, size, generator, lengths)

    @property
    def targets(self) -> Any:
        """The training rows' labels."""
        assert self.train.targets is not None
        return self.train.targets

    @property
    def majority_share(self) -> float | None:
        """The share of the validation rows in their largest class, None where rows have no one class each."""
        targets = self.validation.targets
        if self.form != "class" or targets is None or not len(targets):
            return None
        return float(np.bincount(targets.astype(np.int64)).max() / len(targets))


@dataclass(frozen=True, slots=True)
class Plan:
    """How many steps there will be."""

    batch: int
    per_epoch: int
    total: int
    every: float
    """Steps between validations, `validations` times an epoch, forty times in all where epochs are short."""

    @classmethod
    def of(cls, job: Job, most_steps: int | None = None) -> Plan:
        """Return the plan of a job, ended at `most_steps` where that is given."""
        return cls.over(job.rows_per_epoch, job.how, job.strategy.most_epochs, most_steps)

    @classmethod
    def over(cls, rows: int, how: Train, most_epochs: int, most_steps: int | None = None) -> Plan:
        """Return the plan for so many rows an epoch; `most_epochs` is the strategy's bound."""
        batch = how.rows_per_step(rows)
        per_epoch = math.ceil(rows / batch)
        total = how.epochs_of(per_epoch, most_epochs) * per_epoch
        total = total if most_steps is None else max(1, min(total, most_steps))
        return cls(batch, per_epoch, total, max(1.0, per_epoch / how.validations, total / MOST_VALIDATIONS))

    def is_mark(self, number: int) -> bool:
        """Return whether validation is measured after this step (from 1); always after the last."""
        return int(number / self.every) > int((number - 1) / self.every) or number == self.total
