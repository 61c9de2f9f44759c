"""One seed, many independent named streams: adding a consumer never moves the numbers of another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from .need import lazy

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


def derive(seed: int, *names: str | int) -> int:
    """Return the 63-bit seed of the stream with that name, for instance `derive(0, "batches", epoch)`."""
    text = "\x1f".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the numpy generator of the stream with that name."""
    return np.random.default_rng(derive(seed, *names))
