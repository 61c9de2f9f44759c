"""How this processor trains fastest at the accuracy that is needed: measured once per machine, then remembered."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from pydantic import Field, ValidationError

from ...core.ids import canonical, value_digest
from ...core.part import Section
from ...core.threads import cores, physical_cores
from . import _measuring

PROBE = 1  # counts the ways of measuring and deciding; what another way found is measured anew
ROUTINGS = ("ieee", "tf32", "bf16")  # of fp32 products, in order of preference
EXACT = 1e-5  # of a row's norm: fp32 stays below 1e-6 over 1536 terms, real tf32 starts at 3e-4, real bf16 at 3e-3
CLOSE = 0.03  # of a row's norm after a layer, forward and backward: rounding to bf16 costs half of it
TIE = 1.1  # times as fast, at least, as what is preferred
BUSY = 0.25  # cores in use by others; from here on, threads wait for those others, and times tell of them
WORTH = 1.2  # times as fast, at least, for bf16 to be worth its rounding

VARIABLE = "TUNESMITH_CACHE"  # the folder of what is remembered between runs
KERNEL_VARIABLES = ("ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA")
CPUINFO = Path("/proc/cpuinfo")
NAMES = r"vendor_id|cpu family|model|model name|stepping|CPU (?:implementer|architecture|variant|part)"
FLAGS = r"(?:avx|amx|fma|sve|sme|asimd|bf16|i8mm)\w*"

Precision = Literal["fp32", "bf16"]
Routing = Literal["ieee", "tf32", "bf16"]


class Product(Section):
    """What fp32 products under one routing took, and their error against float64, relative to a row's norm."""

    routing: Routing
    seconds: float = Field(gt=0)
    error: float = Field(ge=0)


class Step(Section):
    """What a layer's training step took, and its error against float64, relative to a row's norm."""

    precision: Precision
    threads: int = Field(ge=1)
    seconds: float = Field(gt=0)
    error: float = Field(ge=0)


class Figures(Section):
    """All that was measured, each list in order of preference where two are as fast."""

    products: tuple[Product, ...] = ()
    """Empty where torch lacks oneDNN, and with it the choice."""
    steps: tuple[Step, ...] = Field(min_length=1)
    others: float = Field(0.0, ge=0)
    """Cores that other processes kept busy meanwhile."""

    @property
    def is_disturbed(self) -> bool:
        """Whether the times of several threads tell of other processes rather than of the machine."""
        return self.others > BUSY


class Choice(Section):
    """How to compute on this machine; `figures` is None where all was fixed beforehand and nothing measured."""

    precision: Precision
    fp32_routing: Routing
    threads: int = Field(ge=1)
    figures: Figures | None = None


class Asked(Section):
    """What the recipe fixes; None is to be measured."""

    precision: Precision | None = None
    threads: int | None = None


class _Remembered(Section):
    machine: dict[str, Any]
    choice: Choice


class _Timed(Protocol):
    @property
    def seconds(self) -> float: ...


Row = TypeVar("Row", bound=_Timed)

_decided: dict[Asked, Choice] = {}  # of this process, which decides once even where nothing can be written


def choose(asked: Asked) -> Choice:
    """Return the remembered choice, else measure (below two seconds), decide and remember.

    Where precision and threads are both fixed nothing is measured, and fp32 products stay torch's own. A memory that
    cannot be read or written is no error: it is measured again.
    """
    if asked.precision and asked.threads:
        return Choice(precision=asked.precision, fp32_routing="ieee", threads=asked.threads)
    found = remembered(asked)
    if found is None:
        found = decide(measure(asked))
        found = _read(asked) or found  # another process was first: both must compute alike
        _write(asked, found)
        _decided[asked] = found
    return found


def remembered(asked: Asked) -> Choice | None:
    """Return what an earlier call, or an earlier run on this machine, decided; None where there was none."""
    if asked not in _decided:
        found = _read(asked)
        if found is None:
            return None
        _decided[asked] = found
    return _decided[asked]


def settle(asked: Asked, choice: Choice) -> None:
    """Let this process take what another one, with which it computes, has decided."""
    _decided[asked] = choice


def measure(asked: Asked) -> Figures:
    """Measure what is not fixed. Torch's settings and random generators are as before afterwards."""
    physical, logical = physical_cores(), len(cores())
    counts = (asked.threads,) if asked.threads else tuple(dict.fromkeys((physical, logical, 1)))
    both: tuple[Precision, ...] = ("fp32", "bf16") if _measuring.has_bf16() else ("fp32",)
    precisions: tuple[Precision, ...] = (asked.precision,) if asked.precision else both
    seconds: dict[tuple[Precision, int], float] = {}
    started, before = time.perf_counter(), _measuring.others_seconds(cores())
    with _measuring.undisturbed():
        _measuring.set_threads(max(counts), are_pinned=asked.threads is None)  # before anything wakes the pool unpinned
        routings = ROUTINGS if _measuring.can_route() else ()
        rows = zip(routings, _measuring.products(routings), strict=True) if routings else ()
        products = tuple(Product(routing=name, seconds=took, error=error) for name, (took, error) in rows)
        _measuring.set_routing(_routing(products))
        for count in sorted(counts, reverse=True):  # the pool only shrinks: its workers stay where they were pinned
            for precision, took in zip(precisions, _measuring.step_seconds(precisions, count), strict=True):
                seconds[precision, count] = took
        errors = {one: _measuring.step_error(one) for one in precisions}
    steps = [
        Step(precision=one, threads=count, seconds=seconds[one, count], error=errors[one])
        for one in precisions
        for count in counts
    ]
    others = (_measuring.others_seconds(cores()) - before) / (time.perf_counter() - started)
    return Figures(products=products, steps=tuple(steps), others=max(0.0, others))


def decide(figures: Figures) -> Choice:
    """Choose by the figures alone: the preferred of what is as fast, and nothing that is not accurate enough.

    Routing: the fastest at fp32 accuracy. Precision: bf16 where it is clearly faster and close enough, each taken at
    its best number of threads. Threads: the fastest in that precision; what a busy moment found would stay for ever, so
    that it leaves the preferred number, the physical cores.
    """
    fastest = fastest_steps(figures)
    precision: Precision = next(iter(fastest))
    if len(fastest) == 2:
        fp32, bf16 = fastest["fp32"], fastest["bf16"]
        is_better = bf16.error <= CLOSE and fp32.seconds >= WORTH * bf16.seconds
        precision = "bf16" if is_better else "fp32"
    steps = [row for row in figures.steps if row.precision == precision]
    step = steps[0] if figures.is_disturbed else _preferred(steps)
    return Choice(precision=precision, fp32_routing=_routing(figures.products), threads=step.threads, figures=figures)


def fastest_steps(figures: Figures) -> dict[Precision, Step]:
    """Return each precision's step at its best number of threads."""
    slowest_first = sorted(figures.steps, key=lambda row: row.seconds, reverse=True)
    return {row.precision: row for row in slowest_first}


def _routing(products: Sequence[Product]) -> Routing:
    allowed = [row for row in products if row.error <= EXACT or row.routing == "ieee"]
    return _preferred(allowed).routing if allowed else "ieee"


def _preferred(rows: Sequence[Row]) -> Row:
    quickest = min(row.seconds for row in rows)
    return next(row for row in rows if row.seconds < TIE * quickest)


def machine(asked: Asked) -> dict[str, Any]:
    """Return what the decision depends on: processor, its cores and flags, torch, this probe, and what was fixed."""
    try:
        first = CPUINFO.read_text().partition("\n\n")[0]
    except OSError:
        first = f"model name : {platform.machine()} {platform.processor()}"
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", first, re.MULTILINE)
    return {
        "processor": re.findall(rf"^(?:{NAMES})\s*: *(.*)$", first, re.MULTILINE),
        "flags": sorted(word for word in flags[1].split() if re.fullmatch(FLAGS, word)) if flags else [],
        "cores": [physical_cores(), len(cores())],
        "torch": importlib.metadata.version("torch"),
        "probe": PROBE,
        "asked": asked.model_dump(),
        "variables": {name: os.environ[name] for name in KERNEL_VARIABLES if name in os.environ},
    }


def place(asked: Asked) -> Path:
    """Return the file that remembers the choice for this machine."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.environ.get(VARIABLE) or Path(cache, "tunesmith")
    return Path(folder, f"machine-{value_digest(machine(asked))[:16]}.json")


def _read(asked: Asked) -> Choice | None:
    """Return what the file says; None where it is absent, unreadable, of another machine, or not what follows."""
    try:
        found = _Remembered.model_validate_json(place(asked).read_bytes())
    except (OSError, ValidationError):
        return None
    figures = found.choice.figures
    is_whole = figures is not None and found.choice == decide(figures)
    return found.choice if is_whole and found.machine == machine(asked) else None


def _write(asked: Asked, choice: Choice) -> None:
    """Write the file as a whole or not at all; a folder that cannot be written is no error."""
    where, value = place(asked), _Remembered(machine=machine(asked), choice=choice)
    with suppress(OSError):
        where.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=where.parent, suffix=".part", delete=False) as file:
            file.write(canonical(value.model_dump(mode="json")))
        try:
            os.replace(file.name, where)
        except OSError:
            os.unlink(file.name)
            raise
