"""Figures of texts: equal to sacrebleu and to ROUGE-L written plainly, and the same under weights as with copies."""

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError
from tunesmith.data.metrics_texts import longest_shared, parted, row_statistics, text_metrics

NAMES = {"exact_match", "token_f1", "rouge_l", "chrf", "bleu"}
TRUE = [
    "The train to Oslo leaves at 9:45, platform 3, and takes about six hours.",
    "Please re-enter your 16-digit card number; we don't store it (ever).",
    'Mr. O\'Neil said: "Costs rose by 3.5% in 2021-22, i.e. to $1,250.00."',
    "Der Straßenbau verzögert sich um zwei Wochen – schade!",
]
SAID = [
    "The train to Oslo leaves at 9:45 from platform 4 and takes six hours.",
    "Please enter your card number again; we do not store it.",
    "Mr. O'Neil said costs rose 3.5% in 2021-22 to $1,250.00.",
    "Der Straßenbau verzögert sich um drei Wochen.",
]
PIECES = [
    *("the", "cat", "sat", "on", "a", "mat", "A", "B", "x.", "U.S.A.", "1,000.50", "3-4", "well-known", "don't"),
    *(".", "...", ",", ".5", "5.", "--", "{x}", "[1]", "a/b", "%", "&quot;hi&quot;", "&amp;lt;", "<skipped>"),
    *("Привет", "мир", "東京", "🎉👍", "é", "café", "İ", "e\u0301", "\u00a0", "\ud800", "\n", "-\n", "\t"),
]


def figures(said, true, weights=None):
    statistics = row_statistics(said, true)
    found = text_metrics(statistics, np.ones((1, len(said))) if weights is None else np.asarray([weights], float))
    return {name: float(values[0]) for name, values in found.items()}


def theirs(said, true):
    sacrebleu = pytest.importorskip("sacrebleu")
    bleu = sacrebleu.corpus_bleu(said, [true], force=True).score
    return {"bleu": bleu / 100, "chrf": sacrebleu.corpus_chrf(said, [true]).score / 100}


def plain_rouge(said, true):
    """Return the mean F1 of the longest common subsequence, from the table of Lin 2004."""
    found = []
    for pair in zip(said, true, strict=True):
        one, other = (re.sub("[^a-z0-9]+", " ", text.lower()).split() for text in pair)
        table = np.zeros((len(one) + 1, len(other) + 1))
        for i, j in np.ndindex(len(one), len(other)):
            is_same = one[i] == other[j]
            table[i + 1, j + 1] = table[i, j] + 1 if is_same else max(table[i, j + 1], table[i + 1, j])
        precision, recall = (table[-1, -1] / max(len(side), 1) for side in (one, other))
        found.append(2 * precision * recall / (precision + recall) if precision else 0.0)
    return float(np.mean(found))


def agree(said, true):
    found, wanted = figures(said, true), theirs(said, true) | {"rouge_l": plain_rouge(said, true)}
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-12)


def drawn(seed):
    """Return rows in all states from nothing to right, of pieces that the tokenizers treat differently."""
    chance = random.Random(seed)
    most, gap = chance.choice([1, 3, 12, 40]), chance.choice(["", " ", " "])
    true = [gap.join(chance.choices(PIECES, k=chance.randint(0, most))) for _ in range(chance.randint(1, 8))]
    said = []
    for text in true:
        kept = [one for one in text.split(" ") if chance.random() < 0.85]
        other = " ".join(chance.choices(PIECES, k=most))
        said.append(chance.choice([" ".join(kept), " ".join(kept[::-1]), other, text, "", text.partition(" ")[0]]))
    return said, true


def test_real_sentences_score_as_sacrebleu_and_rouge_have_it():
    agree(SAID, TRUE)
    assert 0.2 < figures(SAID, TRUE)["bleu"] < 0.8


@pytest.mark.parametrize("seed", range(60))
def test_drawn_sentences_score_as_sacrebleu_and_rouge_have_it(seed):
    agree(*drawn(seed))


@pytest.mark.parametrize(
    ("said", "true"),
    [
        (["", ""], TRUE[:2]),
        (["", *SAID[1:]], TRUE),
        (SAID, ["", *TRUE[1:]]),
        ([""], [""]),
        (["yes", "no"], ["yes", "yes"]),
        (["the cat sat down"], ["the mat sat"]),
        (["東京タワー", "naïve café"], ["東京駅", "naive café"]),
        (["  spaced \n out  "], ["spaced out"]),
        (TRUE[::-1], TRUE),
    ],
)
def test_odd_answers_score_as_sacrebleu_and_rouge_have_it(said, true):
    agree(said, true)


def test_by_hand():
    found = figures(["the Cat sat", "x"], ["The dog sat", "x"])
    assert found["exact_match"] == pytest.approx(1 / 2)
    assert found["token_f1"] == pytest.approx((1 / 2 + 1) / 2), "articles do not count"
    assert found["rouge_l"] == pytest.approx((2 / 3 + 1) / 2)
    assert figures([" a\tb\n"], ["a  b"])["exact_match"] == 1.0
    assert figures(["A b"], ["a b"])["exact_match"] == 0.0, "case is kept"
    assert parted("It's 3.5, or 4-5 (&lt;6).") == ["It's", "3.5", ",", "or", "4", "-", "5", "(", "<", "6", ")", "."]


@settings(max_examples=60, deadline=None)
@given(*[st.lists(st.sampled_from("abcd"), max_size=12)] * 2)
def test_the_longest_shared_subsequence(one, other):
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    for i, j in np.ndindex(len(one), len(other)):
        table[i + 1, j + 1] = table[i, j] + 1 if one[i] == other[j] else max(table[i, j + 1], table[i + 1, j])
    assert longest_shared(one, other) == table[-1, -1]


def test_long_texts_have_a_longest_shared_subsequence():
    words = [str(one) for one in range(20_000)]
    assert longest_shared(words, words) == 20_000
    assert longest_shared(words, words[::-1]) == 1
    assert longest_shared(words, words[::2]) == 10_000


def test_perfect_answers_score_best_and_shuffled_ones_worse():
    perfect = figures(TRUE, TRUE)
    assert perfect == pytest.approx(dict.fromkeys(NAMES, 1.0))
    good, shuffled = figures(SAID, TRUE), figures(SAID[1:] + SAID[:1], TRUE)
    for name in NAMES - {"exact_match"}:
        assert 1.0 > good[name] > shuffled[name], name


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_a_row_of_weight_two_counts_as_two_rows(seed, counts):
    said, true = drawn(seed)
    counts = counts[: len(said)]
    found = figures(said, true, counts)
    if not any(counts):
        assert all(np.isnan(one) for one in found.values())
        return
    copies = figures(np.repeat(said, counts).tolist(), np.repeat(true, counts).tolist())
    assert found == pytest.approx(copies, abs=1e-12)


def test_each_resample_stands_alone():
    statistics, weights = row_statistics(SAID, TRUE), np.random.default_rng(0).poisson(1.0, (30, 4)).astype(float)
    whole = text_metrics(statistics, weights)
    for at in range(len(weights)):
        for name, value in text_metrics(statistics, weights[at : at + 1]).items():
            np.testing.assert_allclose(whole[name][at], value[0], atol=1e-14)


def test_one_figure_alone_is_counted_alone():
    weights = np.ones((2, 4))
    for name in NAMES:
        statistics = row_statistics(SAID, TRUE, name)
        assert set(statistics) == {name}
        alone = text_metrics(row_statistics(SAID, TRUE), weights, name)
        assert set(alone) == {name}
        np.testing.assert_array_equal(alone[name], text_metrics(statistics, weights)[name])
    assert row_statistics(SAID, TRUE, "log_loss") == {} == text_metrics(row_statistics(SAID, TRUE), weights, "log_loss")


def test_what_cannot_be_measured_is_told():
    with pytest.raises(DataError, match="3 answers but 4 true texts"):
        row_statistics(SAID[:3], TRUE)
    with pytest.raises(DataError, match="answer at position 1 is None"):
        row_statistics(["a", None], ["a", "b"])
    with pytest.raises(DataError, match="pass shape"):
        text_metrics(row_statistics(SAID, TRUE), np.ones((2, 3)))
    with pytest.raises(DataError, match="pass shape"):
        text_metrics(row_statistics(SAID, TRUE), np.ones(4))


def test_no_rows_have_no_figures():
    assert all(np.isnan(one) for one in figures([], []).values())
