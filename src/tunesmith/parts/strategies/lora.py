"""LoRA: small low-rank matrices beside every linear layer move, the base stays (Hu et al., ICLR 2022).

A convolution is a linear map of each place's surroundings, so it gets them too, unless its channels are taken apart.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ...core.need import lazy
from . import Layers, Strategy, hold

if TYPE_CHECKING:
    import peft
    import torch
else:
    peft = lazy("peft")
    torch = lazy("torch")


class Lora(Strategy):
    """Adapters on all linear layers and convolutions of the base, merged into it when training ends."""

    rate_scale: ClassVar[float] = 10.0

    rank: int = Field(16, ge=1)
    """Rank of the added matrices."""
    alpha: int = Field(32, ge=1)
    """Scale of the added matrices, divided by the rank."""
    dropout: float = Field(0.05, ge=0.0, lt=1.0)
    """Share of the adapters' inputs switched off in training."""

    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze the body and insert the adapters, but for layers whose weights are another's too.

        Such a head is its words' vectors: an adapter that is merged into the one would change the other.
        """
        hold([body])
        every = body.named_parameters(remove_duplicate=False)
        shared = {id(one) for one, times in Counter(one for _, one in every).items() if times > 1}
        linear = [(name, one) for name, one in body.named_modules() if _is_linear(one)]
        names = [name for name, one in linear if id(one.weight) not in shared]
        config = peft.LoraConfig(r=self.rank, lora_alpha=self.alpha, lora_dropout=self.dropout, target_modules=names)
        peft.inject_adapter_in_model(config, body)

    def finish(self, body: torch.nn.Module) -> None:
        """Add each adapter to its layer's weight and take it out."""
        adapted = [(name, one) for name, one in body.named_modules() if isinstance(one, peft.tuners.lora.LoraLayer)]
        for name, layer in adapted:
            layer.merge(safe_merge=True)
            body.set_submodule(name, layer.get_base_layer())


def _is_linear(module: torch.nn.Module) -> bool:
    """Return whether a module mixes all its inputs, so that a low rank is a saving."""
    return isinstance(module, torch.nn.Linear) or (isinstance(module, torch.nn.Conv2d) and module.groups == 1)
