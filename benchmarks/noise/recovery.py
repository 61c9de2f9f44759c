"""What wrong labels cost a training, and how much of it comes back by dropping or relabelling what the check names.

Labels of train and validation are flipped, those of test are left right. Every training is `tunesmith train` with
defaults; the check sees the same files as the training.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from training.rows import SETS, Sizes, write

from tunesmith.commands.check import examine
from tunesmith.core.events import Events
from tunesmith.recipe import Recipe
from tunesmith.story import Run, tell

from .scores import flipped, found

NAME = "recovery"
TREATMENTS = ("clean", "noisy", "drop", "relabel")
NOISY = ("train", "validation")


def tasks(options: Any) -> Iterator[dict[str, Any]]:
    """Every treatment of every rate; clean rows need no rate."""
    sets, rates = (("ag_news", "banking77"), (0.1, 0.2, 0.3)) if options.full else (("ag_news",), (0.3,))
    for seed in range(options.recovery_seeds if options.full else 1):
        for name in sets:
            for rate in (0.0, *rates):
                for treatment in TREATMENTS[:1] if rate == 0.0 else TREATMENTS[1:]:
                    sizes = {"rows": 0 if options.full else 400, "seed": seed}
                    yield {"part": NAME, "set": name, "rate": rate, "treatment": treatment} | sizes


def run(what: dict[str, Any], assets: Path, folder: Path) -> dict[str, Any]:
    assert what["set"] in SETS
    rows, seed = what["rows"], what["seed"]
    write(what["set"], assets, Sizes(rows, rows // 4, rows), seed, folder)
    frames = {name: pl.read_csv(folder / f"{name}.csv") for name in (*NOISY, "test")}
    both = pl.concat([frames[name] for name in NOISY])
    labels, wrong = flipped(both["label"].to_numpy().astype(str), what["rate"], seed)
    both = both.with_columns(pl.Series("label", labels))
    _save(frames, both, folder)
    files = {name: f"{name}.csv" for name in frames}
    recipe = Recipe.model_validate(
        {"data": {"path": files}, "target": "label", "seed": seed, "split": {"leaks": "drop"}}
    )
    run = Run(recipe, folder, folder / "home", Events())
    named: dict[str, float] = {}
    if what["treatment"] in ("drop", "relabel"):
        both, named = _treated(run, both, what["treatment"], wrong)
        _save(frames, both, folder)
    version = tell(run)
    assert version is not None
    accuracy = version.report.values["metrics"]["accuracy"]["value"]
    return {"accuracy": round(accuracy, 4), "trained on": len(both), "check": named}


def _treated(run: Run, both: pl.DataFrame, treatment: str, wrong: np.ndarray) -> tuple[pl.DataFrame, dict[str, float]]:
    """Drop what the check names, or write down what it suggests; test rows are left alone."""
    known, findings = examine(run)
    ours = [one for one in findings if one.check == "label_errors"]
    texts, sources = known.rows.frame["text"].to_list(), known.rows.index["source"].to_list()
    suggested = {
        (sources[row], texts[row]): value
        for one in ours
        for row, value in zip(one.rows, one.suggestions, strict=True)
        if "test" not in sources[row]
    }
    by_text = {text: value for (_, text), value in suggested.items()}
    named = np.array([text in by_text for text in both["text"]], bool)
    scores = found(named, wrong)
    if treatment == "drop":
        return both.filter(~named), scores
    better = [by_text.get(text, label) for text, label in zip(both["text"], both["label"], strict=True)]
    return both.with_columns(pl.Series("label", better)), scores


def _save(frames: dict[str, pl.DataFrame], both: pl.DataFrame, folder: Path) -> None:
    """Write train and validation again, each text in the file that it was in."""
    validation = set(frames["validation"]["text"])
    is_validation = pl.Series([text in validation for text in both["text"]])
    both.filter(~is_validation).write_csv(folder / "train.csv")
    both.filter(is_validation).write_csv(folder / "validation.csv")


def table(runs: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| set | wrong labels | right labels: accuracy | as they are | dropped | recovered | relabelled | recovered |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(one["what"]["set"] for one in runs):
        some = [one for one in runs if one["what"]["set"] == name]

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
            lines.append(f"| {name} | {rate:.0%} | {figures} |")
    return lines
