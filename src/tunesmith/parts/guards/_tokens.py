"""What guards of language models look at, and small rows of tokens that they plant their faults in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...data import Encoded, Ragged
from ...data.prompts import Marks
from . import Evidence

SHOWN = 3
BEGIN, END = 1, 2


def labelled(evidence: Evidence) -> Iterator[tuple[str, Encoded, Ragged, Ragged]]:
    """Yield each split with its tokens and their weights."""
    for name, rows in evidence.encoded.items():
        tokens, weights = rows.inputs["tokens"], rows.inputs["weights"]
        assert isinstance(tokens, Ragged)
        assert isinstance(weights, Ragged)
        yield name, rows, tokens, weights


def named(rows: Encoded, odd: np.ndarray) -> str:
    """Return how many rows are odd, bool (rows,), and the ids of the first."""
    ids = [rows.ids[at] for at in np.flatnonzero(odd)[:SHOWN]]
    return f"{int(odd.sum())} of {len(rows)} rows, such as {', '.join(ids)},"


def evidence(tokens: Sequence[Sequence[int]], weights: Sequence[Sequence[float]], asked: int = 2) -> Evidence:
    """Return training rows of these tokens, what is asked being the first few of them."""
    flat = np.array([one for row in weights for one in row], np.float32)
    inputs = {
        "asked": Ragged.of([row[:asked] for row in tokens]),
        "tokens": Ragged.of(tokens),
        "weights": Ragged.cut(flat, np.array([len(row) for row in weights], np.int64)),
    }
    rows = Encoded(tuple(f"row-{at}" for at in range(len(tokens))), inputs)
    served = Encoded(rows.ids, {"asked": inputs["asked"]})
    return Evidence(encoded={"train": rows}, marks=Marks(BEGIN, frozenset({END}), 8), served=served)
