"""The answer written into the text: the names of classes, words that only one class has, the number itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from ...core.seed import stream
from ._telling import Asked, classes_told
from ._words import listed

ROWS = 20_000  # texts that are searched; what gives every row away is in these too
ENDS = 1_000  # letters searched at either end of a long text
LEAST = 5  # texts that a word must be in
SHOWN = 3
WORD = r"[\p{L}\p{N}_]+"


def marked(texts: pl.Series, asked: Asked, target: pl.Series) -> Iterator[tuple[str, float]]:
    """Yield what gives the answer away in texts, String (asked,), in words, and how well it does, 0..1.

    `target` holds the answers as they are written, (asked,). Of several labels all must be given away, on average:
    that a text holds the word for one of its labels is as it should be.
    """
    chosen = np.arange(len(texts))
    if len(texts) > ROWS:
        chosen = np.sort(stream(0, "leakage", "texts").choice(len(texts), ROWS, replace=False))
    texts = _searched(texts[chosen])
    if asked.answers[0].dtype.kind == "f":
        yield "the very number that is asked for, which stands in the text,", _numbers(texts, target[chosen])
        return
    answers = [one[chosen] for one in asked.answers]
    yield "the name of the class, which stands in the text,", _names(texts, answers, asked)
    words, score = _words(texts, answers)
    if words:
        yield f"a word in the text ({listed(words, SHOWN)})", score


def _searched(texts: pl.Series) -> pl.Series:
    """Return the ends of the texts in small letters, blank where there is none."""
    texts = texts.fill_null("").str.to_lowercase()
    ends = texts.str.head(ENDS) + " " + texts.str.tail(ENDS)
    return pl.select(pl.when(texts.str.len_chars() > 2 * ENDS).then(ends).otherwise(texts).alias("text"))["text"]


def _numbers(texts: pl.Series, target: pl.Series) -> float:
    """Return how much more of the texts hold their own row's number than hold another row's, as kappa does."""
    whole = target.cast(pl.Float64)
    is_whole = bool((whole == whole.floor()).all()) and float(whole.abs().max() or 0) < 2**53  # type: ignore[arg-type]
    written = (whole.cast(pl.Int64) if is_whole else whole).cast(pl.String)
    frame = pl.DataFrame({"text": texts, "own": written, "other": written.shuffle(seed=0)})
    holds = [pl.col("text").str.contains(pl.col(name), literal=True).mean().alias(name) for name in ("own", "other")]
    own, other = frame.select(holds).row(0)
    return max(0.0, (own - other) / (1 - other)) if other < 1 else 0.0


def _names(texts: pl.Series, answers: list[np.ndarray], asked: Asked) -> float:
    """Return how well the longest name that comes first in a text tells its class, or whether it is there its label."""
    lowered = list(dict.fromkeys(one.lower() for one in asked.classes if one))
    if not lowered:
        return 0.0
    found = texts.str.extract_many(lowered, leftmost=True)
    if len(answers) == 1 and len(asked.classes) > 1:
        first = found.list.first().rank("dense").fill_null(0)
        return classes_told(first.to_numpy().astype(np.int64), answers[0])
    scores = [
        classes_told(found.list.contains(name.lower()).to_numpy().astype(np.int64), labels)
        for name, labels in zip(asked.classes, answers, strict=True)
    ]
    return float(np.mean(scores))


def _words(texts: pl.Series, answers: list[np.ndarray]) -> tuple[list[str], float]:
    """Return the word of each class that tells it best, and how well these words together tell the classes."""
    words = pl.DataFrame({"row": pl.int_range(len(texts), eager=True), "word": texts.str.extract_all(WORD)})
    words = words.explode("word").drop_nulls().unique()
    words = words.filter(pl.len().over("word") >= LEAST)
    marks, scores = [], []
    for labels in answers:
        best = _best(words, labels)
        ranked = (
            words.join(best, on="word")
            .sort("score", "word", descending=[True, False])
            .unique("row", keep="first", maintain_order=True)
        )
        codes = np.zeros(len(texts), np.int64)
        codes[ranked["row"].to_numpy()] = 1 + ranked["word"].rank("dense").to_numpy()
        marks += best["word"].to_list()
        scores.append(classes_told(codes, labels) if best.height else 0.0)
    return list(dict.fromkeys(marks)), float(np.mean(scores))


def _best(words: pl.DataFrame, labels: np.ndarray) -> pl.DataFrame:
    """Return each class's `word` that tells it best from all others, and its `score`, a balanced accuracy."""
    sizes = np.bincount(labels)
    counts = words.with_columns(label=labels[words["row"].to_numpy()]).group_by("word", "label").len("inside")
    size = sizes[counts["label"].to_numpy()]
    everywhere = counts.select(pl.col("inside").sum().over("word"))[:, 0].to_numpy()
    inside = counts["inside"].to_numpy()
    score = (inside / size + 1 - (everywhere - inside) / np.maximum(len(labels) - size, 1)) / 2
    told = counts.with_columns(score=score).sort("score", "word", descending=[True, False])
    return told.unique("label", keep="first", maintain_order=True).select("word", "score").unique("word", keep="first")
