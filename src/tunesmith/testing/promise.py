"""How a broken promise is told."""

from __future__ import annotations

import numpy as np

from ..core.part import Part

Named = Part | type[Part]


def promise(is_kept: bool | np.bool, part: Named, sentence: str) -> None:
    """Raise AssertionError naming the part and its file where a promise is not kept."""
    if not is_kept:
        cls = part if isinstance(part, type) else type(part)
        raise AssertionError(f"{cls.family}: {cls.__name__} ({cls.__module__}): {sentence}")


def same(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two arrays have the same type, shape and values, NaN equal to NaN."""
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    return bool(np.array_equal(first, second, equal_nan=first.dtype.kind == "f"))


def near(first: np.ndarray, second: np.ndarray, tolerance: float) -> bool:
    """Return whether two arrays are alike within a tolerance relative to the largest value; NaN is like nothing.

    Objects have to be equal.
    """
    if first.shape != second.shape:
        return False
    if first.dtype == object:
        return bool((first == second).all())
    scale = max(1.0, float(np.abs(first).max(initial=0.0)))
    return bool(np.abs(first - second).max(initial=0.0) <= tolerance * scale)
