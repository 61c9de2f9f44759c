"""Boxes as tensors, relative to their picture: (centre x, centre y, width, height), each in 0..1."""

from __future__ import annotations

import torch


def spread(boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the left upper and the right lower corner of boxes (..., 4), each (..., 2)."""
    half = boxes[..., 2:] / 2
    return boxes[..., :2] - half, boxes[..., :2] + half


def generalised_overlap(ones: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the generalised intersection over union, from -1 to 1, of boxes (..., 4) that broadcast: (...).

    Rezatofighi et al., CVPR 2019, algorithm 1. A box of no size meets nothing, which leaves no NaN behind.
    """
    (start, end), (other_start, other_end) = spread(ones), spread(others)
    shared = (torch.minimum(end, other_end) - torch.maximum(start, other_start)).clamp(min=0).prod(dim=-1)
    around = (torch.maximum(end, other_end) - torch.minimum(start, other_start)).prod(dim=-1)
    union = ones[..., 2:].prod(dim=-1) + others[..., 2:].prod(dim=-1) - shared
    least = torch.finfo(union.dtype).tiny ** 0.5
    return shared / union.clamp(min=least) - (around - union) / around.clamp(min=least)
