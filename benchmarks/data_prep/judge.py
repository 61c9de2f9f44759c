"""What was found against what was planted, by plain sets of character 5-grams: no code of any contestant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

THRESHOLD, WIDTH = 0.8, 5
SAMPLE = 20_000  # pairs of each kind whose texts are compared


def judge(rows: Path, found: Path) -> dict[str, Any]:
    """Return recall of the planted near pairs of Jaccard >= 0.8, and precision of the found ones, with their counts.

    A planted pair counts as found where it is in the pairs, in either order. Copies are removed before and not counted.
    """
    planted = pl.read_parquet(rows / "planted.parquet").filter(pl.col("edits") > 0)
    pairs = pl.read_parquet(found)
    random = np.random.default_rng(0)
    wanted, some = (_sample(one["first", "second"], random) for one in (planted, pairs))
    texts = _texts(rows / "rows.csv", np.unique(np.concatenate([wanted.ravel(), some.ravel()])))
    near = wanted[_similar(texts, wanted)]
    known = {(int(min(pair)), int(max(pair))) for pair in pairs["first", "second"].to_numpy()}
    hits = sum((int(min(pair)), int(max(pair))) in known for pair in near)
    return {
        "planted": len(near),
        "recall": hits / max(1, len(near)),
        "judged": len(some),
        "precision": float(_similar(texts, some).mean()) if len(some) else None,
    }


def _sample(pairs: pl.DataFrame, random: np.random.Generator) -> np.ndarray:
    chosen = random.permutation(pairs.height)[:SAMPLE]
    return pairs[chosen].to_numpy().astype(np.int64)


def _texts(path: Path, rows: np.ndarray) -> dict[int, str]:
    """Return the texts of these rows; the file is read in pieces."""
    table = pl.scan_csv(path).select("text").with_row_index("row")
    wanted = pl.DataFrame({"row": rows}).cast(pl.UInt32).lazy()
    found = table.join(wanted, on="row", how="semi").collect(engine="streaming")
    return dict(found.iter_rows())


def _similar(texts: dict[int, str], pairs: np.ndarray) -> np.ndarray:
    return np.array([_jaccard(texts[int(one)], texts[int(other)]) >= THRESHOLD for one, other in pairs], bool)


def _jaccard(one: str, other: str) -> float:
    first, second = ({text[at : at + WIDTH] for at in range(len(text) - WIDTH + 1)} for text in (one, other))
    return len(first & second) / len(first | second)
