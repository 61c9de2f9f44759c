"""What the processes of one training say to each other: numbers, values, whose turn it is, and how they end.

Two ways lead from one to another. Collectives (torch.distributed) are for what all do at the same point. The store, a
small table that all can read, is for what one of them knows alone: that its turn is over, or that it has failed. A
process that fails writes down why and closes its connections; those who wait for it learn that at once, and end alike.
"""

from __future__ import annotations

import functools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ...core import errors
from ...core.errors import InterruptedTrainingError, RecipeError, TrainingError, TunesmithError
from ...core.need import lazy
from ._launch import Launch, launched

if TYPE_CHECKING:
    import torch
    import torch.distributed as distributed
else:
    torch = lazy("torch")
    distributed = lazy("torch.distributed")

POLL_SECONDS = 0.02
GRACE_SECONDS = 5.0  # for the others to read why this process failed, before the store may go with it
BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}  # values of the processor go by gloo everywhere
LOSS = r"connection (closed|reset|refused)|timed? ?out|broken pipe|gloo|nccl|remote process"
FAILURE, ENDED, LEFT, DONE = "failure", "ended", "first left", "done"


class Group:
    """The processes of one run, from `joined` to its end."""

    def __init__(self, launch: Launch, store: distributed.Store, can_close: bool) -> None:
        self.launch, self.store, self.can_close = launch, store, can_close
        self.turns = 0

    def total(self, values: list[float]) -> list[float]:
        """Return the sums of all processes' values, place by place."""
        return self._reduced(values, distributed.ReduceOp.SUM)

    def most(self, values: list[float]) -> list[float]:
        """Return the largest of all processes' values, place by place."""
        return self._reduced(values, distributed.ReduceOp.MAX)

    def gather(self, value: Any) -> list[Any]:
        """Return all processes' values in their order."""
        values: list[Any] = [None] * self.launch.world
        distributed.all_gather_object(values, value)
        return values

    def of_first(self, value: Any) -> Any:
        """Return the first process's value."""
        box = [value if self.launch.rank == 0 else None]
        distributed.broadcast_object_list(box, src=0, device=torch.device("cpu"))
        return box[0]

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Let the first process run the block alone, and the others, all together, after it."""
        self.turns += 1
        turn = f"turn {self.turns}"
        if self.launch.rank == 0:
            try:
                yield
            finally:
                self.store.set(turn, "over")
        else:
            self._until(lambda: self.store.check([turn]))
            yield

    def finish(self) -> None:
        """Return when every process is done. Raises what another one failed of."""
        self.store.add(DONE, 1)
        self._until(lambda: self.store.add(DONE, 0) >= self.launch.world)

    def verdict(self, error: BaseException) -> BaseException:
        """Return what this process is to end with: its own error, or that of the process that failed before it."""
        earlier = self._failure()
        if earlier is None and _is_loss(error):
            error = TrainingError(
                f"process {self.launch.rank} of {self.launch.world} lost the others ({_reason(error)}): "
                "one was killed, ran out of memory or is on a machine that is gone; nothing was registered; "
                "start again with --resume"
            )
        if earlier is None:
            with suppress(RuntimeError):  # the store is gone where its process was killed
                self.store.compare_set(FAILURE, "", json.dumps([self.launch.rank, _kind(error)]))
            earlier = self._failure()
        return error if earlier is None else earlier

    def leave(self) -> None:
        """Close the connections, so that the others learn of the error, and go when nobody can miss the reason.

        The first may keep the table, and is the one that speaks: where it is its own, it stays until all have read;
        where a launcher keeps it, and ends all processes after the first that ended, the others let it go before them.
        Connections that weights are divided over, and NCCL's, close with the process alone, so that it has to hurry.
        """
        with suppress(RuntimeError):
            self.store.add(ENDED, 1)
            if not self.can_close:
                return
            distributed.destroy_process_group()
            if self.launch.rank == 0:
                self._within(lambda: self.store.add(ENDED, 0) >= self.launch.world)
                self.store.set(LEFT, "yes")
            elif self.launch.has_agent:
                self._within(lambda: self.store.check([LEFT]))

    def _reduced(self, values: list[float], how: Any) -> list[float]:
        tensor = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(tensor, how)
        return tensor.tolist()

    def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            failure = self._failure()
            if failure is not None:
                raise failure
            time.sleep(POLL_SECONDS)

    @staticmethod
    def _within(is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + GRACE_SECONDS
        while not is_so() and time.monotonic() < end:
            time.sleep(POLL_SECONDS)

    def _failure(self) -> BaseException | None:
        """Return what another process failed of, in the words of this one; None where none did."""
        with suppress(RuntimeError):
            if self.store.check([FAILURE]):
                rank, kind = json.loads(self.store.get(FAILURE))
                if rank != self.launch.rank:
                    found: BaseException = getattr(errors, kind)(
                        f"process {self.launch.rank} ends with process {rank}, which says why"
                    )
                    return found
        return None


_active: list[Group] = []
_runs = 0


def group() -> Group:
    """Return the processes of this run. Raises RecipeError outside of one."""
    if not _active:
        raise RecipeError(
            "train.engine: several processes train together in `tunesmith train` only; start it with "
            "`torchrun --nproc-per-node 2 -m tunesmith train ...`, or run one process"
        )
    return _active[-1]


@contextmanager
def joined(device: str, minutes: float, is_sharded: bool) -> Iterator[Group]:
    """Hold the launched processes together while the block runs, each waiting so long for another's answer.

    All end alike: where one fails, the others raise an error of the same kind that names it. Raises TrainingError
    where they do not find each other, or one is lost.
    """
    global _runs
    launch, patience = launched(), timedelta(minutes=minutes)
    _runs += 1
    try:
        store = distributed.PrefixStore(f"run {_runs}", _table(patience))
        distributed.init_process_group(
            BACKENDS[device], store=store, timeout=patience, rank=launch.rank, world_size=launch.world
        )
    except RuntimeError as error:
        place = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise TrainingError(
            f"process {launch.rank} of {launch.world} did not find the others at {place} "
            f"({_reason(error)}); see that all were started, and that the address can be reached"
        ) from error
    found = Group(launch, store, can_close=device == "cpu" and not is_sharded)
    _active.append(found)
    try:
        yield found
        found.finish()
        distributed.destroy_process_group()
    except BaseException as error:
        last = found.verdict(error)
        found.leave()
        if last is error:
            raise
        raise last from error
    finally:
        _active.remove(found)


@functools.cache
def _table(patience: timedelta) -> distributed.Store:
    """Return the table of the launcher, or of the first process; there is one for all runs of a process."""
    store, _, _ = next(distributed.rendezvous("env://", timeout=patience))
    return store


def _kind(error: BaseException) -> str:
    """Return the class of ours, by name, that ends a process with the exit code of this error."""
    if isinstance(error, KeyboardInterrupt):
        return InterruptedTrainingError.__name__
    if isinstance(error, OSError) and not isinstance(error, TunesmithError):
        return TunesmithError.__name__
    ours = (one.__name__ for one in type(error).__mro__ if one.__module__ == errors.__name__)
    return next(ours, TrainingError.__name__)


def _reason(error: BaseException) -> str:
    """Return the first sentence of what torch says, without the place in its own files."""
    return re.sub(r"\[/\S*\] ", "", str(error)).partition("\n")[0].partition(". ")[0]


def _is_loss(error: BaseException) -> bool:
    """Tell whether torch says by this that another process does not answer."""
    if isinstance(error, TunesmithError) or not isinstance(error, RuntimeError):
        return False
    return isinstance(error, distributed.DistError) or bool(re.search(LOSS, str(error), re.IGNORECASE))
