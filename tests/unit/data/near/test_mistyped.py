"""Short texts that one typing error divides: all of them, and no number or name that is another one."""

import csv
import itertools
import os
import string
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data.near import mistyped, near_pairs
from tunesmith.data.near.mistyped import closeness, single_errors
from tunesmith.data.near.pairs import unpacked
from tunesmith.data.near.shingles import normalised

ASSETS = Path(os.environ.get("TUNESMITH_ASSETS", "absent"))


def found(texts):
    return set(zip(*(one.tolist() for one in unpacked(single_errors(pl.Series(texts, dtype=pl.String)))), strict=True))


def is_single_error(one, other):
    """Whether one wrong, missing, superfluous or swapped sign divides two texts: tried out, sign by sign."""
    made = {one[:at] + one[at + 1 :] for at in range(len(one))}
    made |= {one[:at] + one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :] for at in range(len(one))}
    signs = set(other)
    made |= {one[:at] + sign + one[at + after :] for at in range(len(one) + 1) for sign in signs for after in (0, 1)}
    return one != other and other in made


def typo(random, text):
    at, letter = int(random.integers(1, len(text) - 1)), str(random.choice(list(string.ascii_lowercase)))
    kinds = [text[:at] + text[at + 1 :], text[:at] + letter + text[at:], text[:at] + letter + text[at + 1 :]]
    kinds.append(text[:at] + text[at + 1] + text[at] + text[at + 2 :])
    return kinds[random.integers(4)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab -", min_size=6, max_size=10).map(lambda end: f"one two {end}x"), max_size=25, unique=True))
def test_every_pair_is_found_and_nothing_else(texts):
    want = {(a, b) for a, b in itertools.combinations(range(len(texts)), 2) if is_single_error(texts[a], texts[b])}
    assert found(texts) == want


def test_texts_of_any_alphabet_are_compared_by_their_signs():
    texts = [
        "wo ist meine größe",
        "wo ist meine grösse",
        "wo ist meine größ",
        "где моя новая карта",
        "где моя новая крата",
    ]
    assert found(texts) == {(0, 2), (3, 4)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("my order number 17 is late", "my order number 18 is late"),
        ("my order number 17 is late", "my order number 1 is late"),
        ("it is version 1.0 of the app", "it is version 10 of the app"),
        ("i see a charge of £ on my card", "i see a charge of $ on my card"),
        ("christina", "christine"),
        ("anna schmidt", "anna schmitt"),
        ("a b c d", "a b c e"),
        ("the very same text of words", "the very same text of words"),
        ("one two three", "two one three"),
    ],
)
def test_what_may_be_another_matter_is_not_near(one, other):
    assert found([one, other]) == set()


def test_a_length_is_enough_for_one_way_to_tell():
    """Up to 63 characters the errors are looked at; from 58 on one error leaves a similarity of 0.8."""
    words = "the parcel that you said would come on monday has not come, so where is it now"
    for length in range(20, 78, 3):
        text = words[:length].strip()
        for edited in (text[:9] + "q" + text[10:], text[:9] + text[10:], text[:9] + text[10] + text[9] + text[11:]):
            pairs = near_pairs(pl.DataFrame({"text": [text, edited]}), {"text": "text"})
            assert len(pairs) == 1, (text, edited)
            assert 0.8 <= pairs.similarity[0] < 1


def test_the_threshold_and_other_columns_count_too():
    frame = pl.DataFrame({"text": ["where is my card", "where is my cardd"], "shop": ["a", "b"]})
    assert len(near_pairs(frame, {"text": "text"}, 0.94)) == 1
    assert len(near_pairs(frame, {"text": "text"}, 0.95)) == 0
    assert len(near_pairs(frame, {"text": "text"}, 1.0)) == 0
    assert len(near_pairs(frame, {"text": "text", "shop": "category"})) == 0


def test_in_several_passes_the_same_is_found(monkeypatch):
    random = np.random.default_rng(0)
    texts = [" ".join("".join(random.choice(list("abcdef"), 5)) for _ in range(4)) for _ in range(200)]
    texts += [typo(random, text) for text in texts]
    whole = found(texts)
    assert len(whole) >= 190
    monkeypatch.setattr(mistyped, "ENTRIES", 700)
    monkeypatch.setattr(mistyped, "PAIRS", 7)
    assert found(texts) == whole


def test_how_close_is_told_of_pairs_that_are_given():
    texts = pl.Series(["where is my card", "where is my crad", "x" * 200, "\x00"])
    close = closeness(texts, np.array([0, 0, 2, 3]), np.array([1, 2, 2, 0]))
    assert close.tolist() == pytest.approx([1 - 1 / 16, 0, 0, 0])
    assert close.dtype == np.float32
    assert found([]) == set()


@pytest.mark.assets
@pytest.mark.skipif(not ASSETS.is_dir(), reason="TUNESMITH_ASSETS names no folder")
@pytest.mark.parametrize("name", ["banking77", "sms"])
def test_errors_in_real_short_texts_are_found(name):
    if name == "sms":
        lines = (ASSETS / "text/sms_spam/sms.tsv").read_text("utf-8").splitlines()
        texts = [line.partition("\t")[2] for line in lines]
    else:
        with (ASSETS / "text/banking77/train.csv").open(encoding="utf-8") as file:
            texts = [row["text"] for row in csv.DictReader(file)]
    plain = normalised(pl.DataFrame({"text": texts}), ["text"]).unique(maintain_order=True)
    plain = plain.filter(plain.str.len_chars().is_between(12, 48)).to_list()
    random = np.random.default_rng(0)
    pairs = [(text, edited) for text in plain if (edited := typo(random, text)) != text]
    both = [text for text, _ in pairs] + [edited for _, edited in pairs]
    near = near_pairs(pl.DataFrame({"text": both}), {"text": "text"})
    ours = set(zip(near.first.tolist(), near.second.tolist(), strict=True))
    truth = {(at, at + len(pairs)) for at in range(len(pairs))}
    assert len(ours & truth) >= 0.95 * len(truth)
    assert len(ours & truth) >= 0.97 * len(ours)
