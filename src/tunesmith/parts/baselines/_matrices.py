"""Encoded inputs as matrices for classical models."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.need import lazy
from ...data import Encoded
from . import Question
from ._gradients import image_features

preprocessing = lazy("sklearn.preprocessing")
sparse = lazy("scipy.sparse")
feature_text = lazy("sklearn.feature_extraction.text")


def columns_matrix(encoded: Encoded, sizes: list[int]) -> np.ndarray:
    """Return numbers with a flag for missing and categories one-hot, float64 (rows, features)."""
    pieces = []
    if "numbers" in encoded.inputs:
        numbers = np.asarray(encoded.inputs["numbers"]).astype(np.float64)
        pieces += [np.nan_to_num(numbers), np.isnan(numbers).astype(np.float64)]
    if "categories" in encoded.inputs:
        codes = np.asarray(encoded.inputs["categories"])
        pieces += [np.eye(size)[np.minimum(codes[:, at], size - 1)] for at, size in enumerate(sizes)]
    return np.concatenate(pieces, axis=1) if pieces else np.zeros((len(encoded), 0))


def category_sizes(encoded: Encoded) -> list[int]:
    """Return how many codes each category column of the training rows has."""
    if "categories" not in encoded.inputs:
        return []
    return [int(column.max()) + 1 for column in np.asarray(encoded.inputs["categories"]).T]


def pictures_and_columns(question: Question) -> list[np.ndarray]:
    """Return features of the images beside the columns, float64 (rows, features), scaled by the training rows."""
    sizes = category_sizes(question.train)
    splits = (question.train, question.validation, question.test)
    joined = [
        np.concatenate([image_features(np.asarray(one.inputs["pixels"])), columns_matrix(one, sizes)], axis=1)
        for one in splits
    ]
    scaler = preprocessing.StandardScaler().fit(joined[0])
    return [scaler.transform(one) for one in joined]


def word_counter() -> Any:
    """Return what makes TF-IDF of words and word pairs of texts, rows of length 1; not yet fitted."""
    return feature_text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b|\S")


def bag_of_words(question: Question) -> list[Any]:
    """Return TF-IDF of words and word pairs beside the columns, sparse, for train, validation and test."""
    splits = (question.train, question.validation, question.test)
    sizes = category_sizes(question.train)
    blocks: list[list[Any]] = [[sparse.csr_matrix(columns_matrix(one, sizes))] for one in splits]
    for column in range(np.asarray(question.train.inputs["text"]).shape[1]):
        words = word_counter()
        texts = [np.asarray(one.inputs["text"])[:, column] for one in splits]
        words.fit(texts[0])
        for block, some in zip(blocks, texts, strict=True):
            block.append(words.transform(some))
    return [sparse.hstack(block).tocsr() for block in blocks]
