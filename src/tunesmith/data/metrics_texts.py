"""Figures of written texts: what each row has to say is counted once, then measured under any number of resamples.

chrF and BLEU are no means over rows but figures of all rows together. They are made of sums over rows, so that weighted
sums give each resample's exact figure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..core.errors import DataError
from .metrics_ngrams import ngram_counts
from .metrics_ranks import ratio
from .metrics_spans import plain_words, words_f1

Statistics = Mapping[str, np.ndarray]
"""What each figure is made of, float64 (rows, numbers), by the figure's name."""

WORDS = re.compile(r"[a-z0-9]+")
CHARACTER_ORDERS = 6
WORD_ORDERS = 4
BETA = 2.0  # how much more recall counts in chrF

# The tokenizer of NIST's mteval-v13a, as sacrebleu has it.
PARTED = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),  # signs of ASCII, but for ' , - and .
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),  # periods and commas, unless a digit stands before
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),  # or behind them
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),  # dashes behind a digit
)
MARKUP = (("<skipped>", ""), ("-\n", ""), ("\n", " "), ("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def row_statistics(said: Sequence[str], true: Sequence[str], only: str | None = None) -> dict[str, np.ndarray]:
    """Return the statistics of each row, one text said and one true, for every figure or for `only` one.

    Nothing is counted where `only` names none of these figures. Raises DataError where there are not as many texts on
    both sides, or where something is no text.
    """
    _check(said, "answer")
    _check(true, "true text")
    if len(said) != len(true):
        raise DataError(f"{len(said)} answers but {len(true)} true texts: pass one of each per row")
    return {name: count(said, true) for name, count in COUNTED.items() if only in (None, name)}


def text_metrics(statistics: Statistics, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
    """Return each figure that there are statistics of, float64 (resamples,), under weights (resamples, rows).

    All run from 0 to 1, and are those of the usual scripts:
    `exact_match`: the share of equal texts, but for the amount of white space.
    `token_f1`: the mean F1 of the words of both texts as SQuAD's script compares them, in any order.
    `rouge_l`: the mean F1 of the longest common subsequence of words (ROUGE-L; Lin 2004, aclanthology.org/W04-1013),
    words being a-z and 0-9 in small letters as in Google's rouge-score. Other scripts have none: chrF reads those.
    `chrf`: chrF2 of all rows (Popovic 2015, doi:10.18653/v1/W15-3049), as sacrebleu's default.
    `bleu`: BLEU of all rows (Papineni et al. 2002, doi:10.3115/1073083.1073135), as sacrebleu's default: tokenizer 13a,
    exponential smoothing, which takes a weight of 1 for one row. 0 where no answer has four words.

    With `only`, that figure alone. NaN where no row has weight. Raises DataError where weights are of another shape.
    """
    weights = np.asarray(weights, np.float64)
    found = {}
    for name, values in statistics.items():
        if only not in (None, name):
            continue
        if weights.ndim != 2 or weights.shape[1] != len(values):
            shape = f"(resamples, {len(values)})"
            raise DataError(f"weights of shape {weights.shape} do not fit {len(values)} rows: pass shape {shape}")
        total, sums = weights.sum(axis=1), weights @ values
        figures = OF_ALL[name](sums) if name in OF_ALL else ratio(sums[:, 0], total)
        found[name] = np.where(total > 0, figures, np.nan)
    return found


def longest_shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of two lists of words.

    A bit for each word of the one, and a few operations on all bits for each word of the other (Hyyro 2004,
    Bit-parallel LCS-length computation revisited; Crochemore et al. 2001, doi:10.1016/S0020-0190(01)00182-X).
    """
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << at
    unmatched = every = (1 << len(one)) - 1
    for word in other:
        if word in places:
            here = unmatched & places[word]
            unmatched = (unmatched + here | unmatched - here) & every
    return len(one) - unmatched.bit_count()


def parted(text: str) -> list[str]:
    """Return the words and signs of a text as the tokenizer 13a has them."""
    text = text.rstrip()
    for old, new in MARKUP:
        text = text.replace(old, new)
    text = f" {text} "
    for pattern, new in PARTED:
        text = pattern.sub(new, text)
    return text.split()


def _exact_match(said: Sequence[str], true: Sequence[str]) -> np.ndarray:
    return _column([one.split() == other.split() for one, other in zip(said, true, strict=True)])


def _token_f1(said: Sequence[str], true: Sequence[str]) -> np.ndarray:
    words = plain_words.__wrapped__  # the words of long texts are not to be kept
    return _column([words_f1(words(one), words(other)) for one, other in zip(said, true, strict=True)])


def _rouge_l(said: Sequence[str], true: Sequence[str]) -> np.ndarray:
    return _column([_sequence_f1(one, other) for one, other in zip(said, true, strict=True)])


def _sequence_f1(said: str, true: str) -> float:
    one, other = WORDS.findall(said.lower()), WORDS.findall(true.lower())
    return 2 * longest_shared(one, other) / (len(one) + len(other)) if one and other else 0.0


def _characters(said: Sequence[str], true: Sequence[str]) -> np.ndarray:
    """Count n-grams of characters, without white space; where there are no true ones, those said do not count."""
    counts = ngram_counts([_codes(one) for one in said], [_codes(one) for one in true], CHARACTER_ORDERS)
    counts[:, :, 0] *= counts[:, :, 1] > 0
    return counts.reshape(len(said), 3 * CHARACTER_ORDERS).astype(np.float64)


def _codes(text: str) -> np.ndarray:
    return np.frombuffer("".join(text.split()).encode("utf-32-le", "surrogatepass"), "<u4")


def _words(said: Sequence[str], true: Sequence[str]) -> np.ndarray:
    numbers: dict[str, int] = {}

    def numbered(text: str) -> np.ndarray:
        return np.array([numbers.setdefault(word, len(numbers)) for word in parted(text)], np.int64)

    counts = ngram_counts([numbered(one) for one in said], [numbered(one) for one in true], WORD_ORDERS)
    return counts.reshape(len(said), 3 * WORD_ORDERS).astype(np.float64)


def _chrf(sums: np.ndarray) -> np.ndarray:
    """Return F2 of the means of precision and recall over the lengths of n-grams that both sides have."""
    said, true, both = np.moveaxis(sums.reshape(len(sums), CHARACTER_ORDERS, 3), 2, 0)
    counts = (said > 0) & (true > 0)
    orders = counts.sum(axis=1)
    precision = ratio((ratio(both, said, 0.0) * counts).sum(axis=1), orders, 0.0)
    recall = ratio((ratio(both, true, 0.0) * counts).sum(axis=1), orders, 0.0)
    return ratio((1 + BETA**2) * precision * recall, BETA**2 * precision + recall, 0.0)


def _bleu(sums: np.ndarray) -> np.ndarray:
    """Return the geometric mean of the precisions, times the penalty for having said too little.

    Precisions of no match are 1/2, 1/4, ... of one match, one after another (Chen & Cherry 2014, method 3).
    """
    said, true, both = np.moveaxis(sums.reshape(len(sums), WORD_ORDERS, 3), 2, 0)
    is_known = both.any(axis=1) & said.all(axis=1)
    precisions = ratio(np.where(both > 0, both, 0.5 ** np.cumsum(both == 0, axis=1)), said, 1.0)
    brevity = np.exp(np.minimum(1 - ratio(true[:, 0], said[:, 0], 0.0), 0.0))
    return np.where(is_known, brevity * np.exp(np.log(precisions).mean(axis=1)), 0.0)


def _column(values: Sequence[float]) -> np.ndarray:
    return np.array(values, np.float64)[:, None]


def _check(texts: Sequence[str], what: str) -> None:
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"the {what} at position {at} is {text!r:.40}, not a text: pass '' where nothing is written"
            )


COUNTED: Mapping[str, Callable[[Sequence[str], Sequence[str]], np.ndarray]] = {
    "exact_match": _exact_match,
    "token_f1": _token_f1,
    "rouge_l": _rouge_l,
    "chrf": _characters,
    "bleu": _words,
}
OF_ALL: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {"chrf": _chrf, "bleu": _bleu}
