"""Statistics move as the policy says and no other way, and folding a norm into its convolution changes no number."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from tunesmith.parts.bases import _batch_norm as batch_norm

CLOSE = 1e-5


class Small(nn.Module):
    """Two convolutions, a norm each."""

    def __init__(self, is_folded=False):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.second = nn.Conv2d(3, 4, 3, bias=False), nn.Conv2d(4, 6, 3, groups=2)
        self.below, self.above = nn.BatchNorm2d(4), nn.BatchNorm2d(6)
        for norm in (self.below, self.above):
            nn.init.uniform_(norm.weight, 0.5, 2.0)
            nn.init.normal_(norm.bias)
            if not is_folded:
                nn.init.normal_(norm.running_mean)
                nn.init.uniform_(norm.running_var, 0.5, 2.0)

    def forward(self, pixels):
        return batch_norm.convolved(self.second, self.above, self.middle(pixels).relu())

    def middle(self, pixels):
        return batch_norm.convolved(self.first, self.below, pixels)


def pixels(rows=8, seed=0):
    return torch.randn(rows, 3, 9, 9, generator=torch.Generator().manual_seed(seed)) * 2 + 1


def made(policy, is_folded=False):
    body = Small(is_folded)
    assert batch_norm.install(body, policy) == 2
    return body


def statistics(body):
    return {name: one.clone() for name, one in body.named_buffers()}


def gap(one, other):
    return float((one - other).detach().abs().max())


def test_folded_norm_gives_the_values_and_gradients_of_the_layer():
    plain, body = Small().eval(), made("frozen").train()
    aim = pixels(2, 5)
    expected = plain.above(plain.second(plain.below(plain.first(aim)).relu()))
    found = body(aim)
    assert gap(expected, found) < CLOSE
    for one in (expected, found):
        one.square().mean().backward()
    gradients = dict(body.named_parameters())
    for name, one in plain.named_parameters():
        assert gap(one.grad, gradients[name].grad) < CLOSE, name


@pytest.mark.parametrize("policy", ["frozen", "re_estimated"])
def test_resting_statistics_are_not_moved_by_training_mode(policy):
    body = made(policy).train()
    for module in body.modules():
        module.train()  # as the loop wakes the layers above frozen ones, one by one
    before = statistics(body)
    body(pixels())
    assert all(before[name].equal(one) for name, one in statistics(body).items())


def test_trained_statistics_move_in_training_mode_alone():
    body = made("trained")
    before = statistics(body)
    body.eval()(pixels())
    assert all(before[name].equal(one) for name, one in statistics(body).items())
    body.train()(pixels())
    assert not any(before[name].equal(one) for name, one in statistics(body).items())


def test_moments_do_not_depend_on_how_rows_are_divided():
    rows = pixels(10)
    moments = batch_norm.Moments()
    for part in rows.split([1, 3, 6]):
        moments.add(part)
    variance, mean = torch.var_mean(rows.double(), dim=(0, 2, 3), correction=0)
    assert gap(moments.mean, mean) < 1e-6
    assert gap(moments.variance, variance) < 1e-6


def test_estimated_statistics_are_those_of_the_rows():
    """From one batch: the layer above sees what the layer below gives once it has its own new statistics."""
    body = made("re_estimated").eval()
    rows = pixels()
    batch_norm.estimate(batch_norm.norms(body), [rows], body)
    raw = functional.conv2d(rows, body.first.weight)
    assert gap(body.below.running_mean, raw.mean((0, 2, 3))) < CLOSE
    assert gap(body.below.running_var, raw.var((0, 2, 3), correction=0)) < CLOSE
    above = functional.conv2d(body.middle(rows).relu(), body.second.weight, body.second.bias, groups=2)
    assert gap(body.above.running_mean, above.mean((0, 2, 3))) < CLOSE


def test_statistics_that_were_folded_away_come_back_without_a_change_of_answers():
    body = made("re_estimated", is_folded=True).eval()
    rows = pixels(32)
    before = body(rows)
    assert all(one.is_folded for one in batch_norm.norms(body))
    batch_norm.estimate(batch_norm.norms(body), rows.split(8), body)
    assert gap(before, body(rows)) < 10 * CLOSE
    assert not any(one.is_folded for one in batch_norm.norms(body))
    # so a batch's own statistics can now take their place: over all rows they are the same
    for norm in batch_norm.norms(body):
        norm.is_moving = True
    assert gap(before, body.train()(rows)) < 0.01 * float(before.abs().max())


def test_a_fault_meanwhile_leaves_the_old_statistics():
    body = made("re_estimated").eval()
    before = statistics(body)

    def broken(batch):
        body(batch)
        raise ValueError("the disk is gone")

    with pytest.raises(ValueError, match="the disk is gone"):
        batch_norm.estimate(batch_norm.norms(body), [pixels()], broken)
    assert all(before[name].equal(one) for name, one in statistics(body).items())
    assert gap(body(pixels()), made("frozen").eval()(pixels())) == 0.0
