"""Confident learning: equal to cleanlab on the same probabilities, and sane where there is little to go by."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from tunesmith.data.confident import (
    Filter,
    Quality,
    confident_joint,
    label_errors,
    label_errors_of_each,
    noise_matrix,
    quality,
    thresholds,
)

GOLDEN = json.loads(Path(__file__).with_name("confident_golden.json").read_text("utf-8"))
FILTERS, QUALITIES = get_args(Filter), get_args(Quality)


def opinions(rows, classes, seed, noise=0.1, sharpness=3.0):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, classes, rows)
    logs = generator.normal(size=(rows, classes))
    logs[np.arange(rows), truth] += sharpness
    probabilities = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    labels = np.where(generator.random(rows) < noise, generator.integers(0, classes, rows), truth)
    labels[:classes] = np.arange(classes)
    return labels, probabilities


@pytest.fixture(params=GOLDEN["cases"], ids=lambda one: one["case"])
def golden(request):
    case = request.param
    return np.array(case["labels"]), np.array(case["probabilities"]), case


def test_the_joint_is_cleanlabs(golden):
    labels, probabilities, expected = golden
    assert confident_joint(labels, probabilities, False).tolist() == expected["raw_joint"]
    assert confident_joint(labels, probabilities).tolist() == expected["joint"]


def test_the_noise_matrix_is_cleanlabs(golden):
    labels, probabilities, expected = golden
    found = noise_matrix(confident_joint(labels, probabilities))
    assert np.allclose(found, expected["noise"], rtol=0, atol=2e-4)  # cleanlab caps a noise rate at 0.9999


@pytest.mark.parametrize("by", FILTERS)
def test_every_filter_is_cleanlabs(golden, by):
    labels, probabilities, expected = golden
    assert np.flatnonzero(label_errors(labels, probabilities, by)).tolist() == expected["filters"][by]


@pytest.mark.parametrize("by", QUALITIES)
def test_every_quality_is_cleanlabs(golden, by):
    labels, probabilities, expected = golden
    assert np.allclose(quality(labels, probabilities, by), expected["qualities"][by], rtol=0, atol=1e-9)


def test_several_labels_a_row_are_cleanlabs():
    case = GOLDEN["multilabel"]
    found = label_errors_of_each(np.array(case["targets"]), np.array(case["probabilities"]), "confident_learning")
    assert [np.flatnonzero(column).tolist() for column in found.T] == case["found"]


@pytest.mark.filterwarnings("ignore:May not flag")
@pytest.mark.parametrize(("rows", "classes"), [(50, 2), (300, 3), (2000, 10), (3000, 77), (40, 20)])
@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_equal_to_the_installed_cleanlab(rows, classes, noise):
    count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed: the stored numbers stand for it")
    ours, theirs = opinions(rows, classes, 1, noise), pytest.importorskip("cleanlab.filter")
    rank = pytest.importorskip("cleanlab.rank")
    assert (count.compute_confident_joint(*ours) == confident_joint(*ours)).all()
    for by in FILTERS:
        assert (theirs.find_label_issues(*ours, filter_by=by, n_jobs=1) == label_errors(*ours, by)).all(), by
    for by in QUALITIES:
        assert np.allclose(rank.get_label_quality_scores(*ours, method=by), quality(*ours, by), rtol=0, atol=1e-12), by


@pytest.mark.parametrize("seed", range(5))
def test_the_calibrated_joint_counts_every_row_under_its_label(seed):
    labels, probabilities = opinions(500, 7, seed, 0.3)
    joint = confident_joint(labels, probabilities)
    assert joint.sum(axis=1).tolist() == np.bincount(labels, minlength=7).tolist()
    assert joint.min() >= 0


@pytest.mark.parametrize("by", FILTERS)
def test_labels_that_all_agree_are_all_right(by):
    labels, probabilities = opinions(100, 4, 0, 0.0, 30.0)
    labels = probabilities.argmax(axis=1)
    assert not label_errors(labels, probabilities, by).any()


def test_a_planted_flip_is_found_by_every_filter():
    labels, probabilities = opinions(200, 4, 0, 0.0, 12.0)
    labels = probabilities.argmax(axis=1)
    labels[17] = (labels[17] + 1) % 4
    for by in FILTERS:
        assert np.flatnonzero(label_errors(labels, probabilities, by)).tolist() == [17], by
    for by in QUALITIES:
        assert quality(labels, probabilities, by).argmin() == 17, by


@pytest.mark.parametrize("by", ["prune_by_noise_rate", "prune_by_class", "both"])
def test_a_class_nobody_is_confident_of_is_not_emptied(by):
    """Its rows look like any others: the opinion is the classes' shares."""
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10)
    found = label_errors(labels, np.tile([0.6, 0.3, 0.1], (100, 1)), by)
    assert not found[labels == 0].any()
    assert set(labels[~found]) == {0, 1, 2}


@pytest.mark.parametrize("by", ["prune_by_noise_rate", "prune_by_class", "both"])
def test_the_only_row_of_a_class_is_kept(by):
    labels, probabilities = opinions(60, 3, 2)
    labels[labels == 2] = 0
    labels[5] = 2
    assert not label_errors(labels, probabilities, by)[5]


def test_a_class_without_rows_has_a_threshold_nothing_reaches():
    labels, probabilities = opinions(60, 3, 2)
    labels[labels == 2] = 0
    assert thresholds(labels, probabilities)[2] > 1
    assert confident_joint(labels, probabilities)[:, 2].tolist() == [0, 0, 0]


@pytest.mark.parametrize("by", FILTERS)
def test_no_rows_no_errors(by):
    assert label_errors(np.zeros(0, np.int64), np.zeros((0, 3)), by).shape == (0,)
