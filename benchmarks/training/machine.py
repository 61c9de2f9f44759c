"""The machine that is measured on: what it is, and how busy others keep it meanwhile."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("tunesmith", "torch", "transformers", "accelerate", "tokenizers", "numpy", "polars", "scikit-learn")
TELLING = r"avx2|avx512f|avx_vnni|avx512_bf16|avx512_fp16|amx_bf16|amx_tile|asimd|sve|bf16"
IDLE, WAITING = 3, 4  # columns of the first line of /proc/stat


def busy_seconds() -> float:
    """Return for how long this process's cores have computed, for whomever; 0 where the system does not tell."""
    names = {f"cpu{core}" for core in allowed_cores()}
    try:
        lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    except OSError:
        return 0.0
    kept = [columns[1:9] for columns in lines if columns and columns[0] in names]
    ticks = sum(int(one) for columns in kept for at, one in enumerate(columns) if at not in (IDLE, WAITING))
    return ticks / os.sysconf("SC_CLK_TCK")


def allowed_cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def pinned() -> dict[str, str]:
    """Return the environment that binds each OpenMP worker to a core of its own, for a peer that does not do so."""
    return {"OMP_PROC_BIND": "true", "GOMP_CPU_AFFINITY": " ".join(map(str, allowed_cores()))}


def keeping() -> dict[str, str]:
    """Return the environment that lets glibc keep freed memory, as Tunesmith's engine does."""
    sizes = {"MMAP_THRESHOLD": 1 << 30, "TRIM_THRESHOLD": 2**31 - 1, "TOP_PAD": 1 << 26}
    return {f"MALLOC_{name}_": str(size) for name, size in sizes.items()}


def flags() -> set[str]:
    """Return the processor's instruction sets that matter to training."""
    found = _cpuinfo()
    return {one for one in (found.get("flags") or found.get("Features") or "").split() if re.fullmatch(TELLING, one)}


def description() -> dict[str, object]:
    """Return processor, cores, flags, memory and versions."""
    named = _cpuinfo()
    memory = re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text()) if named else None
    return {
        "processor": named.get("model name", platform.processor() or platform.machine()),
        "family": f"{named.get('cpu family', '?')}/{named.get('model', '?')}",
        "cores": len(allowed_cores()),
        "flags": sorted(flags()),
        "memory_gigabytes": round(int(memory[1]) / 2**20, 1) if memory else None,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "commit": _commit(),
    }


def _cpuinfo() -> dict[str, str]:
    """Return the fields of the processor's entries, empty where the system has none (not Linux)."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {}
    return dict(re.findall(r"^(model name|cpu family|model|flags|Features)\s*: *(.*)$", text, re.MULTILINE))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
