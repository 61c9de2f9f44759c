"""This machine: its GPU where it has one, else its processor."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...core.errors import RecipeError
from ...core.need import lazy
from ...core.threads import spread_workers
from . import Engine

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


WAKING = 1 << 20  # numbers in an operation that is large enough for the pool of workers to start


class Local(Engine):
    """One process on this machine. Training steps use bf16 where the processor computes it natively."""

    run_on: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Device; auto takes a GPU where torch finds one."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Precision of the training steps' matrix products; measuring and answering is always fp32."""
    threads: int | None = Field(None, ge=1)
    """Processor threads; all cores where not given."""

    def device(self) -> torch.device:
        """Return where tensors live. Raises RecipeError where this machine or this torch lacks the device asked for."""
        found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if self.run_on == "auto":
            return torch.device("cuda" if found["cuda"] else "cpu")
        if not found[self.run_on]:
            there = ", ".join(name for name in found if found[name])
            raise RecipeError(f"train.engine.run_on: torch finds no {self.run_on} here (there is {there}); use auto")
        return torch.device(self.run_on)

    def start(self) -> None:
        """Set the number of threads and ask for repeatable kernels."""
        torch.set_num_threads(self.threads or _cores())
        if self.threads is None:
            spread_workers(lambda: torch.ones(WAKING).add_(1))
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # only slow

    def autocast(self) -> AbstractContextManager[object]:
        """Return bf16 autocast where chosen, else nothing."""
        if self._is_bf16():
            return torch.autocast(self.device().type, dtype=torch.bfloat16)
        return nullcontext()

    def describe(self) -> dict[str, str]:
        """Return device, precision and threads in words."""
        precision = "bf16" if self._is_bf16() else "fp32"
        return {"device": str(self.device()), "precision": precision, "threads": str(torch.get_num_threads())}

    def _is_bf16(self) -> bool:
        """A property of the hardware, not a timing: the same machine always decides alike."""
        if self.precision != "auto":
            return self.precision == "bf16"
        if self.device().type == "cuda":
            return bool(torch.cuda.is_bf16_supported())
        return self.device().type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1
