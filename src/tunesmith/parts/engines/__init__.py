"""Where does it run? One file per place."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from ...core.part import Part

if TYPE_CHECKING:
    import torch


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

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """Return device, precision and threads in words."""
