"""Several devices and machines: one process each, started by `torchrun` or `accelerate launch`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from ...core.errors import RecipeError
from ...core.need import lazy
from ...core.threads import cores, keep_to, own_cores
from . import _processes as processes
from . import _shards as shards
from ._launch import launched
from ._probe import settle
from .local import Local

if TYPE_CHECKING:
    import torch
    import torch.distributed as distributed
else:
    torch = lazy("torch")
    distributed = lazy("torch.distributed")

BUCKET_BYTES = 64 << 20  # of gradients that are exchanged at once: much more is much more memory, much less is slow


class Accelerate(Local):
    """Each process takes its share of a batch's rows, so that the result is that of one process, in less time.

    `torchrun --nproc-per-node 2 -m tunesmith train recipe.yaml`; alone, it is `local`.
    """

    sharding: Literal["none", "full"] = "none"
    """none: every process holds the whole model; full: each holds a part of every weight (FSDP), for models that one
    device cannot hold: slower, and without regularizers."""
    timeout_minutes: float = Field(30.0, gt=0.0)
    """How long a process waits for an answer from another that is still there; one that ended is noticed at once."""

    @property
    def world(self) -> int:
        """How many processes the launcher started."""
        return launched().world

    @property
    def rank(self) -> int:
        """This process's number among them."""
        return launched().rank

    @property
    def neighbours(self) -> int:
        """How many of them are on this machine."""
        return launched().local_world

    @property
    def is_sharded(self) -> bool:
        """Whether weights are divided among the processes."""
        return self.sharding == "full" and launched().is_joint

    @property
    def takes_penalties(self) -> bool:
        """Whether regularizers find whole weights."""
        return self.sharding == "none"

    def device(self) -> torch.device:
        """Return this process's own GPU, else the processor. Raises RecipeError where a machine has too few GPUs."""
        device, launch = super().device(), launched()
        if device.type != "cuda" or not launch.is_joint:
            return device
        if launch.local_rank >= torch.cuda.device_count():
            raise RecipeError(
                f"train.engine: {launch.local_world} processes were started on a machine where torch finds "
                f"{torch.cuda.device_count()} GPUs; start one per GPU, or use train.engine.run_on: cpu"
            )
        return torch.device("cuda", launch.local_rank)

    def start(self) -> None:
        """Set up the process as `local` does. Raises RecipeError where several were launched and not joined."""
        if launched().is_joint:
            processes.group()
        super().start()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Hold the processes together while the block runs; where one fails, all end with its exit code."""
        launch, device = launched(), self.device()
        if not launch.is_joint:
            with super().joined():
                yield
            return
        if device.type == "mps":
            raise RecipeError("train.engine.run_on: several processes cannot share mps; run one, or use cpu")
        if device.type == "cpu" and self.threads is None:
            keep_to(own_cores(launch.local_rank, launch.local_world))
        if device.type == "cuda":
            torch.cuda.set_device(device)
        with processes.joined(device.type, self.timeout_minutes, self.is_sharded):
            self._agree()
            self.start()
            yield

    def in_turn(self) -> AbstractContextManager[None]:
        """Let the first process run the block alone, and the others after it."""
        return processes.group().in_turn() if launched().is_joint else nullcontext()

    def share(self, positions: np.ndarray) -> np.ndarray:
        """Return every `world`-th of a batch's rows; none where the batch has fewer rows than there are processes."""
        return positions[self.rank :: self.world]

    def wrap(self, net: torch.nn.Module, layers: list[list[torch.nn.Module]]) -> torch.nn.Module:
        """Give all processes the first one's weights; return the net, or a copy of it with its weights divided."""
        if not launched().is_joint:
            return net
        with torch.no_grad():
            for one in (*net.parameters(), *net.buffers()):
                distributed.broadcast(one, src=0)
        return shards.divided(net, layers, self.device().type) if self.is_sharded else net

    @contextmanager
    def together(self, net: torch.nn.Module, is_last: bool) -> Iterator[None]:
        """Let divided gradients be exchanged while the last micro-batch goes back."""
        if self.is_sharded:
            shards.exchange_gradients(net, is_last)
        yield

    def exchange(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Sum the gradients over the processes; divided ones are so already.

        After the passes, not during them as torch's DistributedDataParallel does: nothing is waited for in between, so
        that a process whose memory ends can say so, and all start the step over.
        """
        if self.is_sharded or not launched().is_joint:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        for bucket in _buckets(gradients):
            flat = torch.cat([one.flatten() for one in bucket])
            distributed.all_reduce(flat)
            for one, sums in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
                one.copy_(sums.view_as(one))

    def norm(self, parameters: list[torch.nn.Parameter]) -> float:
        """Return the norm of all gradients together, of every process's part of them."""
        if not self.is_sharded:
            return super().norm(parameters)
        parts = [shards.part(one.grad) for one in parameters if one.grad is not None]
        return math.sqrt(self.total([float(torch.nn.utils.get_total_norm(parts)) ** 2])[0])

    def total(self, values: list[float]) -> list[float]:
        """Return the sums of all processes' values."""
        return processes.group().total(values) if launched().is_joint else values

    def most(self, values: list[float]) -> list[float]:
        """Return the largest of all processes' values."""
        return processes.group().most(values) if launched().is_joint else values

    def gather(self, value: Any) -> list[Any]:
        """Return every process's value."""
        return processes.group().gather(value) if launched().is_joint else [value]

    def of_first(self, value: Any) -> Any:
        """Return the first process's value."""
        return processes.group().of_first(value) if launched().is_joint else value

    def part(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return what this process holds of a tensor."""
        return shards.part(tensor)

    def whole(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a tensor put together from all processes' parts."""
        return shards.whole(tensor)

    def like(self, tensor: torch.Tensor, example: torch.Tensor) -> torch.Tensor:
        """Return a whole tensor where the example is, divided as that is."""
        return shards.like(tensor, example) if self.is_sharded else super().like(tensor, example)

    def decisive(self) -> list[str]:
        """Return device and precision: how many processes there are decides no number beyond rounding."""
        return [self.device().type, "bf16" if self._is_bf16() else "fp32"]

    def describe(self) -> dict[str, str]:
        """Return the number of processes, and what the first one computes with."""
        return {"processes": str(self.world), "sharding": self.sharding, **super().describe()}

    def _agree(self) -> None:
        """Let all compute in the precision, the way of products and the threads that the first one measured."""
        with self.in_turn():
            own = self._choice()
        first = self.of_first(own)
        if first is not None:
            settle(self._asked(), first.model_copy(update={"threads": min(first.threads, len(cores()))}))


def _buckets(gradients: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Yield the gradients in order, as many of one type at a time as go into a bucket, one at least."""
    bucket: list[torch.Tensor] = []
    size = 0
    for one in gradients:
        if bucket and (size + one.nbytes > BUCKET_BYTES or one.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(one)
        size += one.nbytes
    if bucket:
        yield bucket
