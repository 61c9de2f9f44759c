"""Numbers to cells, and cells to tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import mean, median, stdev
from typing import Any

NONE = "-"


def spread(values: Iterable[float | None], form: str = ".1f") -> str:
    """Return `median (least to most)`, the median alone where there is one value, `-` where there is none."""
    known = [one for one in values if one is not None]
    if not known:
        return NONE
    middle = format(median(known), form)
    return middle if len(known) == 1 else f"{middle} ({min(known):{form}} to {max(known):{form}})"


def deviation(values: Iterable[float | None]) -> str:
    """Return `mean +- standard deviation`, the latter of a sample."""
    known = [one for one in values if one is not None]
    if not known:
        return NONE
    return f"{mean(known):.4f}" if len(known) == 1 else f"{mean(known):.4f} ± {stdev(known):.4f}"


def proportion(values: Sequence[float], rows: int) -> str:
    """Return the mean share and Wilson's 95 % interval of one measurement of it over so many rows."""
    share, z = mean(values), 1.959964
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return f"{share:.4f} ({middle - half:.4f} to {middle + half:.4f})"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def results(content: dict[str, Any], **wanted: Any) -> list[dict[str, Any]]:
    """Return the results of the runs whose `what` holds these values, each with its seed, in their order."""
    chosen = [run for run in content["runs"] if "result" in run and "absent" not in run["result"]]
    chosen = [run for run in chosen if wanted.items() <= run["what"].items()]
    found = [run["result"] | {"seed": run["what"].get("seed", 0)} for run in chosen]
    return sorted(found, key=lambda one: one["seed"])


def reasons(content: dict[str, Any], **wanted: Any) -> list[str]:
    """Return why runs whose `what` holds these values have no result, each reason once."""
    chosen = [run for run in content["runs"] if wanted.items() <= run["what"].items()]
    found = [run.get("reason") or run["result"].get("absent") for run in chosen]
    return sorted({one for one in found if one})
