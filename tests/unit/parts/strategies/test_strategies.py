"""What starts anew, what is freed when, on modules small enough to count."""

import pytest
import torch
from torch import nn

from tunesmith.core.errors import RecipeError
from tunesmith.parts.strategies import hold, renew
from tunesmith.parts.strategies.freeze import Freeze
from tunesmith.parts.strategies.full import Full
from tunesmith.parts.strategies.gradual import Gradual
from tunesmith.parts.strategies.head import Head
from tunesmith.testing import tiny


class Body(nn.Module):
    """Embeddings and three layers, every weight 5 at first."""

    def __init__(self):
        super().__init__()
        blocks = [nn.Sequential(nn.Linear(40, 40), nn.LayerNorm(40)) for _ in range(3)]
        self.depths = nn.ModuleList([nn.Embedding(9, 40), *blocks])
        with torch.no_grad():
            for one in self.parameters():
                one.fill_(5.0)

    def layers(self):
        return [[one] for one in self.depths]


def renewed(strategy):
    """Return the depths that hold another weight than before."""
    torch.manual_seed(3)
    body = Body()
    strategy.prepare(body, body.layers())
    return body, [at for at, depth in enumerate(body.depths) if any((one != 5.0).any() for one in depth.parameters())]


def moving(body):
    return [at for at, depth in enumerate(body.depths) if all(one.requires_grad for one in depth.parameters())]


@pytest.mark.parametrize("strategy", [Full, Gradual, lambda **fields: Freeze(layers=1, **fields)])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_top_layers_start_anew_and_no_other(strategy, count):
    assert renewed(strategy(reinitialise=count))[1] == [1, 2, 3][3 - count :]


def test_new_weights_are_drawn_as_those_of_bert_were():
    body = renewed(Full(reinitialise=3))[0]
    linear, norm = body.depths[3]
    assert linear.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert linear.weight.mean().item() == pytest.approx(0.0, abs=0.002)
    assert not linear.bias.any()
    assert (norm.weight == 1).all()
    assert not norm.bias.any()
    assert not body.depths[1][0].weight.equal(linear.weight)


def test_new_weights_depend_on_the_seed_alone():
    first, again = (renewed(Full(reinitialise=1))[0].depths[3][0].weight for _ in range(2))
    assert first.equal(again)
    torch.manual_seed(4)
    other = nn.Linear(40, 40)
    renew([other])
    assert not other.weight.equal(first)


def test_the_deviation_is_the_one_the_base_began_with():
    body = tiny.encoder()
    body.body.config.initializer_range = 0.5
    Full(reinitialise=1).prepare(body, body.layers())
    layer = body.layers()[-1][0]
    assert layer.output.dense.weight.std().item() == pytest.approx(0.5, rel=0.1)
    assert (layer.output.LayerNorm.weight == 1).all()


def test_an_embedding_can_be_renewed():
    embedding = nn.Embedding(500, 20)
    renew([embedding], 0.1)
    assert embedding.weight.std().item() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(
    ("strategy", "sentence"),
    [
        (Full(reinitialise=4), "has 3 layers that move above its embeddings, cannot renew 4; name fewer"),
        (Gradual(reinitialise=4), "cannot renew 4"),
        (Freeze(layers=2, reinitialise=2), "has 1 layers that move above its embeddings, cannot renew 2"),
    ],
)
def test_more_layers_than_move_are_refused(strategy, sentence):
    with pytest.raises(RecipeError, match=rf"strategy\.reinitialise: .*{sentence}"):
        renewed(strategy)


def test_a_layer_of_unknown_kind_is_refused_and_left_alone():
    linear, strange = nn.Linear(2, 2), nn.MultiheadAttention(2, 1)
    before = linear.weight.clone()
    with pytest.raises(RecipeError, match=r"hold MultiheadAttention, whose .* set it to 0"):
        renew([linear, strange])
    assert linear.weight.equal(before)


@pytest.mark.parametrize("value", [-1, 1.5, "top"])
def test_a_count_of_layers_is_a_whole_number(value):
    with pytest.raises(ValueError, match="reinitialise"):
        Full(reinitialise=value)


def test_gradual_frees_a_layer_at_equal_distances_until_all_move():
    body, strategy = Body(), Gradual(until=0.4)
    strategy.prepare(body, body.layers())
    assert moving(body) == []
    freed = {}
    for step in range(100):
        if strategy.release(body.layers(), step / 100):
            freed[step] = moving(body)
    assert freed == {10: [3], 20: [2, 3], 30: [1, 2, 3], 40: [0, 1, 2, 3]}


def test_gradual_frees_what_is_due_when_it_begins_late():
    body, strategy = Body(), Gradual(until=0.4)
    strategy.prepare(body, body.layers())
    assert strategy.release(body.layers(), 0.35)
    assert moving(body) == [1, 2, 3]
    assert not strategy.release(body.layers(), 0.0)
    assert moving(body) == [1, 2, 3]


def test_gradual_gives_the_optimiser_every_weight_from_the_start():
    body, strategy = Body(), Gradual()
    strategy.prepare(body, body.layers())
    ever = strategy.ever_moves(body, body.layers())
    assert {id(one) for one in ever} == {id(one) for one in body.parameters()}
    before = [one.detach().clone() for one in ever]
    rule = torch.optim.AdamW(ever, lr=0.1, weight_decay=0.1)
    strategy.release(body.layers(), 0.125)
    body.depths[3](torch.ones(2, 40)).square().sum().backward()
    rule.step()
    assert [not one.equal(old) for one, old in zip(ever, before, strict=True)] == [False] * 9 + [True] * 4


@pytest.mark.parametrize("until", [0.0, 1.0, -0.5])
def test_gradual_refuses_a_share_that_is_none(until):
    with pytest.raises(ValueError, match="until"):
        Gradual(until=until)


def test_what_is_frozen_never_moves():
    body = Body()
    Freeze(layers=1).prepare(body, body.layers())
    assert {id(one) for one in Freeze(layers=1).ever_moves(body, body.layers())} == {
        id(one) for depth in body.depths[2:] for one in depth.parameters()
    }
    Head().prepare(body, body.layers())
    assert Head().ever_moves(body, body.layers()) == []
    assert Head().release(body.layers(), 0.9) is False


def test_what_is_held_keeps_no_gradient():
    body = Body()
    body.depths[1](torch.ones(2, 40)).sum().backward()
    assert body.depths[1][0].weight.grad is not None
    hold([body])
    assert moving(body) == []
    assert all(one.grad is None for one in body.parameters())
