"""The random generators go on after a resume as if there had been no stop."""

import json
import random

import numpy as np
import pytest
import torch

from tunesmith.core.errors import CheckpointError
from tunesmith.training.randomness import random_state, restore_random


@pytest.fixture(autouse=True)
def _undisturbed():
    before = random_state()
    yield
    restore_random(before)


def draw():
    # an odd number of Gaussian draws: Python and numpy make them in pairs and keep the second one
    drawn = [random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), *np.random.permutation(5)]
    return [*drawn, *torch.randn(5).tolist(), torch.randint(2**62, ()).item()]


def test_every_generator_goes_on_where_it_was():
    for length in (1, 2, 700):
        for _ in range(length):
            draw()
        stored = json.loads(json.dumps(random_state()))
        expected = [draw(), draw()]
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        assert draw() != expected[0]
        restore_random(stored)
        assert [draw(), draw()] == expected


def test_reading_the_state_moves_nothing():
    first = random_state()
    assert random_state() == first
    draw()
    assert {name for name, one in random_state().items() if one != first[name]} == {"python", "numpy", "torch"}


def test_the_generators_of_gpus_are_kept_once_in_use(monkeypatch):
    assert "cuda" not in random_state()
    restored = []
    generators = [torch.arange(16, dtype=torch.uint8), torch.zeros(16, dtype=torch.uint8)]
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: generators)
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", restored.extend)
    restore_random(json.loads(json.dumps(random_state())))
    assert [one.tolist() for one in restored] == [one.tolist() for one in generators]


def test_another_number_of_gpus_is_refused_with_nothing_changed():
    stored = random_state() | {"cuda": ["00" * 16] * (torch.cuda.device_count() + 1)}
    draw()
    before = random_state()
    with pytest.raises(CheckpointError, match="the stored random states are of 1 GPUs, and 0 are here; resume on"):
        restore_random(stored)
    assert random_state() == before
