"""Average precision and recall of boxes: equal to pycocotools, and the same under weights as with copies."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from tunesmith.data.encoded import Ragged
from tunesmith.data.metrics_boxes import average_precision, matched
from tunesmith.data.metrics_boxes import summary as summed

NAMES = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large", "recall_1", "recall_10", "recall_100")


def summary(truth: Ragged, found: Ragged, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
    """Return the figures of boxes that are still to be matched."""
    return summed(matched(truth, found), weights, only)


def scene(seed: int, pictures: int = 12, classes: int = 3, most: int = 9) -> tuple[Ragged, Ragged]:
    """Return true boxes, some of them crowds, and found ones: near copies, doubles and noise, with tied confidence."""
    random = np.random.default_rng(seed)
    true, found = [], []
    for _ in range(pictures):
        count = int(random.integers(0, most))
        place, size = random.uniform(0, 200, (count, 2)), np.exp(random.uniform(1.5, 5.5, (count, 2)))
        labels, crowd = random.integers(0, classes, count), random.random(count) < 0.15
        true.append(np.column_stack([labels, place, size, crowd]))
        near = np.repeat(true[-1], random.integers(0, 3, count), axis=0)
        wrong = random.random(len(near)) < 0.2
        near[wrong, 0] = random.integers(0, classes, int(wrong.sum()))
        near[:, 1:5] *= random.uniform(0.8, 1.2, (len(near), 4))
        noise = np.column_stack([random.integers(0, classes, 3), random.uniform(1, 90, (3, 4)), np.zeros(3)])
        both = np.concatenate([near, noise])
        confidence = np.round(random.random(len(both)), 1)
        found.append(np.column_stack([both[:, 0], confidence, both[:, 1:5]]))
    pack = [Ragged.cut(np.concatenate(one), np.array([len(rows) for rows in one])) for one in (true, found)]
    return pack[0], pack[1]


def theirs(truth: Ragged, found: Ragged) -> dict[str, float]:
    """Return what pycocotools says."""
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    classes = np.unique(np.concatenate([truth.values[:, 0], found.values[:, 0]])).astype(int).tolist()
    boxes = [
        {"id": at + 1, "image_id": int(owner) + 1, "category_id": int(box[0]) + 1, "bbox": box[1:5].tolist()}
        | {"area": float(box[3] * box[4]), "iscrowd": int(box[5])}
        for at, (owner, box) in enumerate(zip(truth.owners, truth.values, strict=True))
    ]
    said = [
        {"image_id": int(owner) + 1, "category_id": int(box[0]) + 1, "bbox": box[2:].tolist(), "score": float(box[1])}
        for owner, box in zip(found.owners, found.values, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        whole: Any = coco.COCO()
        whole.dataset = {
            "images": [{"id": at + 1} for at in range(len(truth))],
            "categories": [{"id": one + 1} for one in classes],
            "annotations": boxes,
        }
        whole.createIndex()
        run = evaluation.COCOeval(whole, whole.loadRes(said), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return {name: float(one) for name, one in zip(NAMES, run.stats, strict=False)}


@pytest.mark.parametrize("seed", range(8))
def test_equal_to_pycocotools(seed: int) -> None:
    truth, found = scene(seed, pictures=3 + 3 * seed, classes=1 + seed % 4)
    ours, reference = summary(truth, found, np.ones((1, len(truth)))), theirs(truth, found)
    for name in NAMES:
        expected = np.nan if reference[name] == -1 else reference[name]
        assert ours[name][0] == pytest.approx(expected, abs=1e-12, nan_ok=True), name


def test_equal_to_pycocotools_with_more_boxes_than_count() -> None:
    truth, found = scene(1, pictures=2, classes=1, most=400)
    assert found.lengths.max() > 100
    assert summary(truth, found, np.ones((1, 2)))["map"][0] == pytest.approx(theirs(truth, found)["map"], abs=1e-12)


def test_equal_to_pycocotools_where_a_class_is_only_found_or_only_true() -> None:
    truth = Ragged.cut(np.array([[0.0, 0, 0, 40, 40, 0], [1.0, 9, 9, 50, 50, 0]]), np.array([2, 0]))
    found = Ragged.cut(np.array([[0.0, 0.9, 0, 0, 40, 40], [2.0, 0.8, 1, 1, 9, 9]]), np.array([1, 1]))
    ours, reference = summary(truth, found, np.ones((1, 2))), theirs(truth, found)
    assert ours["map"][0] == pytest.approx(reference["map"]) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_counts_as_that_many_copies(seed: int) -> None:
    truth, found = scene(seed)
    found.values[:, 1] += 1e-3 * (np.arange(len(found.values)) - found.offsets[found.owners])  # ties between pictures
    random = np.random.default_rng(seed)
    weights = random.integers(0, 4, (5, len(truth)))
    together = summary(truth, found, weights.astype(float))
    for resample, one in enumerate(weights):
        copies = np.repeat(np.arange(len(truth)), one)
        alone = summary(truth.take(copies), found.take(copies), np.ones((1, len(copies))))
        for name, values in together.items():
            assert values[resample] == pytest.approx(alone[name][0], abs=1e-12, nan_ok=True), name


def test_only_the_asked_figure_is_the_same() -> None:
    truth, found = scene(4)
    once = np.ones((1, len(truth)))
    whole = summary(truth, found, once)
    for name in ("map", "map_50", "map_75"):
        assert summary(truth, found, once, name)[name] == pytest.approx(whole[name])


def test_nothing_found_is_zero_and_nothing_true_is_undefined() -> None:
    box, none = np.array([[0.0, 1, 1, 5, 5]]), np.zeros((0, 6))
    assert summary(Ragged.cut(box, np.array([1])), Ragged.cut(none, np.array([0])), np.ones((1, 1)))["map"][0] == 0.0
    nothing = summary(Ragged.cut(none, np.array([0])), Ragged.cut(none, np.array([0])), np.ones((1, 1)))
    assert np.isnan(nothing["map"][0])


def test_average_precision_by_hand() -> None:
    """Right, wrong, right of two: precision 1 up to recall 0.5, then 2/3."""
    truth = Ragged.cut(np.array([[0.0, 0, 0, 10, 10], [0.0, 50, 50, 10, 10]]), np.array([2]))
    said = np.array([[0.0, 0.9, 0, 0, 10, 10], [0.0, 0.8, 90, 90, 5, 5], [0.0, 0.7, 50, 50, 10, 10]])
    one = matched(truth, Ragged.cut(said, np.array([3])))["all"][0]
    assert average_precision(one, np.ones((1, 1)))[0] == pytest.approx([(51 + 50 * 2 / 3) / 101] * 10)
