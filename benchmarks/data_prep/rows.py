"""Generated rows: texts of about 250 characters and five columns, with copies and near copies planted among them.

Words follow a Zipf-Mandelbrot law over 50,000 made-up ones. Of every block, two rows in a hundred repeat an earlier
block's row, three repeat one but for one to five replaced characters of the text: a Jaccard similarity of character
5-grams of about 0.96 to 0.82. Each row is repeated at most once, so that what was planted is known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow

BLOCK = 100_000
WORDS, VOCABULARY = 42, 50_000
COPIES, NEAR = 0.02, 0.03
EDITS = 5
INPUTS = {"text": "text", "price": "number", "quantity": "number", "shop": "category", "country": "category"}
LETTERS = np.frombuffer(b"etaoinshrdlcumwfgypbvk", np.uint8)


def write(rows: int, seed: int, folder: Path) -> None:
    """Write rows.csv, and planted.parquet with `first`, `second` (row numbers from 0) and `edits` (0: a copy)."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    words, odds = vocabulary(random)
    stash: list[tuple[pl.DataFrame, np.ndarray]] = []
    planted = []
    with (folder / "rows.csv").open("wb") as file:
        step = max(1_000, min(BLOCK, rows // 10))
        for at, start in enumerate(range(0, rows, step)):
            size = min(step, rows - start)
            frame, found = block(size, start, (words, odds), stash, np.random.default_rng([seed, at]))
            frame.write_csv(file, include_header=at == 0)
            planted.append(found)
    pl.concat(planted).write_parquet(folder / "planted.parquet")


def vocabulary(random: np.random.Generator) -> tuple[pl.Series, np.ndarray]:
    """Return words, each with a space behind it, and the running sum of their odds; frequent ones are short."""
    sizes = np.clip(random.normal(2.0 + np.log2(np.arange(1, VOCABULARY + 1)) / 2.4, 1.8), 2, 14).astype(int)
    odds = 1 / np.linspace(1, len(LETTERS) / 3, len(LETTERS))
    letters = LETTERS[random.choice(len(LETTERS), sizes.sum(), p=odds / odds.sum())].tobytes().decode()
    ends = np.cumsum(sizes)
    words = [letters[end - size : end] + " " for end, size in zip(ends, sizes, strict=True)]
    weight = 1 / (np.arange(1, VOCABULARY + 1) + 2.7)
    return pl.Series(words), np.cumsum(weight / weight.sum())


def block(
    size: int,
    start: int,
    words: tuple[pl.Series, np.ndarray],
    stash: list[tuple[pl.DataFrame, np.ndarray]],
    random: np.random.Generator,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of one block and what was planted in it. Adds rows that later blocks may repeat to the stash."""
    old = int(size * (COPIES + NEAR)) if stash else 0
    copies = int(old * COPIES / (COPIES + NEAR))
    own = _originals(size - old, words, random)
    order = random.permutation(size)  # row i of the block is row order[i] of own + repeated
    place = np.empty(size, np.int64)
    place[order] = start + np.arange(size)
    found = pl.DataFrame(schema=dict.fromkeys(["first", "second", "edits"], pl.Int64))
    if old:
        source, numbers = _taken(stash, old)
        edits = np.concatenate([np.zeros(copies, np.int64), random.integers(1, EDITS + 1, old - copies)])
        own = pl.concat([own, source.with_columns(_edited(source["text"], edits, random))])
        found = pl.DataFrame({"first": numbers, "second": place[size - old :], "edits": edits})
    spare = int((size - old) * 2 * (COPIES + NEAR))  # each block's serves the next two of its kind
    stash.append((own[:spare], place[:spare]))
    return own[order], found


def _originals(size: int, words: tuple[pl.Series, np.ndarray], random: np.random.Generator) -> pl.DataFrame:
    vocabulary, odds = words
    chosen = np.minimum(np.searchsorted(odds, random.random(size * WORDS, np.float32)), VOCABULARY - 1)
    array = vocabulary.gather(chosen).to_arrow()
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset :][: size * WORDS + 1 : WORDS]
    texts = pyarrow.LargeStringArray.from_buffers(size, pyarrow.py_buffer(offsets.copy()), array.buffers()[2])
    return pl.DataFrame(
        {
            "text": pl.Series(pl.from_arrow(texts)).str.strip_chars(),
            "price": random.lognormal(3.0, 1.0, size).round(2),
            "quantity": random.integers(1, 100, size),
            "shop": pl.Series([f"shop-{at:03d}" for at in range(200)]).gather(random.integers(0, 200, size)),
            "country": pl.Series(["DE", "FR", "IT", "ES", "PL", "NL", "BE"]).gather(random.integers(0, 7, size)),
            "label": pl.Series(["praise", "complaint", "question"]).gather(random.integers(0, 3, size)),
        }
    )


def _taken(stash: list[tuple[pl.DataFrame, np.ndarray]], count: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Take rows out of the stash, the oldest first, so that most are repeated far behind."""
    frames, numbers = [], []
    while count:
        frame, where = stash.pop(0)
        frames.append(frame[:count])
        numbers.append(where[:count])
        if frame.height > count:
            stash.insert(0, (frame[count:], where[count:]))
        count -= min(count, frame.height)
    return pl.concat(frames), np.concatenate(numbers)


def _edited(texts: pl.Series, edits: np.ndarray, random: np.random.Generator) -> pl.Series:
    """Return the texts with as many characters replaced by others, each in a part of the text of its own."""
    lengths = texts.str.len_bytes().to_numpy().astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    letters = np.frombuffer("".join(texts).encode(), np.uint8).copy()
    for turn in range(edits.max(initial=0)):
        rows = np.flatnonzero(edits > turn)
        part = lengths[rows] / edits[rows]
        at = offsets[rows] + (part * (turn + random.uniform(0.2, 0.8, len(rows)))).astype(np.int64)
        letters[at] = ord("a") + (letters[at].astype(np.int64) - ord("a") + random.integers(1, 25, len(rows))) % 26
    array = pyarrow.LargeStringArray.from_buffers(len(texts), pyarrow.py_buffer(offsets), pyarrow.py_buffer(letters))
    return pl.Series("text", pl.from_arrow(array))
