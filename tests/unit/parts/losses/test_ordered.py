"""Losses of classes in an order: the same mistake hurts more the further off it is, which cross-entropy cannot see."""

import numpy as np
import pytest
import torch

from tunesmith.parts.losses.cross_entropy import CrossEntropy
from tunesmith.parts.losses.cumulative import Cumulative
from tunesmith.parts.losses.earth_mover import EarthMover

LABELS = torch.tensor([0, 0, 0])
ANSWERS = torch.eye(4)[1:] * 5.0  # one class off, two, three


def losses(part, outputs=ANSWERS, labels=LABELS):
    return part.build(labels.numpy(), outputs.shape[1])(outputs, labels)


@pytest.mark.parametrize("part", [Cumulative(), EarthMover()])
def test_further_off_hurts_more(part):
    found = losses(part).tolist()
    assert found[0] < found[1] < found[2]
    assert losses(CrossEntropy()).unique().numel() == 1


def test_cumulative_is_the_sum_over_borders_by_hand():
    outputs, labels = torch.tensor([[0.2, -0.4, 1.0]]), torch.tensor([1])
    chances = outputs.softmax(dim=1)[0].tolist()
    wanted = -(np.log(1 - chances[0]) + np.log(1 - chances[2])) / 2
    assert float(losses(Cumulative(), outputs, labels)) == pytest.approx(wanted, rel=1e-5)


def test_two_classes_make_it_cross_entropy():
    outputs, labels = torch.randn(5, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 1, 0, 1])
    torch.testing.assert_close(losses(Cumulative(), outputs, labels), losses(CrossEntropy(), outputs, labels))


def test_earth_mover_by_hand():
    sure = torch.tensor([[100.0, 0.0, 0.0]])
    assert float(losses(EarthMover(), sure, torch.tensor([2]))) == pytest.approx(2.0)
    assert float(losses(EarthMover(), sure, torch.tensor([0]))) == pytest.approx(0.0)
