"""Few labels: Tunesmith's ways of training beside SetFit and AutoGluon, on the same rows."""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .figures import NONE, deviation, reasons, results, spread, table
from .rows import Sizes, read, write
from .runs import FOLDER, Task, python

NAME = "few"
OURS = ("contrastive", "full", "head")
PEERS = ("setfit", "autogluon")
SETFIT_PAIRS = 16  # a step of SetFit's defaults


def settings(options: Namespace) -> dict[str, Any]:
    named = ("few_sets", "test_rows", "max_tokens", "setfit_steps", "autogluon_seconds")
    return {name: getattr(options, name) for name in named}


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
    """Leave SetFit its defaults as far as they come to so many steps; the pairs grow with the square of the rows."""
    labels = read(files["train"])[1]
    counts = [labels.count(one) for one in set(labels)]
    same = sum(one * (one + 1) // 2 for one in counts)
    other = (len(labels) ** 2 - sum(one * one for one in counts)) // 2
    steps = math.ceil(2 * max(same, other) / SETFIT_PAIRS)
    return {"max_steps": options.setfit_steps} if steps > options.setfit_steps else {}


def sections(content: dict[str, Any]) -> dict[str, str]:
    lines = []
    for data, counts in content["settings"]["few_sets"].items():
        for count in counts:
            for name in (*OURS, *PEERS):
                where = {"data": data, "per_class": count, "contestant": name}
                line = _line(results(content, **where), reasons(content, **where))
                if line is not None:
                    who = name if name in PEERS else f"Tunesmith, {name}"
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
