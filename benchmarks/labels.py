"""Measure how many wrong labels `tunesmith check` finds, and what finding them is worth.

    python benchmarks/labels.py ASSETS             # a small version of each part, to see that it works
    python benchmarks/labels.py ASSETS --full      # all of it, kept in benchmarks/kept/labels.json; hours on one core
    python benchmarks/labels.py ASSETS flips --full
    python benchmarks/labels.py --table            # the tables again, from the runs that are there

Parts: flips (labels flipped at random in real sets), human (CIFAR-10N, labels that people got wrong), recovery (what
wrong labels cost a training, and what of it comes back). ASSETS is the folder with the public data sets named in
docs/results.md. The same command again goes on where it was interrupted; `--again` starts anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType

from noise import flips, human, recovery
from training.runs import Kept

PARTS: dict[str, ModuleType] = {module.NAME: module for module in (flips, human, recovery)}
KEPT, SCRATCH = Path("benchmarks/kept/labels.json"), Path("runs/labels")


def main(arguments: list[str]) -> None:
    options = parser().parse_args(arguments)
    path = KEPT if options.full or options.table else SCRATCH / "small.json"
    settings = {"flip_rate": flips.RATE, "pixels": human.SIZE}
    kept = Kept.open(path, settings, f"python benchmarks/labels.py {shown(arguments)}", options.again)
    if not options.table:
        if options.assets is None:
            sys.exit("ASSETS is missing: the folder with the public data sets named in docs/results.md")
        for name in options.parts or list(PARTS):
            measure(PARTS[name], options, kept)
    show(kept)


def shown(arguments: list[str]) -> str:
    """Return the arguments as a reader would give them, without the places of this machine."""
    return " ".join("ASSETS" if "/" in one else one for one in arguments)


def measure(module: ModuleType, options: argparse.Namespace, kept: Kept) -> None:
    for what in module.tasks(options):
        if kept.done(what):
            continue
        folder = SCRATCH / module.NAME / str(what.get("set", ""))
        result = module.run(what, options.assets, folder)
        kept.add({"what": what, "result": result})
        print(f"{what}: {result}", flush=True)


def show(kept: Kept) -> None:
    for name, module in PARTS.items():
        runs = [one for one in kept.content["runs"] if one["what"]["part"] == name]
        if runs:
            print("\n".join(["", f"## {name}", "", *module.table(runs)]))


def part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(PARTS)}")
    return name


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("assets", nargs="?", type=Path)
    made.add_argument("parts", nargs="*", type=part, metavar="{" + ",".join(PARTS) + "}", help="(all)")
    made.add_argument("--full", action="store_true", help="all sets, rows and seeds")
    made.add_argument("--seeds", type=int, default=3, help="of the flips, with --full")
    made.add_argument("--recovery-seeds", type=int, default=2, help="of the trainings, with --full")
    made.add_argument("--recovery-rows", type=int, default=0, help="of the trainings, with --full (all)")
    made.add_argument("--recovery-sets", nargs="+", default=["ag_news", "banking77"], help="of the trainings")
    made.add_argument("--recovery-rates", type=float, nargs="+", default=[0.1, 0.2, 0.3], help="of wrong labels")
    made.add_argument("--table", action="store_true", help="show the tables of the full runs and measure nothing")
    made.add_argument("--again", action="store_true", help="discard the runs that are there")
    return made


if __name__ == "__main__":
    main(sys.argv[1:])
