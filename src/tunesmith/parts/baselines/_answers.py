"""What the training answers say to baselines that look for spans."""

from __future__ import annotations

import numpy as np

from ...data import words
from ...data.spans import Spans


def usual_words(right: Spans) -> int:
    """Return how many words the training answers have in the middle, one at least."""
    counts = [len(words.words(text)) for text in right.texts]
    return max(1, int(np.median(counts))) if counts else 1
