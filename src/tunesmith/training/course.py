"""A training from its present step to its end: validations, early stopping, checkpoints, signals and the clock."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from ..core.errors import InterruptedTrainingError, TrainingError
from ..data.encoded import flat
from .loop import Loop
from .monitor import Remark
from .randomness import random_state, restore_random
from .resume import Keeper

MOST_SKIPPED_IN_A_ROW = 5  # steps that were not finite; each halves the rate, so this one is 1/32 of what was asked
MOST_SKIPPED = 25


@dataclass(slots=True)
class Course:
    """Drives one loop. `advance` hears the number of steps done."""

    loop: Loop
    keeper: Keeper
    advance: Callable[..., None]
    seconds_budget: float | None = None

    def run_until(self, number: int) -> None:
        """Take steps until so many were taken, or training is over by itself.

        Raises TrainingError where too many steps were not finite, InterruptedTrainingError on SIGTERM or SIGINT.
        """
        loop = self.loop
        restore_random(loop.random)
        with stop_asked() as asked:
            while loop.progress.number < number and not self.is_over:
                for positions in loop.order():
                    self._step(positions)
                    # one process hears a signal or the clock before another: all act upon it after the same step
                    stop, is_due = loop.engine.most([max(asked, default=0), self.keeper.is_due()])
                    if stop:
                        self._interrupt(signal.Signals(int(stop)).name)
                    if is_due:
                        self.keeper.save(loop)
                    if loop.progress.number >= number or self.is_over:
                        break
        loop.random = random_state()

    @property
    def is_over(self) -> bool:
        """Whether no further step will be taken."""
        loop = self.loop
        is_late = self.seconds_budget is not None and loop.progress.seconds > self.seconds_budget
        return loop.progress.number >= loop.plan.total or loop.best.waited >= loop.job.how.patience or is_late

    def close(self) -> None:
        """Say why training ended before its last step, where it did, and what the monitor makes of the whole."""
        loop = self.loop
        self._say(loop.monitor.closing())
        if loop.progress.number < loop.plan.total:
            is_patience = loop.best.waited >= loop.job.how.patience
            why = "validation gains no more" if is_patience else "the minutes are over"
            loop.job.events.note("train", f"stopped at step {loop.progress.number} of {loop.plan.total}: {why}")

    def _step(self, positions: np.ndarray) -> None:
        loop = self.loop
        step = loop.step(positions)
        loop.job.watch(step)
        self.advance(step.number, loss=step.loss)
        if step.skipped:
            self._back_off(step.skipped)
        else:
            self._say(loop.monitor.step(step.number, step.loss, step.rate, step.gradient))
        if loop.plan.is_mark(step.number) or self._is_last_chance():
            self._validate()

    def _is_last_chance(self) -> bool:
        """Whether the clock ends training here, with steps since the last validation."""
        return self.is_over and self.loop.best.waited < self.loop.job.how.patience

    def _validate(self) -> None:
        loop = self.loop
        found = loop.validate()
        one = found["step"], found["epoch"], found["train_loss"], found["loss"], found["metric"], found["merit"]
        self._say([*loop.monitor.validation(*one), *loop.monitor.outputs(flat(found["outputs"]), loop.job.form)])

    def _say(self, remarks: list[Remark]) -> None:
        for remark in remarks:
            self.loop.progress.remarks.append(remark.as_json())
            self.loop.job.events.warn("train", f"step {remark.step}: {remark.text}; {remark.advice}")

    def _back_off(self, in_a_row: int) -> None:
        loop = self.loop
        progress = loop.progress
        rate = loop.rate * progress.rate_scale
        loop.job.events.warn(
            "train", f"step {progress.number}: loss or gradient is not finite; step skipped, rate now {rate:.3g}"
        )
        if in_a_row < MOST_SKIPPED_IN_A_ROW and progress.skipped < MOST_SKIPPED:
            return
        if loop.best.kept:
            loop.settle()
        where = self.keeper.save(loop)
        kept = (
            f"the last good weights are in {where}" if where is not None and loop.best.kept else "no weights are kept"
        )
        raise TrainingError(
            f"training step {progress.number}: loss or gradient was not finite in {in_a_row} steps in a row "
            f"({progress.skipped} in all), although the rate was halved each time; nothing was registered, {kept}; "
            "lower train.optimizer.learning_rate (a tenth is a good try), or use train.engine.precision: fp32"
        )

    def _interrupt(self, name: str) -> None:
        loop = self.loop
        where = self.keeper.save(loop)
        saved = f"its state is in {where}" if where is not None else "its state could not be saved"
        raise InterruptedTrainingError(
            f"interrupted ({name}) at step {loop.progress.number} of {loop.plan.total}; nothing was registered, {saved}"
        )


@contextmanager
def stop_asked() -> Iterator[list[int]]:
    """Yield a list that gets the number of the first SIGTERM or SIGINT; a second one ends the process as usual."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before: dict[int, Any] = {}

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, note)
    try:
        yield asked
    finally:
        restore()
