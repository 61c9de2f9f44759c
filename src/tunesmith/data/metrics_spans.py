"""Exact match and F1 of answers, as SQuAD's own script defines them (evaluate-v2.0.py, Rajpurkar et al. 2018)."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
PUNCTUATION = str.maketrans("", "", string.punctuation)


@lru_cache(maxsize=1 << 16)
def plain_words(answer: str) -> tuple[str, ...]:
    """Return the words of an answer in small letters, without ASCII's punctuation and English articles."""
    return tuple(ARTICLES.sub(" ", answer.lower().translate(PUNCTUATION)).split())


def exact(answer: str, right: Sequence[str]) -> float:
    """Return 1.0 where an answer is one of the right ones, else 0.0; the empty text is "no answer"."""
    return float(plain_words(answer) in _known(right))


def overlap(answer: str, right: Sequence[str]) -> float:
    """Return the largest F1 of the words of an answer and of a right one."""
    return max(words_f1(plain_words(answer), one) for one in _known(right))


def words_f1(answer: tuple[str, ...], right: tuple[str, ...]) -> float:
    """Return the F1 of the words of an answer and a right one, in any order; without words, whether both have none."""
    if not answer or not right:
        return float(answer == right)
    same = sum((Counter(answer) & Counter(right)).values())
    return 2 * same / (len(answer) + len(right))


def span_metrics(
    exact_match: np.ndarray, f1: np.ndarray, has_answer: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return each metric under weights (resamples, rows), float64 (resamples,), from the figures of each row (rows,).

    Where rows with and without an answer occur, both parts are measured apart, too. NaN where a part has no weight.
    """
    found = {"span_f1": _mean(f1, weights), "exact_match": _mean(exact_match, weights)}
    if has_answer.all() or not has_answer.any():
        return found
    with_answer, without = weights * has_answer, weights * ~has_answer
    return found | {
        "span_f1_has_answer": _mean(f1, with_answer),
        "exact_match_has_answer": _mean(exact_match, with_answer),
        "exact_match_no_answer": _mean(exact_match, without),
    }


def _known(right: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the right answers in words; those without any do not count, and with none left no answer is right."""
    return [words for one in right if (words := plain_words(one))] or [()]


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=1)
    return np.divide(weights @ values, total, out=np.full(len(total), np.nan), where=total > 0)
