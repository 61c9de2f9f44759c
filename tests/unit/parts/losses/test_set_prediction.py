"""Matching by hand and against transformers' own DETR loss, and what cannot be matched."""

import numpy as np
import pytest
import torch

from tunesmith.core.errors import DataError
from tunesmith.data.encoded import Ragged
from tunesmith.parts.losses._boxes import generalised_overlap
from tunesmith.parts.losses._lines import Lines
from tunesmith.parts.losses.set_prediction import SetPrediction, relative
from tunesmith.testing.boxes import CLASSES, QUERIES, WIDTH, targets


def lines(true):
    return Lines(torch.from_numpy(true.values), torch.from_numpy(true.lengths))


def test_labels_are_relative_to_their_picture():
    label = torch.tensor([[1.0, 10.0, 20.0, 40.0, 30.0, 100.0, 200.0]])
    assert relative(label)[0].tolist() == pytest.approx([0.3, 0.175, 0.4, 0.15])


def test_generalised_overlap_equals_that_of_transformers():
    theirs = pytest.importorskip("transformers.loss.loss_for_object_detection")
    random = torch.rand(6, 4, dtype=torch.float64) * 0.3 + 0.1
    ours = generalised_overlap(random[:, None], random[None])
    corners = theirs.center_to_corners_format(random)
    assert torch.allclose(ours, theirs.generalized_box_iou(corners, corners), atol=1e-12)


def test_the_loss_is_that_of_detr():
    """Of one batch: DETR divides class terms by the batch's weights, box terms by its boxes, ours by a usual row's."""
    module = pytest.importorskip("transformers.loss.loss_for_object_detection")
    true = targets("losses")
    rows, total = len(true), len(true.values)
    outputs = torch.randn(rows, QUERIES, WIDTH, generator=torch.Generator().manual_seed(0))
    labels = lines(true)
    told = [
        {"class_labels": one[:, 0].long(), "boxes": relative(one).float()}
        for one in torch.split(labels.values, true.lengths.tolist())
    ]
    matcher = module.HungarianMatcher(class_cost=1, bbox_cost=5, giou_cost=2)
    criterion = module.ImageLoss(matcher, CLASSES, 0.1, ["labels", "boxes"])
    said = {"logits": outputs[..., : CLASSES + 1], "pred_boxes": outputs[..., CLASSES + 1 :].sigmoid()}
    theirs = criterion(said, told)
    share = total + 0.1 * (rows * QUERIES - total)
    ours = SetPrediction(surprise=1.0).build(true, WIDTH)(outputs.reshape(-1, WIDTH), labels).sum()
    usual = total / rows
    usual_share = usual + 0.1 * (QUERIES - usual)
    expected = theirs["loss_ce"] * share / usual_share
    expected = expected + (5 * theirs["loss_bbox"] + 2 * theirs["loss_giou"]) * total / usual
    assert float(ours) == pytest.approx(float(expected), rel=1e-5)


def test_batches_add_up():
    true = targets("losses")
    hurt = SetPrediction().build(true, WIDTH)
    outputs = torch.randn(len(true) * QUERIES, WIDTH)
    whole = hurt(outputs, lines(true)).sum()
    cut = 2 * QUERIES
    parts = hurt(outputs[:cut], lines(true.take(np.arange(2)))).sum()
    parts = parts + hurt(outputs[cut:], lines(true.take(np.arange(2, len(true))))).sum()
    assert float(whole) == pytest.approx(float(parts), rel=1e-6)


def test_more_boxes_than_queries_are_refused():
    true = targets("losses")
    with pytest.raises(DataError, match=r"3 boxes, and the base answers with 2 at most.*queries"):
        SetPrediction().build(true, WIDTH)(torch.zeros(len(true) * 2, WIDTH), lines(true))


def test_outputs_that_are_no_numbers_make_a_loss_that_is_none():
    true = targets("losses")
    found = SetPrediction().build(true, WIDTH)(torch.full((len(true) * QUERIES, WIDTH), torch.nan), lines(true))
    assert not found.isfinite().any()


def test_pictures_without_any_box_are_learnt_from():
    true = Ragged.cut(np.zeros((0, 7)), np.zeros(2, np.int64))
    outputs = torch.zeros(2 * QUERIES, WIDTH, requires_grad=True)
    SetPrediction().build(true, WIDTH)(outputs, lines(true)).sum().backward()
    assert (outputs.grad[:, CLASSES] < 0).all()
    assert (outputs.grad[:, CLASSES + 1 :] == 0).all()
