"""This machine: its GPU where it has one, else its processor."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...core.allocator import keep_freed_memory
from ...core.errors import RecipeError
from ...core.need import lazy
from ...core.threads import cores
from . import Engine
from ._measuring import set_routing, set_threads
from ._probe import Asked, Choice, choose
from ._reasons import reasons

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")


class Local(Engine):
    """One process on this machine. On a processor, what the recipe leaves open is measured once and remembered."""

    run_on: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Device; auto takes a GPU where torch finds one."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Precision of the training steps' matrix products; auto takes bf16 where it is supported (GPU) or measurably
    faster and close enough (processor). Measuring and answering is always fp32."""
    threads: int | None = Field(None, ge=1)
    """Processor threads; where not given, the measured number. With precision fixed too, nothing is measured."""

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
        """Set the threads and the way of fp32 products, and ask for repeatable kernels."""
        keep_freed_memory()
        choice = self._choice()
        set_threads(choice.threads if choice else self.threads or len(cores()), are_pinned=self.threads is None)
        set_routing(choice.fp32_routing if choice else "ieee")
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # only slow

    def autocast(self) -> AbstractContextManager[object]:
        """Return bf16 autocast where chosen, else nothing."""
        if self._is_bf16():
            return torch.autocast(self.device().type, dtype=torch.bfloat16)
        return nullcontext()

    def describe(self) -> dict[str, str]:
        """Return device, precision and threads in words, on a processor with the measured reason of each."""
        choice = self._choice()
        if choice:
            return {"device": str(self.device()), **reasons(choice)}
        precision = "bf16" if self._is_bf16() else "fp32"
        return {"device": str(self.device()), "precision": precision, "threads": str(torch.get_num_threads())}

    def decisive(self) -> list[str]:
        """Return device, precision, routing and threads."""
        choice = self._choice()
        routing, threads = (choice.fp32_routing, choice.threads) if choice else ("", torch.get_num_threads())
        return [str(self.device()), "bf16" if self._is_bf16() else "fp32", routing, str(threads)]

    def _choice(self) -> Choice | None:
        """Return what the processor does best; None on accelerators, for which nothing is measured."""
        if self.device().type != "cpu":
            return None
        return choose(self._asked())

    def _asked(self) -> Asked:
        """Return what the recipe fixes."""
        return Asked(precision=None if self.precision == "auto" else self.precision, threads=self.threads)

    def _is_bf16(self) -> bool:
        if self.precision != "auto":
            return self.precision == "bf16"
        if self.device().type == "cuda":
            return bool(torch.cuda.is_bf16_supported())
        choice = self._choice()
        return choice is not None and choice.precision == "bf16"
