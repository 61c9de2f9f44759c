"""Which weights each strategy lets move, name by name, on a very small BERT."""

import pytest

from tunesmith.parts.strategies.freeze import Freeze
from tunesmith.parts.strategies.full import Full
from tunesmith.parts.strategies.head import Head
from tunesmith.parts.strategies.lora import Lora
from tunesmith.testing import tiny


def moving(strategy):
    """Return (all names before, names that may move after `prepare`)."""
    body = tiny.encoder()
    before = {name for name, _ in body.named_parameters()}
    strategy.prepare(body, body.layers())
    return before, {name for name, one in body.named_parameters() if one.requires_grad}


def test_full_moves_everything():
    before, after = moving(Full())
    assert after == before


def test_head_moves_nothing_of_the_body():
    assert moving(Head())[1] == set()


@pytest.mark.parametrize("layers", range(tiny.LAYERS + 1))
def test_freeze_moves_the_layers_above(layers):
    before, after = moving(Freeze(layers=layers))
    upper = [f"body.encoder.layer.{at}." for at in range(layers, tiny.LAYERS)]
    assert after == {name for name in before if any(name.startswith(one) for one in upper)}
    assert bool(after) == (layers < tiny.LAYERS)


def test_freeze_refuses_more_layers_than_there_are():
    with pytest.raises(ValueError, match="has 4 layers, cannot freeze 5"):
        moving(Freeze(layers=5))


def test_lora_moves_two_matrices_beside_every_linear_layer():
    before, after = moving(Lora(rank=2))
    assert not after & before
    linear = 6 * tiny.LAYERS  # query, key, value, attention output, two of the feed-forward
    assert len(after) == 2 * linear
    assert all(".lora_A." in name or ".lora_B." in name for name in after)
