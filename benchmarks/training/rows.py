"""Public data sets as train, validation and test files of the columns `text` and `label`, the same for everybody."""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TOPICS = {"1": "World", "2": "Sports", "3": "Business", "4": "Technology"}
FEELINGS = {"0": "negative", "1": "positive"}
PARTS = ("train", "validation", "test")

Row = tuple[str, str]
Parts = dict[str, list[Row]]


@dataclass(frozen=True)
class Sizes:
    """How many rows of each part; 0: all. `per_class` takes so many labelled rows of each class in all instead."""

    train: int = 0
    validation: int = 0
    test: int = 0
    per_class: int = 0


def ag_news(assets: Path) -> Parts:
    """The 7,600 rows of the official test file, which is all that is here; title and description are one text."""
    with (assets / "text/ag_news_test/test.csv").open(newline="", encoding="utf-8") as file:
        rows = [(f"{title}. {description}", TOPICS[topic]) for topic, title, description in csv.reader(file)]
    random.Random("ag_news").shuffle(rows)
    return {"train": rows[2_500:], "validation": rows[1_500:2_500], "test": rows[:1_500]}


def sst2(assets: Path) -> Parts:
    files = zip(PARTS, ("train.tsv", "dev.tsv", "test.tsv"), strict=True)
    return {part: _tabbed(assets / "text/sst2" / name) for part, name in files}


def banking77(assets: Path) -> Parts:
    """The official files; validation is a tenth of train."""
    train, test = (_headed(assets / "text/banking77" / name) for name in ("train.csv", "test.csv"))
    random.Random("banking77").shuffle(train)
    return {"train": train[len(train) // 10 :], "validation": train[: len(train) // 10], "test": test}


SETS = {one.__name__: one for one in (ag_news, sst2, banking77)}


def write(name: str, assets: Path, sizes: Sizes, seed: int, folder: Path) -> dict[str, str]:
    """Write the parts as CSV and return their paths by name. What is drawn follows from the seed alone.

    No text stands twice, whatever its label: of copies, that in test stays, then that in validation.
    """
    parts = _without_copies(SETS[name](assets))
    draw = random.Random(f"{name} {seed}")
    test = draw.sample(parts["test"], min(sizes.test or len(parts["test"]), len(parts["test"])))
    if sizes.per_class:
        train, validation = few(parts["train"], sizes.per_class, draw)
    else:
        train = draw.sample(parts["train"], min(sizes.train or len(parts["train"]), len(parts["train"])))
        known = {label for _, label in train}
        test = [row for row in test if row[1] in known]
        validation = [row for row in parts["validation"] if row[1] in known]
        validation = draw.sample(validation, min(sizes.validation or len(validation), len(validation)))
    folder.mkdir(parents=True, exist_ok=True)
    chosen = dict(zip(PARTS, (train, validation, test), strict=True))
    return {part: str(_write(folder / f"{part}.csv", rows)) for part, rows in chosen.items()}


def few(rows: list[Row], per_class: int, draw: random.Random) -> tuple[list[Row], list[Row]]:
    """Return training and validation rows out of `per_class` labelled rows of each class and no others.

    From 32 a class on, an eighth of them is validation; below, the training rows are looked at again.
    """
    by_class: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_class[row[1]].append(row)
    chosen = {label: draw.sample(found, min(per_class, len(found))) for label, found in sorted(by_class.items())}
    held = per_class // 8 if per_class >= 32 else 0
    train = [row for found in chosen.values() for row in found[held:]]
    draw.shuffle(train)
    return train, [row for found in chosen.values() for row in found[:held]] or train


def read(path: str | Path) -> tuple[list[str], list[str]]:
    """Return texts and labels of a file written here."""
    rows = _headed(Path(path))
    return [text for text, _ in rows], [label for _, label in rows]


def _without_copies(parts: Parts) -> Parts:
    seen: set[str] = set()
    kept: Parts = {}
    for part in reversed(PARTS):
        kept[part] = []
        for raw, label in parts[part]:
            text = re.sub(r"\s+", " ", raw).strip()
            if text and text not in seen:
                seen.add(text)
                kept[part].append((text, label))
    return kept


def _tabbed(path: Path) -> list[Row]:
    lines = path.read_text("utf-8").splitlines()
    return [(text, FEELINGS[label]) for text, _, label in (line.rpartition("\t") for line in lines if line)]


def _headed(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return [(text, label) for text, label in list(csv.reader(file))[1:]]


def _write(path: Path, rows: Iterable[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path.resolve()
