"""How alike the two texts of a row are: what a similarity, a duplicate or an answer to a query can be told from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.need import lazy
from ...data import Encoded
from . import Question

feature_text = lazy("sklearn.feature_extraction.text")
TOKEN = r"(?u)\b\w+\b|\S"


def are_pairs(encoded: Encoded) -> bool:
    """Return whether the rows have exactly two texts."""
    return "text" in encoded.inputs and np.asarray(encoded.inputs["text"]).shape[1] == 2


def overlaps(question: Question) -> list[np.ndarray]:
    """Return for train, validation and test how far two texts overlap, float64 (rows, 5).

    The cosine of their TF-IDF vectors of words, and of pieces of 3 to 5 letters; the share of the first text's words
    that the second has, and the other way round; and how their lengths differ, as the log of their ratio.
    """
    settings: tuple[dict[str, Any], ...] = (
        {"token_pattern": TOKEN, "sublinear_tf": True},
        {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True},
    )
    columns = [np.asarray(one.inputs["text"]) for one in (question.train, question.validation, question.test)]
    alike: list[list[np.ndarray]] = [[] for _ in columns]
    for one in settings:
        words = feature_text.TfidfVectorizer(**one).fit(columns[0].ravel())
        for found, texts in zip(alike, columns, strict=True):
            left, right = (words.transform(texts[:, at]) for at in (0, 1))
            found.append(np.asarray(left.multiply(right).sum(axis=1)).ravel())
    words = feature_text.CountVectorizer(token_pattern=TOKEN, binary=True).fit(columns[0].ravel())
    for found, texts in zip(alike, columns, strict=True):
        left, right = (words.transform(texts[:, at]) for at in (0, 1))
        both = np.asarray(left.multiply(right).sum(axis=1)).ravel()
        found += [both / np.maximum(np.asarray(one.sum(axis=1)).ravel(), 1) for one in (left, right)]
        sizes = np.array([[len(one), len(other)] for one, other in texts], np.float64).reshape(len(texts), 2)
        found.append(np.log1p(sizes[:, 0]) - np.log1p(sizes[:, 1]))
    return [np.stack(found, axis=1) for found in alike]


def cosines(vectors: np.ndarray) -> np.ndarray:
    """Return the cosine of both vectors of each row, float64 (rows,), from (rows, 2, size); 0 where one is zero."""
    one, other = vectors.astype(np.float64).transpose(1, 0, 2)
    sizes = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.divide((one * other).sum(axis=1), sizes, out=np.zeros(len(one)), where=sizes > 0)
