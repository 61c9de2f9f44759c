"""Which weights move? One file per answer."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ...core.part import Part

if TYPE_CHECKING:
    import torch


class Strategy(Part):
    """Chooses the weights that training may move, before it starts, and tidies up after it.

    `layers` are the body's modules by depth, bottom to top; what is new (head, column network) always moves.
    """

    family: ClassVar[str] = "parts.strategies"
    rate_scale: ClassVar[float] = 1.0
    """What the base's own learning rate is multiplied with."""

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Take `full` where only its fields are given."""
        return None if "kind" in value else value | {"kind": "full"}

    @abstractmethod
    def prepare(self, body: torch.nn.Module, layers: list[list[torch.nn.Module]]) -> None:
        """Set `requires_grad`, and insert modules where the strategy needs any."""

    def finish(self, body: torch.nn.Module) -> None:
        """Bring the body back to its own architecture; outputs must not change beyond rounding."""
        return


def hold_still(modules: list[torch.nn.Module]) -> None:
    """Let no parameter of these modules move."""
    for module in modules:
        for parameter in module.parameters():
            parameter.requires_grad_(False)
