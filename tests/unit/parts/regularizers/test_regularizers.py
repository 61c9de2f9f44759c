"""Each penalty against numbers worked out by hand from its paper's formula."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tunesmith.core.part import resolve
from tunesmith.core.seed import stream
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._columns import ColumnEncoder
from tunesmith.parts.losses.cross_entropy import CrossEntropy
from tunesmith.parts.losses.squared import Squared
from tunesmith.parts.regularizers import Scene, moving_matrices
from tunesmith.parts.regularizers.l1 import L1
from tunesmith.parts.regularizers.l2 import L2
from tunesmith.parts.regularizers.l2_sp import L2Sp
from tunesmith.parts.regularizers.mixup import Mixup
from tunesmith.parts.regularizers.r_drop import RDrop
from tunesmith.parts.strategies.lora import Lora
from tunesmith.testing import tiny


class Pair(torch.nn.Module):
    """A pre-trained layer and a new head, both of two weights and one bias."""

    def __init__(self):
        super().__init__()
        self.body = linear([[1.0, -2.0]], 5.0)
        self.body.is_pretrained = True
        self.head = linear([[0.5, 3.0]], 7.0)


def linear(weights, bias):
    made = torch.nn.Linear(2, 1)
    with torch.no_grad():
        made.weight.copy_(torch.tensor(weights))
        made.bias.fill_(bias)
    return made


def scene(outputs=((0.0,),), second=None, form="value", **more):
    first = torch.tensor(outputs, requires_grad=True)
    given = {
        "outputs": first,
        "vectors": first,
        "targets": torch.zeros(len(first)),
        "forward": lambda: (torch.tensor(second), first),
        "head": torch.nn.Identity(),
        "loss": Squared().build(np.zeros(1, np.float32), 1),
        "form": form,
        "generator": stream(0, "test"),
    }
    return Scene(**(given | more))


def value(regularizer, net, seen):
    return float(regularizer.build(net)(seen).detach())


def test_l1_is_the_sum_of_absolute_weights_of_matrices():
    assert value(L1(weight=0.5), Pair(), scene()) == pytest.approx(0.5 * (1 + 2 + 0.5 + 3))


def test_l2_is_half_the_sum_of_squares_of_matrices():
    assert value(L2(weight=0.5), Pair(), scene()) == pytest.approx(0.5 / 2 * (1 + 4 + 0.25 + 9))


def test_the_slope_of_l1_is_its_weight_and_that_of_l2_grows_with_the_weight():
    for regularizer, slopes in ((L1(weight=0.5), [0.5, -0.5]), (L2(weight=0.5), [0.5, -1.0])):
        net = Pair()
        regularizer.build(net)(scene()).backward()
        assert net.body.weight.grad.tolist() == [slopes]
        assert net.body.bias.grad is None


@pytest.mark.parametrize("regularizer", [L1(weight=1.0), L2(weight=1.0), L2Sp()])
def test_nothing_that_moves_costs_nothing(regularizer):
    net = Pair().requires_grad_(False)
    assert moving_matrices(net) == []
    assert value(regularizer, net, scene()) == 0.0


def test_frozen_weights_do_not_count():
    net = Pair()
    net.body.requires_grad_(False)
    assert value(L1(weight=1.0), net, scene()) == pytest.approx(3.5)


def test_l2_sp_is_distance_from_the_start_and_size_of_what_is_new():
    net = Pair()
    penalty = L2Sp(weight=0.4, new_weight=0.2).build(net)
    new = 0.2 / 2 * (0.25 + 9)
    assert float(penalty(scene()).detach()) == pytest.approx(new)
    with torch.no_grad():
        net.body.weight.add_(torch.tensor([[3.0, -1.0]]))
        net.body.bias.add_(2.0)
        net.head.bias.add_(100.0)
    assert float(penalty(scene()).detach()) == pytest.approx(0.4 / 2 * (9 + 1 + 4) + new)


def test_l2_sp_pulls_to_the_start():
    net = Pair()
    penalty = L2Sp(weight=0.4, new_weight=0.0).build(net)
    with torch.no_grad():
        net.body.weight.add_(torch.tensor([[3.0, -1.0]]))
    penalty(scene()).backward()
    assert net.body.weight.grad[0].tolist() == pytest.approx([1.2, -0.4])
    assert not net.head.weight.grad.any()


def test_l2_sp_knows_an_encoder_from_transformers_from_one_that_is_new():
    net = torch.nn.ModuleDict({"text": tiny.encoder(), "columns": ColumnEncoder(Shape(numbers=1), 4, 1, 0.0)})
    matrices = [one for one in net["columns"].parameters() if one.ndim >= 2]
    expected = sum(float(one.detach().square().sum()) for one in matrices) / 2
    assert value(L2Sp(weight=1.0, new_weight=1.0), net, scene()) == pytest.approx(expected)


def test_l2_sp_keeps_adapters_where_they_change_nothing():
    encoder = tiny.encoder()
    Lora(rank=2).prepare(encoder, encoder.layers())
    penalty = L2Sp(weight=2.0).build(encoder)
    assert float(penalty(scene()).detach()) == 0.0
    adapter = next(one for name, one in encoder.named_parameters() if ".lora_B." in name)
    with torch.no_grad():
        adapter.add_(0.5)
    assert float(penalty(scene()).detach()) == pytest.approx(0.25 * adapter.numel())


def divergence(p, q):
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


def logits(*probabilities):
    return tuple(math.log(one) for one in probabilities)


def test_r_drop_is_half_the_divergences_both_ways():
    rows = [((0.5, 0.5), (0.75, 0.25)), ((0.2, 0.8), (0.3, 0.7))]
    expected = sum(divergence(p, q) + divergence(q, p) for p, q in rows) / 2 / len(rows)
    seen = scene([logits(*p) for p, _ in rows], [logits(*q) for _, q in rows], "class")
    assert value(RDrop(weight=3.0), Pair(), seen) == pytest.approx(3 * expected, rel=1e-5)


def test_r_drop_takes_several_classes_as_as_many_coins():
    coins = [(0.5, 0.9), (0.2, 0.3), (0.7, 0.1)]
    pairs = [((p, 1 - p), (q, 1 - q)) for p, q in coins]
    expected = sum(divergence(p, q) + divergence(q, p) for p, q in pairs) / 2 / len(coins)
    odds = [[math.log(one / (1 - one)) for one in side] for side in zip(*coins, strict=True)]
    seen = scene([odds[0]], [odds[1]], "classes")
    assert value(RDrop(weight=1.0), Pair(), seen) == pytest.approx(expected, rel=1e-5)


def test_r_drop_of_values_is_the_squared_difference():
    seen = scene([[1.0], [2.0]], [[4.0], [2.0]], "value")
    assert value(RDrop(weight=1.0), Pair(), seen) == pytest.approx(9 / 2)


@pytest.mark.parametrize("form", ["class", "classes"])
def test_r_drop_stays_finite_for_extreme_outputs(form):
    seen = scene([[1e4, -1e4]], [[-1e4, 1e4]], form)
    found = RDrop(weight=1.0).build(Pair())(seen)
    found.backward()
    assert found.isfinite()
    assert seen.outputs.grad.isfinite().all()


def test_r_drop_teaches_both_passes():
    second = torch.tensor([[0.0, 1.0]], requires_grad=True)
    seen = replace(scene([[1.0, 0.0]], None, "class"), forward=lambda: (second, second))
    RDrop().build(Pair())(seen).backward()
    assert second.grad.abs().sum() > 0
    assert seen.outputs.grad.abs().sum() > 0


class Drawn:
    """A generator that draws what it is told to."""

    def __init__(self, share, order):
        self.share, self.order = share, order

    def beta(self, first, second):
        assert first == second
        return self.share

    def permutation(self, count):
        assert count == len(self.order)
        return np.array(self.order)


def test_mixup_of_values_by_hand():
    seen = scene([[1.0], [5.0]], targets=torch.tensor([0.0, 2.0]), generator=Drawn(0.25, [1, 0]))
    # mixed vectors are 4 and 2, their own targets 0 and 2, their partners' 2 and 0
    expected = ((0.25 * 16 + 0.75 * 4) + (0.25 * 0 + 0.75 * 4)) / 2
    assert value(Mixup(weight=2.0), Pair(), seen) == pytest.approx(2 * expected)


def test_mixup_of_classes_is_the_loss_against_the_mixed_target():
    vectors, targets = [[2.0, 0.0, -1.0], [0.5, 1.0, 3.0], [0.0, 0.0, 1.0]], torch.tensor([0, 2, 1])
    hurt = CrossEntropy().build(targets.numpy(), 3)
    seen = scene(vectors, form="class", targets=targets, loss=hurt, generator=Drawn(0.3, [2, 0, 1]))
    rows, soft = torch.tensor(vectors), torch.eye(3)[targets]
    order = [2, 0, 1]
    expected = torch.nn.functional.cross_entropy(0.3 * rows + 0.7 * rows[order], 0.3 * soft + 0.7 * soft[order])
    assert value(Mixup(), Pair(), seen) == pytest.approx(float(expected))


def test_mixup_of_a_row_with_itself_is_its_own_loss():
    seen = scene([[3.0]], targets=torch.tensor([1.0]))
    assert value(Mixup(), Pair(), seen) == pytest.approx(4.0)


def test_mixup_draws_its_shares_from_the_generator():
    seen = scene([[1.0], [5.0], [7.0]], targets=torch.tensor([0.0, 2.0, 3.0]))
    penalty = Mixup().build(Pair())
    state = seen.generator.bit_generator.state
    first, other = float(penalty(seen).detach()), float(penalty(seen).detach())
    seen.generator.bit_generator.state = state
    assert first != other
    assert float(penalty(seen).detach()) == first


@pytest.mark.parametrize("kind", ["l1", "l2", "l2_sp", "r_drop", "mixup"])
def test_a_bare_name_means_its_defaults_and_no_weight_is_refused(kind):
    made = resolve("parts.regularizers", kind)
    assert made == type(made)()
    assert made.needs_dropout == (kind == "r_drop")
    for weight in (0.0, -1.0, math.nan, math.inf, "much"):
        with pytest.raises(ValidationError, match="weight"):
            resolve("parts.regularizers", {"kind": kind, "weight": weight})


def test_bad_shares_are_refused():
    with pytest.raises(ValidationError, match="alpha"):
        Mixup(alpha=0.0)
    with pytest.raises(ValidationError, match="new_weight"):
        L2Sp(new_weight=-0.1)
