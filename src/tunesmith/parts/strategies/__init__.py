"""Which weights move? One file per answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ...core.errors import RecipeError
from ...core.need import lazy
from ...core.part import Part
from ...data.forms import Form

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")

DEVIATION = 0.02  # of new weights where the base names none: that of BERT and its descendants

Layers = list[list["torch.nn.Module"]]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a strategy needs to train the body before the loop does.

    `vectors` gives the body's vectors of the rows at some positions, float (rows, size), in training mode and with
    gradient. `move` takes a scalar loss, the step's number (from 1) and the number of steps: backward, clip, a step of
    the scheduled optimiser. `advance` reports progress: `advance(number, loss=...)`.
    """

    targets: np.ndarray
    form: Form
    vectors: Callable[[np.ndarray], torch.Tensor]
    move: Callable[[torch.Tensor, int, int], None]
    advance: Callable[..., None]
    generator: np.random.Generator


class Strategy(Part):
    """Chooses the weights that training may move, before it starts, and tidies up after it.

    `layers` are the body's modules by depth, bottom to top; what is new (head, column network) always moves.
    A training calls `prepare`, then `warm` where `warm_steps` says so, then `settle`; then `release` before each step
    of the loop; `finish` at the end.
    """

    family: ClassVar[str] = "parts.strategies"
    forms: ClassVar[frozenset[str] | None] = None
    """The target forms it can be used with; None: any."""
    rate_scale: ClassVar[float] = 1.0
    """What the base's own learning rate is multiplied with in the loop."""
    most_epochs: ClassVar[int] = 20
    """How often `epochs: auto` may go over the rows at most, however few they are."""
    warm_scale: ClassVar[float] = 1.0
    """What the base's own learning rate is multiplied with in `warm`."""

    @classmethod
    def shorthand(cls, value: dict[str, Any]) -> dict[str, Any] | None:
        """Take `full` where only its fields are given."""
        return None if "kind" in value else value | {"kind": "full"}

    @abstractmethod
    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Set `requires_grad`, and insert modules where the strategy needs any."""

    def ever_moves(self, body: torch.nn.Module, layers: Layers) -> list[torch.nn.Parameter]:
        """Return the body's weights that may move from now on, each once: what an optimiser made now must hold."""
        return [one for one in body.parameters() if one.requires_grad]

    def warm_steps(self, rows: int) -> int:
        """Return how many steps `warm` takes for so many training rows; 0: there is nothing to be done before."""
        return 0

    def warm(self, scene: Scene) -> None:
        """Train the body on an aim of the strategy's own, before the loop trains on the task's loss."""
        return

    def settle(self, body: torch.nn.Module, layers: Layers) -> None:
        """Set `requires_grad` for the loop, once `warm` is over."""
        return

    def release(self, layers: Layers, done: float) -> bool:
        """Free more weights, given the share of the loop's steps that is done; return whether any is free now.

        Called before each step. What it frees depends on `done` alone.
        """
        return False

    def finish(self, body: torch.nn.Module) -> None:
        """Bring the body back to its own architecture; outputs must not change beyond rounding."""
        return


class Renewing(Strategy):
    """A strategy that moves the top layers, and may let some of them start anew."""

    reinitialise: int = Field(0, ge=0)
    """Top layers of the base that start from random weights; 1 to 3 may help where rows are few."""

    def renew_top(self, body: torch.nn.Module, layers: Layers, frozen: int = 0) -> None:
        """Draw new weights for the top `reinitialise` layers (Zhang et al., ICLR 2021, section 5).

        Numbers come from torch's global generator: the caller seeds it. `frozen` layers above the embeddings stay.
        Raises RecipeError where fewer layers move than are to be renewed.
        """
        most = len(layers) - 1 - frozen
        if self.reinitialise > most:
            raise RecipeError(
                f"strategy.reinitialise: the base has {most} layers that move above its embeddings, "
                f"cannot renew {self.reinitialise}; name fewer"
            )
        configurations = [module.config for module in body.modules() if hasattr(module, "config")]
        deviations = (getattr(one, "initializer_range", None) for one in configurations)
        deviation = next((one for one in deviations if one is not None), DEVIATION)
        renew([module for depth in layers[len(layers) - self.reinitialise :] for module in depth], deviation)


def hold(modules: list[torch.nn.Module]) -> None:
    """Let no parameter of these modules move, and drop the gradients they have."""
    for module in modules:
        for parameter in module.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None


def renew(modules: list[torch.nn.Module], deviation: float = DEVIATION) -> None:
    """Draw weights of linear layers and embeddings from N(0, deviation^2), as BERT's began; biases 0, norms 1 and 0.

    Numbers come from torch's global generator, so one seed gives one start. Raises RecipeError, before anything is
    changed, where a weight belongs to a module of another kind.
    """
    holders = [one for module in modules for one in module.modules() if list(one.parameters(recurse=False))]
    drawn, norms = (torch.nn.Linear, torch.nn.Embedding), (torch.nn.LayerNorm,)
    strange = sorted({type(one).__name__ for one in holders if not isinstance(one, drawn + norms)})
    if strange:
        raise RecipeError(
            f"strategy.reinitialise: the base's layers hold {', '.join(strange)}, whose beginning is not known here; "
            "set it to 0"
        )
    for holder in holders:
        for name, parameter in holder.named_parameters(recurse=False):
            if name == "bias":
                torch.nn.init.zeros_(parameter)
            elif isinstance(holder, norms):
                torch.nn.init.ones_(parameter)
            else:
                torch.nn.init.normal_(parameter, std=deviation)
