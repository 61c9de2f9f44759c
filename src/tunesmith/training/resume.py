"""A loop's whole state as a checkpoint, and back: weights, moments, kept weights, counters, random generators."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..core.errors import CheckpointError
from ..model import Curve
from .best import Weights, put
from .checkpoint import Checkpoints
from .loop import Loop, Progress
from .monitor import Monitor
from .randomness import random_state, restore_random
from .state import State


def capture(loop: Loop) -> State:
    """Return the state of a loop between two steps; tensors are the loop's own, not copies."""
    tensors = _named("net", loop.moving) | _named("buffers", dict(loop.model.net.named_buffers()))
    moments = loop.optimizer.state_dict()["state"]
    for index, entries in moments.items():
        tensors |= _named(f"moments/{index}", {name: one for name, one in entries.items() if one is not None})
    for place, (_, weights) in enumerate(loop.best.kept):
        tensors |= _named(f"best/{place}", weights)
    values: dict[str, Any] = {
        "progress": asdict(loop.progress),
        "total": loop.plan.total,
        "micro": loop.micro,
        "keys": [list(key) for key, _ in loop.best.kept],
        "waited": loop.best.waited,
        "random": random_state(),
        "monitor": loop.monitor.state(),
    }
    if loop.average is not None:
        tensors |= _named("average", loop.average.sums)
        values["averaged"] = loop.average.steps
    return State(loop.progress.number, tensors, values)


def adopt(loop: Loop, state: State) -> None:
    """Put a loop where the state says; it then goes on as if it had never stopped."""
    values = state.values
    put(loop.model.net, _under(state.tensors, "net"))
    for name, one in _under(state.tensors, "buffers").items():
        loop.model.net.get_buffer(name).copy_(one)
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, one in _under(state.tensors, "moments").items():
        index, _, entry = name.partition("/")
        moments.setdefault(int(index), {})[entry] = one
    groups = loop.optimizer.state_dict()["param_groups"]
    loop.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    progress = dict(values["progress"])
    loop.progress = Progress(**progress | {"curve": Curve(**progress["curve"])})
    loop.plan = replace(loop.plan, total=values["total"])
    loop.micro = values["micro"]
    device = loop.model.device
    loop.best.kept = [
        ((key[0], key[1]), {name: one.to(device) for name, one in _under(state.tensors, f"best/{place}").items()})
        for place, key in enumerate(values["keys"])
    ]
    loop.best.waited = values["waited"]
    if loop.average is not None:
        loop.average.sums = {name: one.to(device) for name, one in _under(state.tensors, "average").items()}
        loop.average.steps = values["averaged"]
    loop.monitor = Monitor.restore(values["monitor"])
    restore_random(values["random"])
    loop.random = values["random"]


@dataclass(slots=True)
class Keeper:
    """Saves a loop now and then; where the disk refuses, it says so and training goes on."""

    store: Checkpoints | None
    every_seconds: float
    saved: float = field(default_factory=time.monotonic)

    def after_step(self, loop: Loop) -> None:
        """Save where it is time to."""
        if self.store is not None and time.monotonic() - self.saved >= self.every_seconds:
            self.save(loop)

    def save(self, loop: Loop) -> Path | None:
        """Save now and return where, None where nothing could be saved."""
        if self.store is None or not loop.engine.is_first:
            return None
        try:
            return self.store.save(capture(loop))
        except CheckpointError as error:
            loop.job.events.warn("train", f"{error}; training goes on with what was saved before")
            return None
        finally:
            self.saved = time.monotonic()


def _named(kind: str, tensors: Mapping[str, torch.Tensor]) -> Weights:
    return {f"{kind}/{name}": one.detach() for name, one in tensors.items()}


def _under(tensors: Mapping[str, torch.Tensor], kind: str) -> Weights:
    return {name.removeprefix(f"{kind}/"): one for name, one in tensors.items() if name.startswith(f"{kind}/")}
