"""A net whose weights are divided among processes (Zhao et al., VLDB 2023), by torch's `fully_shard`.

Each process keeps its part of every weight, of its gradient and of its moments. A layer's weights are whole only while
that layer's module is called, forward or back.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from ...core.need import lazy

if TYPE_CHECKING:
    import torch
    import torch.distributed as distributed
    from torch.distributed import fsdp, tensor
else:
    torch = lazy("torch")
    distributed = lazy("torch.distributed")
    fsdp = lazy("torch.distributed.fsdp")
    tensor = lazy("torch.distributed.tensor")


def divided(net: torch.nn.Module, layers: list[list[torch.nn.Module]], device: str) -> torch.nn.Module:
    """Return a copy of the net with its weights divided, layer by layer; the net itself goes to the processor's memory.

    Gradients are summed over the processes, not averaged. What several modules of one depth hold goes with the root.
    """
    net_again, layers = copy.deepcopy((net, layers))
    net.cpu()
    mesh = distributed.init_device_mesh(device, (distributed.get_world_size(),))
    whole = [modules[0] for modules in layers if len(modules) == 1]
    for module in (*whole, net_again):
        # the root, too, gives its weights up after each pass: one without a way back would leave old ones behind
        fsdp.fully_shard(module, mesh=mesh, reshard_after_forward=True)
    for module in net_again.modules():
        if isinstance(module, fsdp.FSDPModule):
            module.set_force_sum_reduction_for_comms(True)
            module.set_gradient_divide_factor(1.0)
    return net_again


def exchange_gradients(net: torch.nn.Module, is_due: bool) -> None:
    """Let the next backward pass add its gradients to those of the other processes, or keep them for itself."""
    assert isinstance(net, fsdp.FSDPModule)
    net.set_requires_gradient_sync(is_due)


def part(one: torch.Tensor) -> torch.Tensor:
    """Return what this process holds of a tensor."""
    return one.to_local() if isinstance(one, tensor.DTensor) else one


def whole(one: torch.Tensor) -> torch.Tensor:
    """Return a tensor put together from the parts of all processes, which all have to ask."""
    return one.full_tensor() if isinstance(one, tensor.DTensor) else one


def like(one: torch.Tensor, example: torch.Tensor) -> torch.Tensor:
    """Return a whole tensor on the example's device, divided as the example is where both have one shape."""
    one = one.to(example.device)
    if not isinstance(example, tensor.DTensor) or one.shape != example.shape:
        return one
    return tensor.distribute_tensor(one, example.device_mesh, example.placements, src_data_rank=None)
