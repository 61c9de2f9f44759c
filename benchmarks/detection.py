"""Train the smallest detector from nothing on Penn-Fudan's street scenes, and keep its curve and figures.

    python benchmarks/detection.py ASSETS          # about ten minutes on one core
    python benchmarks/detection.py --table         # curve and figures again, from the run that was kept

ASSETS is a folder with the public data sets named in docs/results.md. What it shows: the line from files of boxes to a
measured version, and a curve of average precision that rises. What it does not show: a good detector of pedestrians,
which 116 pictures and no pre-trained weights do not make.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from results import RUNS, train

from tunesmith.registry import Registry

KEPT = Path("benchmarks/kept/detection.json")
FOLDER = RUNS / "pennfudan"
RECIPE = """data: {{kind: voc, path: {path}}}
base: {{kind: query_net, side: 160, stride: 16, width: 64, depth: 2}}
augment: [flip, {{kind: crop, least: 0.4}}, colour]
train: {{epochs: 120, batch_size: 8, validations: 1, patience: 120, optimizer: {{kind: adamw, learning_rate: 0.001}}}}
"""
FIGURES = ("map", "map_50", "map_75", "recall_100")
SHOWN = 12  # points of the curve


def main(arguments: list[str]) -> None:
    if arguments != ["--table"]:
        if len(arguments) != 1 or arguments[0].startswith("-"):
            sys.exit(__doc__)
        path = (Path(arguments[0]) / "detection/pennfudan").resolve()
        FOLDER.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        train(FOLDER, RECIPE.format(path=path))
        keep(round(time.monotonic() - started))
    show(json.loads(KEPT.read_text("utf-8")))


def keep(seconds: int) -> None:
    """Write the newest version's curve and figures, beside the recipe without its path."""
    report = json.loads(Registry(RUNS / "home").versions(FOLDER.name)[-1].read("report.json"))
    kept = {
        "recipe": RECIPE.format(path="ASSETS/detection/pennfudan"),
        "rows": report["rows"],
        "seconds": seconds,
        "metrics": {name: report["metrics"][name] for name in FIGURES},
        "baselines": {kind: {name: figures[name] for name in FIGURES} for kind, figures in report["baselines"].items()},
        "per_class": report["per_class"],
        "verdict": report["verdict"],
        "curve": [
            {"epoch": one["epoch"], "map": one["map"], "loss": one["loss"]}
            for one in report["curves"]["validations"]
            if "map" in one
        ],
    }
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def show(kept: dict[str, Any]) -> None:
    """Print the test figures beside the baselines', and the curve on the validation pictures."""
    for name, figures in {"query_net": kept["metrics"], **kept["baselines"]}.items():
        told = (f"{key} {one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})" for key, one in figures.items())
        print(f"{name}: {', '.join(told)}")
    for name, figures in kept["per_class"].items():
        told = (f"{key} {one['value']:.3f}" for key, one in figures.items() if key != "rows")
        print(f"  {name}, in {figures['rows']} test pictures: {', '.join(told)}")
    print(f"verdict: {kept['verdict']['decision']}; {kept['verdict']['because']}")
    curve = kept["curve"]
    for at in sorted({round(place * (len(curve) - 1) / (SHOWN - 1)) for place in range(SHOWN)}):
        one = curve[at]
        print(f"epoch {one['epoch']:5.0f}  map {one['map']:.3f}  {'#' * round(100 * one['map'])}")


if __name__ == "__main__":
    main(sys.argv[1:])
