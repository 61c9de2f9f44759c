"""One training's state, and the step that moves it: nothing here knows a modality, a task or a strategy by name."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch

from ..core.errors import TrainingError
from ..core.seed import stream
from ..data.encoded import Rows, dealt_back, finite_rows
from ..model import Curve
from ..model.network import Net, Network
from ..parts.regularizers import Scene
from .best import SOUP, Average, Best, Key, Weights, copies, put
from .groups import frozen_depth, parameter_groups
from .labels import Shelf
from .monitor import Monitor
from .randomness import manual_seed, random_state, restore_random
from .settings import Job, Plan, Step
from .shortage import is_of_memory, shortage
from .statistics import moving_statistics
from .weighting import weighed

RECENT_STEPS = 50  # whose mean loss stands for the training loss beside a validation
BACK_OFF = 0.5  # what the rate is multiplied with after a step that was not finite


@dataclass(slots=True)
class Progress:
    """How far a training has come; with the weights and the optimiser's moments this is all there is to resume."""

    number: int = 0
    seconds: float = 0.0
    rate_scale: float = 1.0
    skipped: int = 0
    skipped_in_a_row: int = 0
    curve: Curve = field(default_factory=Curve)
    remarks: list[dict[str, Any]] = field(default_factory=list)


class Loop:
    """A network on its way through a job. `rate` is the top layers' peak learning rate, `seed` orders the rows."""

    def __init__(self, model: Network, job: Job, plan: Plan, rate: float, seed: int) -> None:
        self.model, self.job, self.plan, self.rate, self.seed = model, job, plan, rate, seed
        self.engine = job.how.engine
        body: Any = model.net.encoders[model.body]
        self.original = model.net
        model.net = cast(Net, self.engine.wrap(model.net, body.layers()))
        body = model.net.encoders[model.body]
        self.layers = body.layers()
        free = job.strategy.ever_moves(body, self.layers)
        outside = {id(one) for one in body.parameters()}
        movable = [*free, *(one for one in model.net.parameters() if id(one) not in outside)]
        ever = {id(one) for one in movable}
        self.moving = {name: one for name, one in model.net.named_parameters() if id(one) in ever}
        self.frozen = frozen_depth(self.layers, free)
        self.statistics = moving_statistics(model, self.frozen, job.how, plan.batch)
        self.changing = {**self.moving, **self.statistics}
        groups = parameter_groups(model, job.how.optimizer, rate, ever)
        self.peaks = [group["lr"] for group in groups]
        self.optimizer = job.how.optimizer.build(groups)
        labels = model.labels(job.train)
        self.hurt = weighed(job, model.width, labels)
        self.labels = Shelf(labels, model.device)
        self.rows, self.lengths = job.train, model.lengths(job.train)
        assert job.how.regularizers != "auto"
        self.penalties = [one.build(model.net) for one in job.how.regularizers]
        self.best = Best(SOUP if job.how.average == "soup" else 1)
        self.average = Average(job.how.ema_decay) if job.how.average == "ema" else None
        self.progress = Progress()
        share = math.ceil(plan.batch / self.engine.world)
        self.micro = share if job.how.micro_batch == "auto" else min(share, job.how.micro_batch)
        self.monitor = Monitor(job.how.clip, majority_share=job.majority_share)
        # of a few rows more where they cannot be divided evenly, so that all processes call the net equally often
        places = np.arange(self.engine.rank, self.engine.rank + len(job.validation), self.engine.world)
        self.judged = job.validation.take(places % len(job.validation)) if self.engine.world > 1 else job.validation
        if self.engine.rank:  # the first goes on with a lone process's stream, the others' drop-out is their own
            manual_seed(seed, self.engine.rank)
        self.random = random_state()  # of this training, for where others are run between its steps

    def order(self) -> Iterator[np.ndarray]:
        """Yield the batches that are left of the present epoch, as positions of rows."""
        epoch, done = divmod(self.progress.number, self.plan.per_epoch)
        if self.job.anew is not None:
            started = time.monotonic()
            self.rows = self.job.anew(epoch)
            self.lengths = self.model.lengths(self.rows)
            if self.rows.targets is not self.job.train.targets:  # boxes follow what becomes of their pictures
                self.labels = Shelf(self.model.labels(self.rows), self.model.device)
            self._spend(started)
        generator = stream(self.seed, "batches", epoch * self.plan.per_epoch)
        every = self.job.batches(self.plan.batch, generator, self.lengths)
        yield from (one for at, one in enumerate(every) if at >= done)

    def step(self, positions: np.ndarray) -> Step:
        """Take one step on these rows, or skip it and back off where loss or gradient is not finite."""
        started, progress, how = time.monotonic(), self.progress, self.job.how
        self.job.strategy.release(self.layers, progress.number / self.plan.total)
        factor = how.optimizer.factor(progress.number, self.plan.total) * progress.rate_scale
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor
        counted = copies(self.statistics)
        loss = self.accumulate(positions)
        norm = self._clip()
        is_finite = math.isfinite(loss) and math.isfinite(norm)
        if is_finite:
            self.optimizer.step()
            if self.average is not None:
                self.average.add(self.changing)
        else:
            put(self.model.net, counted)
            progress.skipped += 1
            progress.rate_scale *= BACK_OFF
        progress.skipped_in_a_row = 0 if is_finite else progress.skipped_in_a_row + 1
        progress.number += 1
        entry = {"step": progress.number, "loss": loss, "learning_rate": self.rate * factor}
        if is_finite:
            progress.curve.steps.append(entry)
        self._spend(started)
        return Step(progress.number, loss, self.rate * factor, norm, progress.skipped_in_a_row)

    def validate(self) -> dict[str, Any]:
        """Measure the validation rows in the training precision and offer the weights as the best.

        Raises TrainingError where the outputs are not finite: the step's own loss was taken before it moved them.
        """
        started = time.monotonic()
        weights = self.average.weights() if self.average is not None and self.average.steps else None
        if weights is None:
            outputs = self._outputs()
        else:
            now = copies(self.changing)
            put(self.model.net, weights)
            outputs = self._outputs()
            put(self.model.net, now)
        number = self.progress.number
        if not finite_rows(outputs).all():
            raise TrainingError(
                f"training step {number}: the outputs of the validation rows are not finite; nothing was registered; "
                "lower train.optimizer.learning_rate (a tenth is a good try), or use train.engine.precision: fp32"
            )
        judged = self.engine.of_first(self.job.measure(outputs))
        is_best = self.best.offer(
            (judged.merit, -judged.loss), lambda: copies(self.changing) if weights is None else weights
        )
        entry = {"step": number, "epoch": number / self.plan.per_epoch, "loss": judged.loss, "is_best": is_best}
        recent = self.progress.curve.steps[-min(RECENT_STEPS, self.plan.per_epoch) :]
        entry["train_loss"] = float(np.mean([one["loss"] for one in recent])) if recent else judged.loss
        key = {"key": [judged.merit, -judged.loss]}
        self.progress.curve.validations.append(entry | key | judged.shown())
        self._spend(started)
        return entry | {"outputs": outputs, "metric": judged.metric, "merit": judged.merit}

    def settle(self) -> int:
        """Put the best weights, or their average where validation gains by it, into the net; return how many they are.

        Raises TrainingError where no validation was ever measured.
        """
        if not self.best.kept:
            raise TrainingError("training ended before validation was measured once; give train.minutes more time")
        _, weights, members = self.best.soup(self._judge)
        put(self.model.net, weights)
        self.model.net.eval()
        return members

    def gather_up(self) -> None:
        """Give the model its net of before with the weights of now, each of them whole."""
        if self.model.net is not self.original:
            state = {name: self.engine.whole(one) for name, one in self.model.net.state_dict().items()}
            self.original.load_state_dict(state)
            self.model.net = cast(Net, self.original.to(self.model.device).eval())

    def wake(self) -> None:
        """Put the net into training mode; frozen layers stay without drop-out, as their outputs may be kept ones."""
        self.model.net.train()
        if self.frozen:
            body: Any = self.model.net.encoders[self.model.body]
            body.eval()  # what stands between the layers, such as drop-out after the embeddings, too
            for module in (one for layer in self.layers[self.frozen :] for one in layer):
                module.train()

    def gradient(self, positions: np.ndarray, pieces: int) -> np.ndarray:
        """Return the gradient of some rows' mean loss, summed over so many micro-batches, as one float64 vector.

        In fp32, without drop-out and penalties: what chance decides differs between two passes.
        """
        kept = self.micro, self.penalties
        self.micro, self.penalties = math.ceil(math.ceil(len(positions) / self.engine.world) / pieces), []
        self.model.net.eval()
        self.passes(positions)
        self.micro, self.penalties = kept
        found = [self.engine.whole(one.grad).double().flatten() for one in self.moving.values() if one.grad is not None]
        self.optimizer.zero_grad(set_to_none=True)
        return torch.cat(found).cpu().numpy()

    def _judge(self, weights: Weights) -> Key:
        put(self.model.net, weights)
        judged = self.engine.of_first(self.job.measure(self._outputs()))
        return judged.merit, -judged.loss

    def _outputs(self) -> Rows:
        """Return the outputs of the validation rows, as the model gives them, each process's part from that process."""
        with self.engine.autocast():
            return dealt_back(self.engine.gather(self.model.outputs(self.judged)), len(self.job.validation))

    def _spend(self, started: float) -> None:
        """Count the time since then: that of the slowest process, as the clock may end training."""
        self.progress.seconds += self.engine.most([time.monotonic() - started])[0]

    def accumulate(self, positions: np.ndarray) -> float:
        """Leave the batch's gradient in the parameters; halve the micro-batch and start over where memory ends.

        Raises TrainingError where memory does not suffice for a single row.
        """
        while True:
            random, own, is_short = random_state(), 0.0, False
            try:
                self.wake()
                with self.engine.autocast():
                    own = self._run(positions)
            except (RuntimeError, MemoryError) as error:
                if not is_of_memory(error):
                    raise
                # divided weights are put together in step with the others, who are somewhere in the middle now
                if self.micro <= 1 or self.engine.is_sharded or self.statistics:
                    raise shortage(self.progress.number + 1, self.micro, bool(self.statistics)) from error
                is_short = True
            loss, short = self.engine.total([own, float(is_short)])
            if not short:
                self.engine.exchange(self.moving.values())
                return loss
            self.optimizer.zero_grad(set_to_none=True)
            restore_random(random)
            self.micro = math.ceil(min(self.micro, len(positions)) / 2)
            self.job.events.warn(
                "train", f"memory ended at step {self.progress.number + 1}: from here on {self.micro} rows at a time"
            )

    def passes(self, positions: np.ndarray) -> float:
        """Go forward and back over the batch, all processes together; return the mean loss of its rows."""
        own = self._run(positions)
        self.engine.exchange(self.moving.values())
        return self.engine.total([own])[0]

    def _run(self, positions: np.ndarray) -> float:
        """Go forward and back over this process's rows, micro-batch by micro-batch; return their part of the loss."""
        mine = self.engine.share(positions)
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), dtype=torch.float64)
        longest = math.ceil(len(positions) / self.engine.world)
        for at in range(0, longest, self.micro):
            rows = mine[at : at + self.micro]
            with self.engine.together(self.model.net, is_last=at + self.micro >= longest):
                # a process without a row left takes one that weighs nothing: the others count on its passes
                loss = self.loss(rows, len(positions)) if len(rows) else 0.0 * self.loss(positions[:1], len(positions))
                loss.backward()
            total += loss.detach().double().cpu()
        return float(total)

    def loss(self, rows: np.ndarray, batch: int) -> torch.Tensor:
        """Return these rows' share of the batch's loss and penalties, a scalar."""
        tensors = self.model.collate(self.rows, rows)
        outputs, vectors = self.model.net(tensors, True)
        targets = self.labels[rows]
        loss = self.hurt(outputs, targets).sum() / batch
        if self.penalties:
            scene = Scene(
                outputs=outputs,
                vectors=vectors,
                targets=targets,
                forward=lambda: self.model.net(tensors, True),
                head=self.model.net.head,
                loss=self.hurt,
                form=self.job.form,
                generator=stream(self.seed, "penalties", self.progress.number, int(rows[0])),
            )
            loss = loss + sum(one(scene) for one in self.penalties) * (len(rows) / batch)
        return loss

    def _clip(self) -> float:
        """Return the gradient's norm, and see to it that the optimiser cuts it to the limit."""
        limit = self.job.how.clip
        moved = [one for one in self.moving.values() if one.grad is not None]
        norm = self.engine.norm(moved)
        scale = max(1.0, norm / limit) if math.isfinite(norm) else 1.0
        if self.optimizer.defaults.get("fused") and not self.engine.is_sharded:
            # the fused rule divides by this while it reads the gradient: a pass over all weights less
            self.optimizer.grad_scale = torch.tensor(scale, device=self.model.device)  # type: ignore[attr-defined]
        elif scale > 1.0:
            torch._foreach_div_([self.engine.part(one.grad) for one in moved if one.grad is not None], scale)
        return norm
