"""Memory that does not suffice: how it is told from other faults, and what is said of it."""

from __future__ import annotations

import torch

from ..core.errors import TrainingError

SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


def is_of_memory(error: Exception) -> bool:
    """Return whether an error says that memory does not suffice: torch has no one class for it on processors."""
    is_plain = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return is_plain or (isinstance(error, RuntimeError) and any(one in str(error) for one in SIGNS))


def shortage(step: int, rows: int, is_whole: bool) -> TrainingError:
    """Return the error of a step that so few rows are too many for; `is_whole`: a batch cannot be taken in parts."""
    fewer = "a lower train.batch_size or base.batch_norm: frozen" if is_whole else "a lower train.micro_batch"
    return TrainingError(
        f"training step {step}: memory does not suffice for {rows} row(s), as few as can be taken; nothing was "
        f"registered; use train.gradient_checkpointing: true, {fewer}, a lower base.max_tokens or base.size, a smaller "
        "base, or strategy: head"
    )
