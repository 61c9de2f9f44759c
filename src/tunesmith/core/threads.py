"""Worker threads: on cores of their own, and none where the work is small."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .need import lazy

threadpoolctl = lazy("threadpoolctl")

FEW = 2_000_000  # numbers; below, waiting for one another takes longer, a hundredfold where the cores are busy
TASKS = Path("/proc/self/task")


def spread_workers(wake: Callable[[], object]) -> int:
    """Pin each thread that `wake` starts to a core of its own and return how many there were.

    Left alone, schedulers of small virtual machines put two OpenMP workers on one core, and every barrier then waits
    for a time slice. Measured on two cores: a training step takes a third of the time with pinned workers, a
    boosting iteration a fourteenth. Does nothing where the kernel cannot be told (not Linux), or where the pool was
    awake before. Meant for pools that use all cores: those of several processes would meet on the first cores.
    """
    if not TASKS.is_dir() or not hasattr(os, "sched_setaffinity"):
        return 0
    before = set(os.listdir(TASKS))
    wake()
    workers = sorted(map(int, set(os.listdir(TASKS)) - before))
    for worker, core in zip(workers, sorted(os.sched_getaffinity(0))[1:], strict=False):
        with suppress(ProcessLookupError):  # some other thread, which has ended since
            os.sched_setaffinity(worker, {core})
    return len(workers)


@contextmanager
def fitting_threads(numbers: int) -> Iterator[None]:
    """Let OpenMP and BLAS use one thread where the work is over few numbers; results change by rounding at most."""
    with threadpoolctl.threadpool_limits(1 if numbers < FEW else None):
        yield
