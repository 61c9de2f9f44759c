"""What the training answers say to baselines that answer with texts, or with spans of one."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ...data import words
from ...data.spans import Spans


def usual_words(right: Spans) -> int:
    """Return how many words the training answers have in the middle, one at least."""
    counts = [len(words.words(text)) for text in right.texts]
    return max(1, int(np.median(counts))) if counts else 1


def usual_text(texts: np.ndarray) -> str:
    """Return the most frequent of these texts, object (rows,), the first in order where several are."""
    counts = Counter(texts.tolist())
    return min(counts, key=lambda text: (-counts[text], text))
