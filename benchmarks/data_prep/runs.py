"""What is measured: Tunesmith at full size, and beside its peers."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.runs import DISTURBED, Kept, Task, measured

from . import rows
from .judge import judge

PEERS = {
    "pandas + datasketch": ("pandas", "datasketch"),
    "Polars + datasketch": ("polars", "datasketch"),
    "datasets + datasketch": ("datasets", "datasketch"),
    "Polars + Rensa": ("polars", "rensa"),
}
OWN = "Tunesmith"
SEED = 0


def prepared(out: Path, count: int, say: Callable[[str], None]) -> Path:
    """Return the folder of that many generated rows, which are made where they are not there."""
    folder = out / f"rows-{count}"
    if not (folder / "planted.parquet").exists():
        say(f"generating {count:,} rows in {folder}")
        rows.write(count, SEED, folder)
    return folder


def tasks(options: Namespace, folder: Path) -> list[Task]:
    """Return the runs of a part: rounds in turn, A B C, A B C."""
    to = {"rows": str(folder), "to": str(options.out / "sifted")}
    found = []
    for turn in range(options.rounds):
        found.append(Task({"who": OWN, "round": turn}, _own(), to | {"batch": options.batch}))
        if options.part == "peers":
            python, script = options.peers_python or "", str(Path(__file__).parents[1] / "peers" / "run_data.py")
            reason = "" if python else "no --peers-python was given"
            for who, (table, sketches) in PEERS.items():
                job = to | {"table": table, "sketches": sketches, "processes": options.processes}
                found.append(Task({"who": who, "round": turn}, (python, script), job, reason=reason))
    return found


def run(options: Namespace, kept: Kept, say: Callable[[str], None]) -> None:
    """Measure what is not there yet and keep it, each with how much of what was planted it found."""
    folder = prepared(options.out, options.rows, say)
    for task in tasks(options, folder):
        if kept.done(task.what):
            continue
        to = Path(task.job["to"])
        shutil.rmtree(to, ignore_errors=True)
        one: dict[str, Any] = {"what": task.what}
        one |= {"reason": task.reason} if task.reason else measured(task, kept.path.parent.resolve() / "machine")
        if "result" in one:
            one["result"] |= judge(folder, to / "pairs.found")
            one["result"]["megabytes"] = (folder / "rows.csv").stat().st_size / 2**20
        kept.add(one)
        say(f"{kept.path.stem}: {', '.join(map(str, task.what.values()))}: {_words(one, options.rows)}")
        shutil.rmtree(to, ignore_errors=True)


def _own() -> tuple[str, ...]:
    return (sys.executable, "-m", "data_prep.work_tunesmith")


def _words(one: dict[str, Any], count: int) -> str:
    if "reason" in one:
        return one["reason"]
    result = one["result"]
    busy = f", others kept {one['others']:.1f} cores busy" if one["others"] > DISTURBED else ""
    stages = ", ".join(f"{stage['stage']} {stage['seconds']:.1f} s" for stage in result["stages"])
    return (
        f"{count / result['seconds']:,.0f} rows/s, {result['peak_megabytes']:,.0f} MB at most, recall "
        f"{result['recall']:.4f}, precision {result['precision'] or 0:.4f} ({stages}){busy}"
    )
