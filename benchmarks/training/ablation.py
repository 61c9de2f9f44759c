"""What each piece of Tunesmith's engine brings: all of them, and each one left out."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

from .figures import NONE, reasons, results, spread, table
from .rows import Sizes, write
from .runs import Task, python

NAME = "ablation"
FP32 = {"engine": {"kind": "local", "precision": "fp32"}}
VARIANTS: dict[str, tuple[str, list[str], dict[str, Any]]] = {
    "all": ("everything on", [], {}),
    "kernel": ("without own arithmetic, which narrowing needs", ["kernel"], {}),
    "narrowing": ("without vocabulary narrowing", ["narrowing"], {}),
    "bf16": ("without bf16", [], FP32),
    "pinning": ("without pinned threads", ["pinning"], {}),
    "allocator": ("without kept memory", ["allocator"], {}),
    "soup": ("without the average of the best weights", [], {"average": "none"}),
    "none": ("without all of these", ["kernel", "pinning", "allocator"], FP32 | {"average": "none"}),
}


def settings(options: Namespace) -> dict[str, Any]:
    named = ("ablation_rows", "ablation_epochs", "validation_rows", "test_rows", "batch_size", "max_tokens")
    return {name: getattr(options, name) for name in named}


def tasks(options: Namespace, folder: Path) -> Iterator[Task]:
    """Yield the variants in turns."""
    sizes = Sizes(options.ablation_rows, options.validation_rows, options.test_rows)
    for seed in range(options.ablation_seeds):
        files = write("ag_news", options.assets, sizes, 0, folder / NAME)
        for name in ("all", "kernel") if options.quick else VARIANTS:
            _, off, change = VARIANTS[name]
            train = {"epochs": options.ablation_epochs, "batch_size": options.batch_size, "patience": 1000} | change
            job = {**files, "seed": seed, "recipe": {"base": options.base, "train": train}, "off": off}
            yield Task({"variant": name, "seed": seed}, python("work_tunesmith"), job)


def sections(content: dict[str, Any]) -> dict[str, str]:
    epochs, whole = content["settings"]["ablation_epochs"], results(content, variant="all")
    base = median(run["rows"] * epochs / run["seconds"] for run in whole) if whole else None
    lines = []
    for name, (words, _, _) in VARIANTS.items():
        runs, said = results(content, variant=name), reasons(content, variant=name)
        if runs:
            rates = [run["rows"] * epochs / run["seconds"] for run in runs]
            share = NONE if base is None else f"{median(rates) / base:.2f}"
            validation = spread([run["apart"].get("validation", 0.0) for run in runs])
            accuracy = f"{mean(run['test_accuracy'] for run in runs):.4f}"
            steps = runs[0]["steps"]
            lines.append([words, spread(rates), share, validation, accuracy, steps, len(runs)])
        elif said:
            lines.append([words, NONE, NONE, NONE, NONE, NONE, "; ".join(said)])
    head = ["variant", "rows/s", "of everything on", "validation, seconds more", "test accuracy, mean", "steps", "runs"]
    return {"ablation": table(head, lines)}
