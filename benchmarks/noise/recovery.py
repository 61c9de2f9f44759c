"""What wrong labels cost a training, and how much of it comes back by dropping or relabelling what the check names.

Labels of train and validation are flipped, those of test are left right. Every training is `tunesmith train` with
defaults, and `clean: {label_errors: drop}` or `relabel`, which changes training rows only: validation stays wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from training.rows import SETS, Sizes, write

from tunesmith.core.events import Events
from tunesmith.recipe import Recipe
from tunesmith.story import Run, tell

from .scores import flipped

NAME = "recovery"
TREATMENTS = ("clean", "noisy", "drop", "relabel")
NOISY = ("train", "validation")


def tasks(options: Any) -> Iterator[dict[str, Any]]:
    """Every treatment of every rate; clean rows need no rate."""
    sets, rates = (options.recovery_sets, options.recovery_rates) if options.full else (("ag_news",), (0.3,))
    for seed in range(options.recovery_seeds if options.full else 1):
        for name in sets:
            for rate in (0.0, *rates):
                for treatment in TREATMENTS[:1] if rate == 0.0 else TREATMENTS[1:]:
                    sizes = {"rows": options.recovery_rows if options.full else 400, "seed": seed}
                    yield {"part": NAME, "set": name, "rate": rate, "treatment": treatment} | sizes


def run(what: dict[str, Any], assets: Path, folder: Path) -> dict[str, Any]:
    assert what["set"] in SETS
    rows, seed = what["rows"], what["seed"]
    write(what["set"], assets, Sizes(rows, rows // 4, rows), seed, folder)
    for name in NOISY:
        frame = pl.read_csv(folder / f"{name}.csv")
        labels, _ = flipped(frame["label"].to_numpy().astype(str), what["rate"], seed)
        frame.with_columns(pl.Series("label", labels)).write_csv(folder / f"{name}.csv")
    files = {name: f"{name}.csv" for name in (*NOISY, "test")}
    treated = {"clean": {"label_errors": what["treatment"]}} if what["treatment"] in ("drop", "relabel") else {}
    data = {"kind": "csv", "path": files, "inputs": ["text"]}
    made = {"data": data, "target": "label", "seed": seed, "split": {"leaks": "drop"}}
    version = tell(Run(Recipe.model_validate(made | treated), folder, folder / "home", Events()))
    assert version is not None
    report = version.report.values
    accuracy = report["metrics"]["accuracy"]["value"]
    return {"accuracy": round(accuracy, 4), "trained on": report["rows"]["train"]}


def table(runs: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| set | rows | wrong labels | right labels | as they are | dropped | recovered | relabelled | recovered |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, rows in dict.fromkeys((one["what"]["set"], one["what"]["rows"]) for one in runs):
        some = [one for one in runs if (one["what"]["set"], one["what"]["rows"]) == (name, rows)]

        def mean(treatment: str, rate: float, some: list[Any] = some) -> float:
            values = [
                one["result"]["accuracy"]
                for one in some
                if one["what"]["treatment"] == treatment and one["what"]["rate"] == rate
            ]
            return float(np.mean(values)) if values else float("nan")

        clean = mean("clean", 0.0)
        for rate in sorted({one["what"]["rate"] for one in some} - {0.0}):
            noisy, drop, relabel = (mean(one, rate) for one in TREATMENTS[1:])
            cost = clean - noisy
            back = [f"{(one - noisy) / cost:.0%}" if cost > 0 else "-" for one in (drop, relabel)]
            figures = f"{clean:.4f} | {noisy:.4f} | {drop:.4f} | {back[0]} | {relabel:.4f} | {back[1]}"
            lines.append(f"| {name} | {rows} | {rate:.0%} | {figures} |")
    return lines
