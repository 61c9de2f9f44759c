"""How this process was started: alone, or as one of several by `torchrun` or `accelerate launch`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ...core.errors import RecipeError

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")  # what both launchers tell each process
ADDRESS = ("MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True, slots=True)
class Launch:
    """This process among all of its run, and among those on this machine; numbers from 0."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    local_world: int = 1
    is_joint: bool = False
    """Whether it was started as one of several, of which there may be one."""
    has_agent: bool = False
    """Whether the launcher keeps the processes' table, and ends them all once one has ended."""


def launched() -> Launch:
    """Return what the launcher's variables say. Raises RecipeError where they contradict each other."""
    if "RANK" not in os.environ:
        return Launch()
    world = os.environ.get("WORLD_SIZE", "1")
    given = [os.environ.get(name, usual) for name, usual in zip(NAMES, ("0", "1", "0", world), strict=True)]
    if not all(one.isdigit() for one in given):
        raise _refusal("are not all whole numbers")
    rank, count, local_rank, local_count = map(int, given)
    if not (rank < count and local_rank < local_count <= count):
        raise _refusal("contradict each other")
    absent = [name for name in ADDRESS if name not in os.environ]
    if absent:
        raise _refusal(f"come without {' and '.join(absent)}")
    has_agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    return Launch(rank, count, local_rank, local_count, is_joint=True, has_agent=has_agent)


def _refusal(fact: str) -> RecipeError:
    shown = ", ".join(f"{name}={os.environ.get(name, '')}" for name in NAMES)
    remedy = "start with `torchrun --nproc-per-node 2 -m tunesmith train ...`, or unset RANK to run one process"
    return RecipeError(f"train.engine: the variables of several processes ({shown}) {fact}; {remedy}")
