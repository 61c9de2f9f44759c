"""Simple judges: they never see what they judge, they say probabilities, and they know what is there to be known."""

import numpy as np
import pytest
from scipy import sparse

from tunesmith.model import judges
from tunesmith.model.judges import Folds, linear, neighbours, spread, words_matrix

ROWS = 240


@pytest.fixture
def blobs():
    """Three clouds of rows in five dimensions: vectors float64, labels int64."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, ROWS)
    return generator.normal(size=(ROWS, 5)) + 3 * np.eye(5)[labels], labels


def in_folds(labels, form="class", width=3, fold=None):
    return Folds(np.arange(len(labels)) % 4 if fold is None else fold, labels, form, width)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_linear_head_knows_separate_classes(blobs, kind):
    vectors, labels = blobs
    said = linear(sparse.csr_matrix(vectors) if kind == "sparse" else vectors, in_folds(labels))
    assert said.shape == (ROWS, 3)
    assert np.allclose(said.sum(axis=1), 1)
    assert (said.argmax(axis=1) == labels).mean() > 0.9


def test_the_nearest_rows_know_separate_classes(blobs):
    vectors, labels = blobs
    said = neighbours(vectors, in_folds(labels))
    assert np.allclose(said.sum(axis=1), 1)
    assert (said.argmax(axis=1) == labels).mean() > 0.9


def test_no_judge_sees_the_label_it_judges(blobs, monkeypatch):
    """One label changes: what is said of that very row stays, what is said of others does not."""
    monkeypatch.setattr(judges, "STRENGTHS", (1.0,))
    vectors, labels = blobs
    other = labels.copy()
    other[8] = (labels[8] + 1) % 3
    both = [linear(vectors, in_folds(one)) for one in (labels, other)]
    assert np.array_equal(both[0][8], both[1][8])
    assert not np.array_equal(both[0][9], both[1][9])
    near = [neighbours(vectors, in_folds(one)) for one in (labels, other)]
    assert np.array_equal(near[0][8], near[1][8])
    assert not np.array_equal(near[0], near[1])


def test_a_copy_with_the_same_wrong_label_is_no_witness():
    generator = np.random.default_rng(1)
    vectors = np.repeat(generator.normal(size=(40, 8)), 5, axis=0)
    labels = np.repeat(generator.integers(0, 2, 40), 5)
    said = neighbours(vectors, in_folds(labels, width=2, fold=np.arange(200) // 5 % 5))
    right = said[np.arange(200), labels]
    assert right.mean() < 0.7  # vectors tell nothing of the labels, only copies would


def test_rows_that_train_nothing_are_judged_by_all_training_rows(blobs):
    vectors, labels = blobs
    fold = np.arange(ROWS) % 4
    fold[:60] = -1
    wrong = labels.copy()
    wrong[:60] = (labels[:60] + 1) % 3
    said = [linear(vectors, in_folds(one, fold=fold)) for one in (labels, wrong)]
    assert np.array_equal(said[0], said[1])
    assert (said[0][:60].argmax(axis=1) == labels[:60]).mean() > 0.9


def test_a_class_that_the_judges_lack_has_the_floor(blobs):
    vectors, labels = blobs
    fold = np.where(labels == 2, 0, 1 + np.arange(ROWS) % 2)
    said = linear(vectors, in_folds(labels, fold=fold))
    assert said[labels == 2, 2].max() < 1e-5
    assert np.allclose(spread(np.ones((4, 1)), np.array([1]), 3).sum(axis=1), 1)


def test_several_labels_and_values(blobs):
    vectors, labels = blobs
    sets = np.eye(3, dtype=np.float32)[labels]
    said = linear(vectors, in_folds(sets, "classes"))
    assert ((said > 0.5) == sets).mean() > 0.9
    values = (vectors @ np.arange(5.0)).astype(np.float32)
    said = linear(vectors, in_folds(values, "value", 1))
    assert np.corrcoef(said[:, 0], values)[0, 1] > 0.99
    near = neighbours(vectors, in_folds(values, "value", 1))
    assert np.corrcoef(near[:, 0], values)[0, 1] > 0.5


def test_words_that_never_repeat_are_no_view():
    assert words_matrix(np.array([["one"], ["two"]], object)).shape == (2, 1)
    assert words_matrix(np.array([["good day"], ["good day"], [""]], object)).shape == (3, 3)


def test_every_fit_is_heard(blobs):
    heard = []
    linear(blobs[0], Folds(np.arange(ROWS) % 4, blobs[1], "class", 3, lambda: heard.append(1)))
    assert len(heard) == 6 + 4
