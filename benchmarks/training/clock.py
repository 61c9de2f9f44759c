"""The stopwatch of one measured training: it stands still while anything else is done, for all contestants alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


def half_epochs(rows: int, batch: int, epochs: int) -> dict[int, float]:
    """Return the steps (from 1) at which half an epoch is over, with how many epochs are done then."""
    per_epoch = -(-rows // batch)
    return {max(1, round(per_epoch * half / 2)): half / 2 for half in range(1, 2 * epochs + 1)}


@dataclass
class Clock:
    """Wall and CPU seconds of a training, less what is done `apart`."""

    started: float = field(default_factory=time.perf_counter)
    used: float = field(default_factory=lambda: process_seconds())
    wall_apart: dict[str, float] = field(default_factory=dict)
    cpu_apart: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def apart(self, what: str) -> Iterator[None]:
        """Let the clock stand still; the time goes to the account of `what`."""
        wall, cpu = time.perf_counter(), process_seconds()
        yield
        self.wall_apart[what] = self.wall_apart.get(what, 0.0) + time.perf_counter() - wall
        self.cpu_apart[what] = self.cpu_apart.get(what, 0.0) + process_seconds() - cpu

    @property
    def seconds(self) -> float:
        """Wall seconds so far."""
        return time.perf_counter() - self.started - sum(self.wall_apart.values())

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all threads so far."""
        return process_seconds() - self.used - sum(self.cpu_apart.values())


@dataclass
class Course:
    """Follows one training by its steps: seconds at the first, at each epoch's end, accuracy at each half epoch's."""

    clock: Clock
    marks: dict[int, float]
    accuracy: Callable[[], float] | None
    """Measures the validation rows; None: nobody asks how fast an accuracy is reached."""
    first: float | None = None
    epochs: list[float] = field(default_factory=list)
    reached: list[dict[str, float]] = field(default_factory=list)

    def step(self, number: int) -> None:
        """Hear that a step (from 1) is done."""
        if self.first is None:
            self.first = self.clock.seconds
        if number not in self.marks:
            return
        seconds, epoch = self.clock.seconds, self.marks[number]
        if epoch == int(epoch):
            self.epochs.append(seconds)
        if self.accuracy is not None:
            with self.clock.apart("our measuring"):
                self.reached.append({"epoch": epoch, "seconds": seconds, "accuracy": self.accuracy()})

    def account(self) -> dict[str, Any]:
        """Stop the clock and return all of it as JSON values."""
        return {
            "seconds": self.clock.seconds,
            "cpu_seconds": self.clock.cpu_seconds,
            "apart": self.clock.wall_apart,
            "first_step_seconds": self.first,
            "epoch_seconds": self.epochs,
            "reached": self.reached,
        }


def process_seconds() -> float:
    """CPU seconds of this process and of its ended children."""
    return sum(os.times()[:4])
