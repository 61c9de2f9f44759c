"""Baselines for two texts a row: they tell copies from strangers, and stay away from anything else."""

from dataclasses import replace

import numpy as np
import pytest

from tunesmith.data import Encoded
from tunesmith.parts.baselines import Question
from tunesmith.parts.baselines._pairs import cosines, overlaps
from tunesmith.parts.baselines.cosine import Cosine
from tunesmith.parts.baselines.pair_overlap import PairOverlap

WORDS = ("lost", "card", "money", "late", "refund", "limit", "home", "address", "top", "fee")


def rows(count, seed):
    """Return pairs of which half share their words, in another order, and 1 for these."""
    random = np.random.default_rng(seed)
    targets = np.arange(count) % 2
    texts = []
    for same in targets:
        one = random.choice(WORDS, 4, replace=False)
        rest = [word for word in WORDS if word not in one]
        other = random.permutation(one) if same else random.choice(rest, 4, replace=False)
        texts.append([" ".join(one), " ".join(other)])
    return Encoded(tuple(map(str, range(count))), {"text": np.array(texts, object)}, targets)


def question(**fields):
    return Question(rows(120, 0), rows(40, 1), rows(60, 2), form="class", width=2, seed=0, base="tiny", **fields)


def vectors(encoded):
    """Return two vectors of each row, alike where the target is 1."""
    random = np.random.default_rng(len(encoded))
    one = random.normal(size=(len(encoded), 8))
    noise = random.normal(size=one.shape)
    return np.stack([one, np.where(encoded.targets[:, None] == 1, one, noise)], axis=1)


def test_overlap_tells_copies_from_strangers():
    asked = question()
    outputs = PairOverlap().outputs(asked)
    assert (outputs.argmax(axis=1) == asked.test.targets).mean() > 0.95


def test_cosine_tells_copies_from_strangers():
    plain = question()
    asked = replace(plain, texts={name: vectors(getattr(plain, name)) for name in ("train", "validation", "test")})
    assert Cosine().applies(asked)
    assert (Cosine().outputs(asked).argmax(axis=1) == asked.test.targets).mean() > 0.8


@pytest.mark.parametrize("columns", [1, 3])
def test_neither_applies_to_rows_without_two_texts(columns):
    asked = question()
    one = replace(asked.train, inputs={"text": np.repeat(asked.train.inputs["text"][:, :1], columns, axis=1)})
    other = replace(asked, train=one, texts={})
    assert not PairOverlap().applies(other)
    assert not Cosine().applies(other)
    assert not Cosine().applies(question()), "without a pre-trained body"


def test_overlaps_of_a_text_with_itself_and_with_a_stranger():
    texts = np.array([["lost card", "lost card"], ["lost card", "top fee"], ["lost card", ""], ["", ""]], object)
    encoded = Encoded(tuple("abcd"), {"text": texts}, np.zeros(4, np.int64))
    found = overlaps(replace(question(), train=encoded, validation=encoded, test=encoded))[2]
    np.testing.assert_allclose(found[0], [1, 1, 1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(found[1, [0, 2, 3]], [0, 0, 0], atol=1e-12)
    assert found[1, 1] < 0.2, "pieces of letters may be shared"
    np.testing.assert_allclose(found[2], [0, 0, 0, 0, np.log(10)], atol=1e-12)
    np.testing.assert_allclose(found[3], 0)


def test_cosines():
    given = np.array([[[1.0, 0.0], [2.0, 0.0]], [[1.0, 0.0], [0.0, 3.0]], [[0.0, 0.0], [1.0, 1.0]]])
    np.testing.assert_allclose(cosines(given), [1.0, 0.0, 0.0])
