"""Duplicate questions out of labelled intents: two texts of one intent are about the same, of two intents are not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer

NEIGHBOURS = 5  # intents that are easily taken for another
HARD = 0.5  # share of the unlike pairs whose second text comes from one of these


def write(banking: Path, folder: Path, seed: int = 0) -> dict[str, Path]:
    """Write `train.csv`, `validation.csv` and `test.csv` of pairs and return their paths.

    Test pairs are of test texts, each in one pair, so that they are independent; no text is on two sides. Training
    texts stand in two pairs each; a tenth of them is set aside for validation.
    """
    train, test = (
        pl.read_csv(banking / f"{name}.csv").unique("text", maintain_order=True) for name in ("train", "test")
    )
    known = test["text"].str.to_lowercase().str.strip_chars()
    train = train.filter(pl.col("text").str.to_lowercase().str.strip_chars().is_in(known.to_list()).not_())
    random = np.random.default_rng(seed)
    is_aside = pl.Series(random.random(train.height) < 0.1)
    near = confusable(train)
    parts = {
        "train": pl.concat([pairs(train.filter(~is_aside), near, random) for _ in range(2)]).unique(
            maintain_order=True
        ),
        "validation": pairs(train.filter(is_aside), near, random),
        "test": pairs(test, near, random),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in parts.items():
        rows.write_csv(folder / f"{name}.csv")
    return {name: folder / f"{name}.csv" for name in parts}


def confusable(train: pl.DataFrame) -> dict[str, list[str]]:
    """Return for each intent the ones whose training texts have the most similar words, the most similar first."""
    names = train["category"].unique().sort().to_list()
    words = TfidfVectorizer(sublinear_tf=True).fit(train["text"])
    means = np.stack([words.transform(train.filter(category=name)["text"]).mean(axis=0).A1 for name in names])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    alike = means @ means.T - 2 * np.eye(len(names))
    return {
        name: [names[at] for at in np.argsort(-row)[: min(NEIGHBOURS, len(names) - 1)]]
        for name, row in zip(names, alike, strict=True)
    }


def pairs(texts: pl.DataFrame, near: Mapping[str, list[str]], random: np.random.Generator) -> pl.DataFrame:
    """Return pairs `one other same`, each text in one of them at most, as many alike as unlike but for leftovers."""
    alike, left = [], {}
    for name, some in texts.sort("category").group_by("category", maintain_order=True):
        shuffled = random.permutation(some["text"].to_numpy())
        paired = len(shuffled) // 4 * 2
        alike += [(one, other, "yes") for one, other in shuffled[:paired].reshape(-1, 2)]
        left[str(name[0])] = list(shuffled[paired:])
    unlike = []
    while sum(map(bool, left.values())) > 1:
        first = max(sorted(left), key=lambda name: len(left[name]))  # the fullest, or one would be left over alone
        hard = [name for name in near[first] if left.get(name)]
        others = (
            hard if hard and random.random() < HARD else [name for name in sorted(left) if left[name] and name != first]
        )
        unlike.append((left[first].pop(), left[str(random.choice(others))].pop(), "no"))
    order = random.permutation(len(alike) + len(unlike))
    rows = [*alike, *unlike]
    return pl.DataFrame([rows[at] for at in order], schema=["one", "other", "same"], orient="row")
