"""How many threads a piece of work is worth: on small arrays they cost more than they bring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .need import lazy

threadpoolctl = lazy("threadpoolctl")

FEW = 2_000_000  # numbers; below, waiting for one another takes longer, a hundredfold where the cores are busy


@contextmanager
def fitting_threads(numbers: int) -> Iterator[None]:
    """Let OpenMP and BLAS use one thread where the work is over few numbers; results change by rounding at most."""
    with threadpoolctl.threadpool_limits(1 if numbers < FEW else None):
        yield
