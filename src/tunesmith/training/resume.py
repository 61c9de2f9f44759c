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
from ..parts.engines import Engine
from .best import Weights, put
from .checkpoint import Checkpoints
from .loop import Loop, Progress
from .monitor import Monitor
from .randomness import manual_seed, random_state, restore_random
from .state import State


def capture(loop: Loop) -> State:
    """Return the state of a loop between two steps; tensors are the loop's own where each process has them whole.

    All processes have to ask; what had to be put together is in the first one's state only, in the processor's memory.
    """
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
        "random": loop.engine.gather(random_state()),
        "monitor": loop.monitor.state(),
    }
    if loop.average is not None:
        tensors |= _named("average", loop.average.sums)
        values["averaged"] = loop.average.steps
    return State(loop.progress.number, _together(tensors, loop.engine), values)


def spread(state: State | None, engine: Engine) -> State | None:
    """Return the first process's state in every process."""
    head = engine.of_first(None if state is None else (state.step, list(state.tensors), state.values))
    if head is None:
        return None
    step, names, values = head
    tensors = {name: engine.of_first(None if state is None else state.tensors[name]) for name in names}
    return State(step, tensors, values)


def adopt(loop: Loop, state: State) -> None:
    """Put a loop where the state says; it then goes on as if it had never stopped.

    The state may be of another number of processes: only their drop-out then differs.
    """
    values = state.values

    def weights(kind: str) -> Weights:
        found = _under(state.tensors, kind)
        return {name: loop.engine.like(one, loop.changing[name]) for name, one in found.items()}

    put(loop.model.net, weights("net"))
    for name, one in _under(state.tensors, "buffers").items():
        loop.model.net.get_buffer(name).copy_(one)
    moments: dict[int, dict[str, torch.Tensor]] = {}
    parameters = [one for group in loop.optimizer.param_groups for one in group["params"]]
    for name, one in _under(state.tensors, "moments").items():
        index, _, entry = name.partition("/")
        moments.setdefault(int(index), {})[entry] = loop.engine.like(one, parameters[int(index)])
    groups = loop.optimizer.state_dict()["param_groups"]
    loop.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    progress = dict(values["progress"])
    loop.progress = Progress(**progress | {"curve": Curve(**progress["curve"])})
    loop.plan = replace(loop.plan, total=values["total"])
    loop.micro = values["micro"]
    loop.best.kept = [((key[0], key[1]), weights(f"best/{place}")) for place, key in enumerate(values["keys"])]
    loop.best.waited = values["waited"]
    if loop.average is not None:
        loop.average.sums = weights("average")
        loop.average.steps = values["averaged"]
    loop.monitor = Monitor.restore(values["monitor"])
    if loop.engine.rank < len(values["random"]):
        restore_random(values["random"][loop.engine.rank])
    else:
        manual_seed(loop.seed, loop.engine.rank, loop.progress.number)
    loop.random = random_state()


@dataclass(slots=True)
class Keeper:
    """Saves a loop now and then; where the disk refuses, it says so and training goes on."""

    store: Checkpoints | None
    every_seconds: float
    saved: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        """Return whether it is time to save."""
        return self.store is not None and time.monotonic() - self.saved >= self.every_seconds

    def save(self, loop: Loop) -> Path | None:
        """Save now, all processes together, and return where; None where nothing could be saved."""
        state = capture(loop)
        where: Path | None = None
        if self.store is not None:
            try:
                where = self.store.save(state)
            except CheckpointError as error:
                loop.job.events.warn("train", f"{error}; training goes on with what was saved before")
            self.saved = time.monotonic()
        return loop.engine.of_first(where)


def _together(tensors: Weights, engine: Engine) -> Weights:
    if not engine.is_sharded:
        return tensors
    whole: Weights = {}
    for name, one in tensors.items():  # one at a time: a device may not have room for all
        found = engine.whole(one)
        if engine.is_first:
            whole[name] = found.cpu()
    return whole


def _named(kind: str, tensors: Mapping[str, torch.Tensor]) -> Weights:
    return {f"{kind}/{name}": one.detach() for name, one in tensors.items()}


def _under(tensors: Mapping[str, torch.Tensor], kind: str) -> Weights:
    return {name.removeprefix(f"{kind}/"): one for name, one in tensors.items() if name.startswith(f"{kind}/")}
