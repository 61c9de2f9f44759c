"""The page docs/benchmarks-data.md: the prose of page.md with the tables of the runs that are there."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from training.figures import NONE, spread, table
from training.page import PATHS, PLACE, _disturbed, _machine, missing

TEMPLATE = Path(__file__).with_name("page.md")
PARTS = ("scale", "peers")


def write(kept: Path, to: Path) -> None:
    """Write the page from the runs kept in a folder."""
    values: dict[str, str] = {}
    for name in PARTS:
        path = kept / f"data-{name}.json"
        if path.exists():
            values |= part(name, json.loads(path.read_text("utf-8")))
    text = PLACE.sub(lambda found: values.get(found[1], missing(found[1])), TEMPLATE.read_text("utf-8"))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(PATHS.sub("...", text), "utf-8")


def part(name: str, content: dict[str, Any]) -> dict[str, str]:
    """Return what one part gives to the page."""
    rows = content["settings"]["rows"]
    found: dict[str, list[dict[str, Any]]] = {}
    megabytes = [one["result"]["megabytes"] for one in content["runs"] if "result" in one]
    for one in content["runs"]:
        found.setdefault(one["what"]["who"], [])
        if "result" in one:
            found[one["what"]["who"]].append(one["result"])
    return {
        f"{name}_machine": _machine(content["machine"]),
        f"{name}_commands": "\n".join(f"    python benchmarks/data.py {one}" for one in content["commands"]),
        f"{name}_disturbed": _disturbed(content["runs"]),
        f"{name}_rows": f"{rows:,}",
        f"{name}_megabytes": f"{max(megabytes, default=0):,.0f}",
        f"{name}_summary": _summary(found, rows),
        f"{name}_stages": "\n\n".join(_stages(who, results, rows) for who, results in found.items() if results),
    }


def _summary(found: dict[str, list[dict[str, Any]]], rows: int) -> str:
    head = ["who", "rows/s", "times the slowest", "seconds", "CPU seconds", "peak MB"]
    head += ["near pairs found", "recall of those planted", "precision", "runs"]
    rates = {who: median(rows / one["seconds"] for one in results) for who, results in found.items() if results}
    lines = []
    for who, results in found.items():
        if not results:
            lines.append([who, *[NONE] * (len(head) - 2), 0])
            continue
        lines.append(
            [
                who,
                spread((rows / one["seconds"] for one in results), ",.0f"),
                f"{rates[who] / min(rates.values()):.1f}",
                spread(one["seconds"] for one in results),
                spread(one["cpu_seconds"] for one in results),
                spread((one["peak_megabytes"] for one in results), ",.0f"),
                spread((one["pairs"] for one in results), ",.0f"),
                spread((one["recall"] for one in results), ".4f"),
                spread((one["precision"] for one in results), ".4f"),
                len(results),
            ]
        )
    return table(head, lines)


def _stages(who: str, results: list[dict[str, Any]], rows: int) -> str:
    lines = []
    for at, stage in enumerate(results[0]["stages"]):
        every = [one["stages"][at] for one in results]
        lines.append(
            [
                stage["stage"],
                spread(one["seconds"] for one in every),
                spread((rows / max(one["seconds"], 1e-3) for one in every), ",.0f"),
                spread(one["cpu_seconds"] for one in every),
                spread((one["peak_megabytes"] for one in every), ",.0f"),
            ]
        )
    return table([who, "seconds", "rows/s", "CPU seconds", "peak MB"], lines)
