"""Where does it run? One file per place."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...core.need import lazy
from ...core.part import Part

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Engine(Part):
    """Chooses device, precision and threads."""

    family: ClassVar[str] = "parts.engines"

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Take `local` where only its fields are given."""
        return None if "kind" in value else value | {"kind": "local"}

    @abstractmethod
    def device(self) -> torch.device:
        """Return where tensors live."""

    @abstractmethod
    def start(self) -> None:
        """Set up the process: threads and determinism."""

    @abstractmethod
    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of a training step's forward pass."""

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Set up the process, and hold all that train together while the block runs: they end alike."""
        self.start()
        yield

    @property
    def world(self) -> int:
        """How many processes train together."""
        return 1

    @property
    def rank(self) -> int:
        """This process's number among them, from 0."""
        return 0

    @property
    def neighbours(self) -> int:
        """How many of them share this machine, and its memory."""
        return 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    @property
    def is_sharded(self) -> bool:
        """Whether weights are divided among the processes: a layer's are whole only while its module is called."""
        return False

    @property
    def takes_penalties(self) -> bool:
        """Whether regularizers find whole weights."""
        return True

    def in_turn(self) -> AbstractContextManager[None]:
        """Return the context of what the first process does before the others, which then find it done."""
        return nullcontext()

    def share(self, positions: np.ndarray) -> np.ndarray:
        """Return this process's part of a batch's rows, maybe none; all parts together are the batch."""
        return positions

    def wrap(self, net: torch.nn.Module, layers: list[list[torch.nn.Module]]) -> torch.nn.Module:
        """Return the net to be trained, the same or a copy; every process has the same weights then."""
        return net

    def together(self, net: torch.nn.Module, is_last: bool) -> AbstractContextManager[object]:
        """Return the context of a micro-batch's two passes; all processes go through as many."""
        return nullcontext()

    def exchange(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Sum the gradients over the processes, after the last micro-batch."""
        return

    def norm(self, parameters: list[torch.nn.Parameter]) -> float:
        """Return the norm of these parameters' gradients together."""
        gradients = [one.grad for one in parameters if one.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0

    def total(self, values: list[float]) -> list[float]:
        """Return the sums of all processes' values, place by place."""
        return values

    def most(self, values: list[float]) -> list[float]:
        """Return the largest of all processes' values, place by place: what one knows, all act upon."""
        return values

    def gather(self, value: Any) -> list[Any]:
        """Return every process's value, in their order."""
        return [value]

    def of_first(self, value: Any) -> Any:
        """Return the first process's value: what it decided, all do."""
        return value

    def part(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return what this process holds of a tensor."""
        return tensor

    def whole(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a tensor put together from what all processes hold of it."""
        return tensor

    def like(self, tensor: torch.Tensor, example: torch.Tensor) -> torch.Tensor:
        """Return a whole tensor on the example's device, in its order, divided among the processes as that is."""
        if tensor.shape != example.shape:
            return tensor.to(example.device)
        # fused rules go through weight and moments side by side, so these must lie in one order
        return torch.empty_like(example, dtype=tensor.dtype, requires_grad=False).copy_(tensor)

    @abstractmethod
    def decisive(self) -> list[str]:
        """Return what of the machine decides the numbers, to the bit: a run is only resumed where it is the same."""

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """Return device, precision and threads in words."""
