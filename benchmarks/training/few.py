"""Few labels: Tunesmith's ways of training beside SetFit and AutoGluon, on the same rows."""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .figures import NONE, deviation, reasons, results, spread, table
from .machine import allowed_cores
from .rows import Sizes, read, write
from .runs import FOLDER, Task, python

NAME = "few"
OURS = ("contrastive", "full", "head")
PEERS = ("setfit", "autogluon")
SETFIT_PAIRS = 16  # a step of SetFit's defaults
UNCUT = "setfit, all its steps"
MOST_UNCUT = 600  # where SetFit's defaults come to no more steps than these, one seed is trained with all of them


def settings(options: Namespace) -> dict[str, Any]:
    named = ("test_rows", "max_tokens", "setfit_steps", "autogluon_seconds")
    return {name: getattr(options, name) for name in named} | {"cores": len(allowed_cores())}


def tasks(options: Namespace, folder: Path) -> Iterator[Task]:
    """Yield all contestants in turns, seed by seed; a seed draws other rows, the same ones for every contestant."""
    for seed in range(options.few_seeds):
        for data, counts in options.few_sets.items():
            for count in counts:
                sizes = Sizes(test=options.test_rows, per_class=count)
                files = write(data, options.assets, sizes, seed, folder / f"{NAME}-{data}-{count}-{seed}")
                what = {"data": data, "per_class": count, "seed": seed}
                for name in OURS if not options.quick else OURS[:1]:
                    recipe = {"base": options.base, "strategy": name}
                    job = {**files, "seed": seed, "recipe": recipe}
                    yield Task(what | {"contestant": name}, python("work_tunesmith"), job)
                for name in PEERS:
                    yield _peer(options, name, what, _all_rows(name, count, files))
                if seed == 0 and options.setfit_steps < _setfit_steps(_all_rows("setfit", count, files)) <= MOST_UNCUT:
                    uncut = Namespace(**vars(options) | {"setfit_steps": MOST_UNCUT})
                    task = _peer(uncut, "setfit", what, _all_rows("setfit", count, files))
                    yield replace(task, what=what | {"contestant": UNCUT})


def _all_rows(name: str, count: int, files: dict[str, str]) -> dict[str, str]:
    """Give SetFit, which looks at no validation rows, those to train on as well."""
    if name != "setfit" or not count:
        return files
    train, validation = (list(zip(*read(files[part]), strict=True)) for part in ("train", "validation"))
    return files if validation == train else files | {"train": str(_joined(files))}


def _joined(files: dict[str, str]) -> Path:
    both = [Path(files[part]).read_text("utf-8") for part in ("train", "validation")]
    place = Path(files["train"]).with_name("train_and_validation.csv")
    place.write_text(both[0] + both[1].partition("\n")[2], "utf-8")
    return place


def _peer(options: Namespace, name: str, what: dict[str, Any], files: dict[str, str]) -> Task:
    interpreter, script = getattr(options, f"{name}_python"), FOLDER / "peers" / f"run_{name}.py"
    reason = ""
    if not interpreter:
        reason = f"not run: no --{name}-python was given"
    elif not script.exists():
        reason = f"not run: there is no benchmarks/peers/{script.name}"
    chosen = _setfit(options, files) if name == "setfit" else {"time_limit": options.autogluon_seconds}
    job = {**files, "model": options.model, "seed": what["seed"], "epochs": 4, "batch_size": 32, "options": chosen}
    return Task(what | {"contestant": name}, (interpreter or sys.executable, str(script)), job, {}, reason)


def _setfit(options: Namespace, files: dict[str, str]) -> dict[str, int]:
    """Leave SetFit its defaults as far as they come to so many steps."""
    return {"max_steps": options.setfit_steps} if _setfit_steps(files) > options.setfit_steps else {}


def _setfit_steps(files: dict[str, str]) -> int:
    """Return how many steps SetFit's defaults come to; its pairs grow with the square of the rows."""
    labels = read(files["train"])[1]
    counts = [labels.count(one) for one in set(labels)]
    same = sum(one * (one + 1) // 2 for one in counts)
    other = (len(labels) ** 2 - sum(one * one for one in counts)) // 2
    return math.ceil(2 * max(same, other) / SETFIT_PAIRS)


def sections(content: dict[str, Any]) -> dict[str, str]:
    lines = []
    for data, count in dict.fromkeys((run["what"]["data"], run["what"]["per_class"]) for run in content["runs"]):
        for name in (*OURS, *PEERS, UNCUT):
            where = {"data": data, "per_class": count, "contestant": name}
            line = _line(results(content, **where), reasons(content, **where))
            if line is not None:
                who = f"Tunesmith, {name}" if name in OURS else name
                lines.append([data, count or "all", who, *line])
    head = ["data", "labels per class", "who", "test accuracy, mean ± deviation", "seconds", "CPU seconds", "seeds"]
    return {"few": table([*head, "remarks"], lines)}


def _line(runs: list[dict[str, Any]], said: list[str]) -> list[Any] | None:
    """Return the cells of one contestant; its reasons where it did not run, None where nobody asked it to."""
    if not runs:
        return [NONE, NONE, NONE, 0, "; ".join(said)] if said else None
    found = [run.get("test_accuracy", run.get("accuracy")) for run in runs]
    apart = [run.get("apart", {}).get("validation", 0.0) for run in runs]
    seconds = [run.get("seconds", run.get("train_seconds")) + more for run, more in zip(runs, apart, strict=True)]
    remarks = [f"version {runs[0]['version']}", *said]
    steps = runs[0].get("settings", {}).get("optimizer_steps")
    remarks += [f"{steps} steps"] if steps is not None else []
    return [
        deviation(found),
        spread(seconds),
        spread([run["cpu_seconds"] for run in runs]),
        len(runs),
        ", ".join(remarks),
    ]
