"""How much the seed decides where rows are few, with the recipe's precautions and without them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .figures import deviation, results, spread, table
from .rows import Sizes, write
from .runs import Task, python

NAME = "spread"
PLAIN = {
    "epochs": 3,
    "validations": 1,
    "patience": 1000,
    "average": "none",
    "optimizer": {"warmup": 0.0, "layer_decay": 1.0, "schedule": "constant"},
}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "defaults": ("defaults", {}),
    "plain": (
        "3 epochs, no warm-up, constant rate, no layer-wise decay, the last step's weights",
        {"recipe": {"train": PLAIN}, "off": ["selection"]},
    ),
}


def settings(options: Namespace) -> dict[str, Any]:
    named = ("spread_sets", "spread_rows", "validation_rows", "test_rows", "max_tokens")
    return {name: getattr(options, name) for name in named}


def tasks(options: Namespace, folder: Path) -> Iterator[Task]:
    """Yield the variants in turns, seed by seed. Rows are the same for all seeds."""
    for seed in range(options.spread_seeds):
        for data in options.spread_sets:
            for rows in options.spread_rows:
                sizes = Sizes(rows, options.validation_rows, options.test_rows)
                files = write(data, options.assets, sizes, 0, folder / f"{NAME}-{data}-{rows}")
                for name, (_, change) in VARIANTS.items():
                    recipe = {"base": options.base} | change.get("recipe", {})
                    job = {**files, "seed": seed, "recipe": recipe, "off": change.get("off", [])}
                    what = {"data": data, "rows": rows, "variant": name, "seed": seed}
                    yield Task(what, python("work_tunesmith"), job)


def sections(content: dict[str, Any]) -> dict[str, str]:
    lines = []
    for data in content["settings"]["spread_sets"]:
        for rows in content["settings"]["spread_rows"]:
            for name, (words, _) in VARIANTS.items():
                runs = results(content, data=data, rows=rows, variant=name)
                if runs:
                    found = [run["test_accuracy"] for run in runs]
                    seconds = spread([run["seconds"] + run["apart"].get("validation", 0.0) for run in runs])
                    ends = f"{min(found):.4f}", f"{max(found):.4f}"
                    lines.append([data, rows, words, deviation(found), *ends, seconds, len(runs)])
    head = ["data", "training rows", "recipe", "test accuracy, mean ± deviation", "least", "most", "seconds", "seeds"]
    return {"spread": table(head, lines)}
