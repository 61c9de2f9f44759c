"""How much memory there is, and how much a training step takes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from ..model.network import Network
from .loop import Loop

try:
    import resource as _resource
except ImportError:  # Windows
    resource: ModuleType | None = None
else:
    resource = _resource

SHARE = 0.8  # of the free memory that training may take
UNKNOWN = 4 << 30  # where the system does not say how much is free
LIMITS = (("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),)


def available_bytes(device: torch.device, neighbours: int = 1) -> int:
    """Return the free memory of a device in bytes; on processors what the kernel and the container leave.

    So many processes share a processor's memory; each has a GPU of its own.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = [_meminfo()]
    for limit, used in LIMITS:
        numbers = [_number(Path(one)) for one in (limit, used)]
        if None not in numbers:
            free.append(int(numbers[0]) - int(numbers[1]))  # type: ignore[arg-type]
    return max(0, min(free)) // neighbours


def row_bytes(loop: Loop, rows: np.ndarray) -> float:
    """Return the bytes that the backward pass of these rows keeps per row, measured on them.

    Tensors that autograd saves are counted once each, weights not at all.
    """
    kept: dict[int, int] = {}
    weights = {loop.engine.part(one).untyped_storage().data_ptr() for one in loop.model.net.parameters()}

    def count(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        origin = tensor if tensor._base is None else tensor._base
        # weights that are put together for a layer's pass lie elsewhere, and are given up after it
        if place not in weights and not isinstance(origin, torch.nn.Parameter):
            kept[place] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        loss = loop.loss(rows, len(rows))
    del loss
    return sum(kept.values()) / len(rows)


def state_bytes(model: Network, kept_weights: int) -> int:
    """Return the bytes of gradients, AdamW's two moments and so many copies of the weights that move."""
    moving = sum(one.numel() * one.element_size() for one in model.net.parameters() if one.requires_grad)
    return moving * (3 + kept_weights)


def _meminfo() -> int:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return UNKNOWN
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else UNKNOWN


def _number(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def peak_bytes(device: torch.device) -> int | None:
    """Return the most memory this process (on a GPU: torch) has held so far, None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
