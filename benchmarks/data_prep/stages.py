"""Seconds and peak memory of each stage of a worker. Standard library only, for peers run it as well."""

from __future__ import annotations

import os
import re
import resource
import time
from pathlib import Path
from typing import Any


class Stages:
    """A stage lasts from its `begin` to the next one's, or to `account`.

    Memory is the process's own peak during the stage, from Linux's /proc; that of child processes is added as the peak
    of the largest child times how many there are. Elsewhere it is the peak so far.
    """

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.children = 0
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()

    def begin(self, name: str) -> None:
        """End the stage before, if there is one, and begin another."""
        self._end()
        _forget_peak()
        self.found.append({"stage": name})
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()

    def account(self) -> dict[str, Any]:
        """End the last stage and return all as JSON values: seconds, CPU seconds, megabytes."""
        self._end()
        return {
            "stages": self.found,
            "seconds": sum(one["seconds"] for one in self.found),
            "cpu_seconds": sum(one["cpu_seconds"] for one in self.found),
            "peak_megabytes": max(one["peak_megabytes"] for one in self.found),
        }

    def _end(self) -> None:
        if self.found and "seconds" not in self.found[-1]:
            child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            self.found[-1] |= {
                "seconds": time.perf_counter() - self._wall,
                "cpu_seconds": _cpu_seconds() - self._cpu,
                "peak_megabytes": _peak_megabytes() + self.children * child,
            }
            self.children = 0


def _cpu_seconds() -> float:
    return sum(os.times()[:4])


def _peak_megabytes() -> float:
    try:
        return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024  # type: ignore[index]
    except (OSError, TypeError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return
