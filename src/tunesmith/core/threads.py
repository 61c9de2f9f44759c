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
CORES = Path("/sys/devices/system/cpu")


def cores() -> list[int]:
    """Return the logical cores this process may use: first one of every physical core, then their siblings.

    Where the kernel does not tell which are siblings (not Linux), every logical core counts as a physical one.
    """
    allowed = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    found = sorted(allowed(0)) if allowed else list(range(os.cpu_count() or 1))
    seen: dict[str, int] = {}
    rank = {}
    for core in found:
        physical = _siblings(core)
        rank[core] = seen[physical] = seen.get(physical, 0) + 1
    return sorted(found, key=lambda core: (rank[core], core))


def physical_cores() -> int:
    """Return how many physical cores this process may use."""
    return len({_siblings(core) for core in cores()})


def own_cores(part: int, parts: int) -> list[int]:
    """Return the logical cores of one of several processes that share this machine: neighbouring physical cores whole.

    All cores where there are fewer physical ones than processes: two on one core would wait for each other at every
    barrier, and the system may know better.
    """
    found = sorted(cores())
    physical = list(dict.fromkeys(map(_siblings, found)))
    if len(physical) < parts:
        return found
    own = set(physical[part * len(physical) // parts : (part + 1) * len(physical) // parts])
    return [core for core in found if _siblings(core) in own]


def keep_to(found: list[int]) -> None:
    """Let this thread, and those it starts from now on, use these cores only; nothing where that cannot be said."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, found)


def _siblings(core: int) -> str:
    """Name the physical core of a logical one by its list of siblings."""
    try:
        return (CORES / f"cpu{core}" / "topology" / "thread_siblings_list").read_text().strip()
    except OSError:
        return str(core)


def spread_workers(wake: Callable[[], object]) -> int:
    """Pin each thread that `wake` starts to a core of its own and return how many there were.

    Left alone, schedulers of small virtual machines put two OpenMP workers on one core, and every barrier then waits
    for a time slice. Measured on two cores: a training step takes a third of the time with pinned workers, a
    boosting iteration a fourteenth. Does nothing where the kernel cannot be told (not Linux), or where the pool was
    awake before. A pool that has grown since gets cores which no earlier worker holds, as far as there are any. Meant
    for pools that use all cores: those of several processes would meet on the first cores.
    """
    if not TASKS.is_dir() or not hasattr(os, "sched_setaffinity"):
        return 0
    before = set(os.listdir(TASKS))
    wake()
    workers = sorted(map(int, set(os.listdir(TASKS)) - before))
    held = _held(before)
    for worker, core in zip(workers, sorted(cores()[1:], key=lambda core: core in held), strict=False):
        with suppress(ProcessLookupError):  # some other thread, which has ended since
            os.sched_setaffinity(worker, {core})
    return len(workers)


def _held(threads: set[str]) -> set[int]:
    """Return the cores to which one of the threads is pinned."""
    found: set[int] = set()
    for thread in threads:
        with suppress(ProcessLookupError):  # it has ended since
            allowed = os.sched_getaffinity(int(thread))
            found |= allowed if len(allowed) == 1 else set()
    return found


@contextmanager
def fitting_threads(numbers: int) -> Iterator[None]:
    """Let OpenMP and BLAS use one thread where the work is over few numbers; results change by rounding at most."""
    with threadpoolctl.threadpool_limits(1 if numbers < FEW else None):
        yield
