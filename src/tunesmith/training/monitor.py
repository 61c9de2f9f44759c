"""The onlooker: hears the figures of a training, says in words what they show and what would help."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ValidationError

from ..core.errors import VerificationError
from ..data.forms import Form
from . import signs
from .signs import Measured

OPENING = 10  # steps whose mean loss is the start that all else is compared with: one batch alone is chance
SHOWN = 5  # outputs that a remark names


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was noticed: what kind it is, at which step, the figures in words, and what would help."""

    kind: str
    step: int
    text: str
    advice: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


class Memory(BaseModel, extra="forbid"):
    """All that a monitor knows, as JSON values; `active` are the states that were told and have not ended."""

    clip: float | None
    trivial_loss: float | None
    majority_share: float | None
    step: int = 0
    rate: float = 0.0
    peak_rate: float = 0.0
    opening: list[float] = []
    recent: list[float] = []
    gradients: list[int] = []
    spiked_at: int | None = None
    validations: list[Measured] = []
    favoured: int = 0
    flat: int = 0
    active: list[str] = []


class Monitor:
    """Every method that takes figures returns what is new to say: a state once when it begins, until it has ended.

    Figures that are not finite are passed over: they stop the run, which is the guards' part.
    """

    def __init__(
        self, clip: float | None = None, trivial_loss: float | None = None, majority_share: float | None = None
    ) -> None:
        """Take what the figures mean.

        `clip` is what the gradient's norm is cut to, `trivial_loss` the training loss of the best answer that ignores
        the row, `majority_share` the share of the validation rows in their largest class; None where unknown.
        """
        self._memory = Memory(clip=clip, trivial_loss=trivial_loss, majority_share=majority_share)

    def state(self) -> dict[str, Any]:
        """Return all it knows as JSON values, for a checkpoint."""
        return self._memory.model_dump(mode="json")

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the monitor as it was. Raises VerificationError where the state is not one of `state()`."""
        monitor = cls()
        try:
            monitor._memory = Memory.model_validate(dict(state))
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            reason = f"checkpoint, state of the monitor: {where}: {error.errors()[0]['msg']}"
            raise VerificationError(f"{reason}; resume from another checkpoint, or train anew") from error
        return monitor

    def step(self, number: int, loss: float, rate: float, gradient_norm: float) -> list[Remark]:
        """Hear of a step: its mean loss without penalties, the rate it moved with, the norm before clipping."""
        memory = self._memory
        is_warming = rate > memory.rate
        memory.step, memory.rate, memory.peak_rate = number, rate, max(rate, memory.peak_rate)
        memory.gradients = [*memory.gradients, signs.gradient_sign(gradient_norm, memory.clip)][-signs.WINDOW :]
        remarks = self._gradient()
        if math.isfinite(loss):
            remarks += self._spike(loss, is_warming)
            memory.recent = [*memory.recent, loss][-signs.WINDOW :]
            memory.opening = [*memory.opening, loss][:OPENING]
        return remarks

    def validation(
        self, step: int, epoch: float, train_loss: float, validation_loss: float, metric: float, merit: float
    ) -> list[Remark]:
        """Hear of a validation.

        `train_loss` is the mean over the steps since the one before; of the metric, `merit` is what is higher where
        it is better; both may be NaN or infinite where the metric is undefined.
        """
        if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
            return []
        quality = (metric, merit) if math.isfinite(metric) and math.isfinite(merit) else None
        self._memory.step = step
        self._memory.validations.append(Measured(step, epoch, train_loss, validation_loss, quality))
        overfitting = self._overfitting()
        return overfitting or self._plateau()

    def outputs(self, outputs: np.ndarray, form: Form) -> list[Remark]:
        """Look at the outputs of the validation rows, float (rows, width), after each validation.

        Raises ValueError where they have another shape.
        """
        if outputs.ndim != 2:
            raise ValueError(f"outputs have shape {outputs.shape}: give one line per row, (rows, width)")
        if len(outputs) < signs.LEAST_ROWS or not np.isfinite(outputs).all():
            return []
        flat = self._flat(outputs)
        return flat + (self._collapse(outputs) if form == "class" and outputs.shape[1] > 1 else [])

    def closing(self) -> list[Remark]:
        """Return what can only be said at the end: whether there was more to learn."""
        seen, start = self._memory.validations, self._start()
        if not seen:
            return []
        peak, last = self._memory.peak_rate, seen[-1].train_loss
        trivial = self._memory.trivial_loss or start
        if last >= signs.TRIVIAL * trivial:
            known = "an answer that ignores the rows has" if self._memory.trivial_loss else "it began at"
            text = f"the training loss ended at {last:.4g}, {known} {trivial:.4g}"
            advice = (
                f"raise the learning rate (its peak was {peak:.2g}), freeze fewer layers, train for more epochs; "
                "if nothing helps, the inputs may not tell the target"
            )
        elif signs.is_still_falling(seen, start):
            fall = signs.last_quarter(seen)
            text = f"the training loss was still falling: by {fall:.4g} to {last:.4g} in the last quarter of the steps"
            advice = f"train for more epochs, raise the learning rate (its peak was {peak:.2g}), or freeze fewer layers"
        else:
            return []
        return [self._remark("underfitting", text, advice)] if self._begins("underfitting", True, False) else []

    def _start(self) -> float:
        """Return the loss that training began with; the first validation stands in where no step was heard of."""
        if self._memory.opening:
            return statistics.fmean(self._memory.opening)
        return self._memory.validations[0].train_loss if self._memory.validations else 0.0

    def _begins(self, state: str, is_seen: bool, has_ended: bool) -> bool:
        """Return whether a state begins now; between its signs and its end it goes on, and nothing is said."""
        active = self._memory.active
        if state in active:
            if has_ended:
                active.remove(state)
            return False
        if is_seen:
            active.append(state)
        return is_seen

    def _remark(self, kind: str, text: str, advice: str) -> Remark:
        return Remark(kind, self._memory.step, text, advice)

    def _spike(self, loss: float, is_warming: bool) -> list[Remark]:
        memory = self._memory
        is_spike = signs.is_spike(loss, memory.recent, self._start())
        if is_spike:
            memory.spiked_at = memory.step
        is_calm = memory.spiked_at is None or memory.step - memory.spiked_at >= signs.WINDOW
        if not self._begins("loss_spike", is_spike, is_calm):
            return []
        text = (
            f"the loss jumped to {loss:.4g}; the median of the steps before was {statistics.median(memory.recent):.4g}"
        )
        advice = (
            f"lower the learning rate (here {memory.rate:.2g}), or look at this step's rows: long, odd, mislabelled?"
        )
        if is_warming:
            advice = "the rate was still rising: lengthen the warm-up or lower the learning rate, or look at these rows"
        return [self._remark("loss_spike", text, advice)]

    def _gradient(self) -> list[Remark]:
        memory, remarks = self._memory, []
        shares = {sign: memory.gradients.count(sign) / len(memory.gradients) for sign in (1, -1)}
        is_known = len(memory.gradients) >= signs.LEAST_STEPS
        for kind, sign in (("exploding_gradient", 1), ("vanishing_gradient", -1)):
            share = shares[sign]
            if not self._begins(kind, is_known and share > signs.MOST_STEPS, share < signs.FEW_STEPS):
                continue
            text = f"in {share:.0%} of the last {len(memory.gradients)} steps the gradient's norm was "
            if sign > 0:
                text += f"over {signs.CLIPPED:.0f} times what it is clipped to ({memory.clip}), or not finite"
                advice = (
                    "lower the learning rate, lengthen the warm-up, tame outliers in inputs and target, or raise clip"
                )
            else:
                text += f"below {signs.VANISHED:g}: no weight moves"
                advice = "see that something may move (strategy), try a higher learning rate, or fp32 for the precision"
            remarks.append(self._remark(kind, text, advice))
        return remarks

    def _overfitting(self) -> list[Remark]:
        seen = self._memory.validations
        best, last = signs.lowest(seen), seen[-1]
        if not self._begins("overfitting", signs.is_overfitting(seen, self._start()), best is last):
            return []
        text = (
            f"since step {best.step} (epoch {best.epoch:.3g}) the validation loss has risen from "
            f"{best.validation_loss:.4g} to {last.validation_loss:.4g} while the training loss fell from "
            f"{best.train_loss:.4g} to {last.train_loss:.4g}"
        )
        if best.quality and last.quality and last.quality[1] > best.quality[1]:
            text += (
                f"; the metric still gained, {best.quality[0]:.4g} to {last.quality[0]:.4g}: it errs less, but surer"
            )
        advice = (
            "train for fewer epochs or stop earlier, freeze layers or use lora, add dropout or the regularizer l2_sp, "
            "or label more rows"
        )
        return [self._remark("overfitting", text, advice)]

    def _plateau(self) -> list[Remark]:
        seen, start = self._memory.validations, self._start()
        waited = signs.idle(seen, start)
        is_seen = waited >= signs.IDLE and not signs.is_solved(seen, start) and "overfitting" not in self._memory.active
        if not self._begins("plateau", is_seen, waited == 0):
            return []
        text = f"no gain in validation loss or metric since step {seen[-1 - waited].step}, {waited} validations ago"
        advice = (
            "good enough: train for fewer epochs; not yet: let the rate fall (schedule linear or cosine), freeze fewer "
            "layers, or take a larger base"
        )
        return [self._remark("plateau", text, advice)]

    def _flat(self, outputs: np.ndarray) -> list[Remark]:
        memory, columns = self._memory, signs.flat_columns(outputs)
        memory.flat = memory.flat + 1 if columns else 0
        if not self._begins("dead_outputs", memory.flat >= signs.REPEATED, not columns):
            return []
        named = ", ".join(map(str, columns[:SHOWN])) + (", ..." if len(columns) > SHOWN else "")
        text = (
            f"{len(columns)} of {outputs.shape[1]} outputs are the same for all {len(outputs)} validation rows: {named}"
        )
        advice = (
            "lower the learning rate or lengthen the warm-up, and see that the inputs are neither empty nor all alike"
        )
        return [self._remark("dead_outputs", text, advice)]

    def _collapse(self, outputs: np.ndarray) -> list[Remark]:
        memory = self._memory
        name, share = signs.favourite(outputs)
        is_honest = memory.majority_share is not None and memory.majority_share >= signs.HONEST_MAJORITY
        is_favoured = share >= signs.FAVOURED and not is_honest
        memory.favoured = memory.favoured + 1 if is_favoured else 0
        if not self._begins("collapse", memory.favoured >= signs.REPEATED, not is_favoured):
            return []
        text = f"{share:.1%} of the {len(outputs)} validation rows are given one class, number {name}"
        if memory.majority_share is not None:
            text += f"; the largest class truly has {memory.majority_share:.1%}"
        advice = "lower the learning rate or lengthen the warm-up, weigh classes alike (balance: class_weights)"
        return [self._remark("collapse", text, advice)]
