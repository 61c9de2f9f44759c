"""Train on real public data of the tasks beyond rows and classes, and print what came out.

    python benchmarks/tasks.py ASSETS          # every data set
    python benchmarks/tasks.py ASSETS xquad    # some of them
    python benchmarks/tasks.py --table         # the table again, from the runs that are there

ASSETS is a folder with the public data sets named in docs/results.md. Each run is `tunesmith train recipe.yaml --json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import intent_pairs
from results import train

RUNS = Path("runs/tasks")


def xquad(assets: Path) -> str:
    """1,190 questions to 240 paragraphs of 48 articles; articles stay on one side. About 8 minutes on one core."""
    path = (assets / "qa/xquad_en/xquad.en.json").resolve()
    return (
        f"data: {{kind: squad, path: {path}}}\ntarget: answers\nsplit: {{group: title}}\nbase: minilm\n"
        "checks: {near_duplicates: off}\ntrain: {epochs: 4, batch_size: 8}\n"
    )


def wnut17(assets: Path) -> str:
    """Names in noisy texts, six types of them; the official splits. About 8 minutes on one core."""
    folder = (assets / "ner/wnut17").resolve()
    files = {"train": "wnut17train.conll", "validation": "emerging.dev.conll", "test": "emerging.test.annotated"}
    paths = ", ".join(f"{split}: {folder / name}" for split, name in files.items())
    return f"data: {{kind: conll, path: {{{paths}}}}}\ntarget: tags\nsplit: {{leaks: drop}}\nbase: minilm\n"


def pairs(assets: Path) -> str:
    """Are two questions of Banking77 of one intent? 9,000 pairs to train on. About 10 minutes on one core."""
    return _pairs(assets, "pairs", "joint")


def pairs_apart(assets: Path) -> str:
    """The same pairs, each text read for itself. About 10 minutes on one core."""
    return _pairs(assets, "pairs_apart", "apart")


def _pairs(assets: Path, name: str, how: str) -> str:
    files = intent_pairs.write(assets / "text/banking77", RUNS / name)
    paths = ", ".join(f"{split}: {path.resolve()}" for split, path in files.items())
    return (
        f"data: {{kind: csv, path: {{{paths}}}, inputs: [one, other]}}\ntarget: same\n"
        f"base: {{kind: minilm, pairs: {how}}}\nsplit: {{leaks: drop}}\nchecks: {{near_duplicates: off}}\n"
        "train: {epochs: 3}\n"
    )


SETS = {one.__name__: one for one in (xquad, wnut17, pairs, pairs_apart)}


def row(name: str, result: dict) -> str:
    """One line: the primary metric with its interval, every baseline's, and the verdict."""
    primary = result["primary"]
    ours = result["metrics"][primary]
    others = ", ".join(f"{one} {figures[primary]['value']:.4f}" for one, figures in result["baselines"].items())
    interval = f"{ours['low']:.4f} to {ours['high']:.4f}"
    return (
        f"| {name} | {result['base']} | {result['test_rows']} | {primary} | **{ours['value']:.4f}** | {interval} "
        f"| {others} | {result['verdict']} | {result['seconds']:.0f} |"
    )


def table() -> str:
    """The lines of all runs that are there."""
    head = "| data | base | test rows | metric | Tunesmith | 95 % interval | baselines | verdict | seconds |"
    found = [name for name in SETS if (RUNS / name / "result.json").exists()]
    lines = [row(name, json.loads((RUNS / name / "result.json").read_text("utf-8"))) for name in found]
    return "\n".join([head, "|---" * 9 + "|", *lines])


if __name__ == "__main__":
    if "--table" not in sys.argv:
        for one in sys.argv[2:] or SETS:
            print(row(one, train(RUNS / one, SETS[one](Path(sys.argv[1])))), flush=True)
    print(table())
