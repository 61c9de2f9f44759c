"""Where does it run? One file per place."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
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

    can_narrow: ClassVar[bool] = True
    """Whether weights may be exchanged for smaller ones while training."""

    @property
    def world(self) -> int:
        """How many processes train together."""
        return 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return True

    def share(self, positions: np.ndarray) -> np.ndarray:
        """Return this process's part of a batch's rows; all parts together are the batch."""
        return positions

    def wrap(self, net: torch.nn.Module, layers: list[list[torch.nn.Module]]) -> torch.nn.Module:
        """Return what to call in place of the net, so that gradients are those of all processes' rows."""
        return net

    def together(self, net: torch.nn.Module, is_last: bool) -> AbstractContextManager[object]:
        """Return the context of a micro-batch's two passes; gradients need to be exchanged in the last one only."""
        return nullcontext()

    def norm(self, parameters: list[torch.nn.Parameter]) -> float:
        """Return the norm of these parameters' gradients together."""
        gradients = [one.grad for one in parameters if one.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0

    def total(self, value: float) -> float:
        """Return the sum of all processes' values."""
        return value

    @abstractmethod
    def decisive(self) -> list[str]:
        """Return what of the machine decides the numbers, to the bit: a run is only resumed where it is the same."""

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """Return device, precision and threads in words."""
