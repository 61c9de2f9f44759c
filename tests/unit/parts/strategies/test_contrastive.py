"""Contrast between classes: the losses by hand, the rows that are drawn, and what it costs where rows are many."""

import math
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from tunesmith.core.errors import DataError, RecipeError
from tunesmith.parts.strategies import Scene
from tunesmith.parts.strategies.contrastive import LEAST_STEPS, MOST_STEPS, Contrastive, cosine, supcon

TEMPERATURE = 0.5


def scene(targets, vectors, form="class", seed=0):
    """Return a scene that moves nothing, and the list of the batches it will be asked for."""
    asked = []

    def seen(positions):
        asked.append(positions)
        return vectors(positions)

    generator = np.random.default_rng(seed)
    return Scene(targets, form, seen, lambda loss, number, total: None, lambda number, **fields: None, generator), asked


def constant(positions):
    return torch.ones(len(positions), 4, requires_grad=True)


def drawn(targets, **fields):
    """Return the batches of positions that `warm` asks for."""
    some, asked = scene(np.asarray(targets), constant)
    Contrastive(**fields).warm(some)
    return asked


def same(labels):
    return torch.tensor(labels)[:, None] == torch.tensor(labels)[None, :]


def test_supcon_is_equation_two_written_out():
    labels = [0, 0, 0, 1, 1]
    vectors = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).double()
    unit = (vectors / vectors.norm(dim=1, keepdim=True)).tolist()

    def closeness(first, second):
        return math.exp(sum(a * b for a, b in zip(unit[first], unit[second], strict=True)) / TEMPERATURE)

    total = 0.0
    for anchor in range(5):
        others = [one for one in range(5) if one != anchor]
        partners = [one for one in others if labels[one] == labels[anchor]]
        whole = sum(closeness(anchor, one) for one in others)
        total -= sum(math.log(closeness(anchor, one) / whole) for one in partners) / len(partners)
    assert supcon(vectors, same(labels), TEMPERATURE).item() == pytest.approx(total / 5, rel=1e-5)


def test_cosine_is_the_squared_error_of_both_kinds_of_pairs():
    vectors = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0], [0.0, 1.0]])
    half = math.sqrt(0.5)
    inside = ((half - 1) ** 2 + 0.0) / 2  # rows 0 and 1, rows 2 and 3
    outside = (0.0 + 0.0 + half**2 + half**2) / 4
    assert cosine(vectors, same([0, 0, 1, 1])).item() == pytest.approx((inside + outside) / 2, rel=1e-6)


@pytest.mark.parametrize("loss", [lambda vectors, pairs: supcon(vectors, pairs, TEMPERATURE), cosine])
def test_a_loss_does_not_see_the_length_of_a_vector_and_has_a_finite_gradient(loss):
    vectors = torch.randn(6, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    pairs = same([0, 0, 1, 1, 2, 2])
    value = loss(vectors, pairs)
    value.backward()
    assert vectors.grad.isfinite().all()
    assert vectors.grad.any()
    assert loss(7.0 * vectors.detach(), pairs).item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("loss", ["supcon", "cosine"])
def test_rows_of_a_class_end_closer_to_each_other_than_to_any_other(loss):
    torch.manual_seed(0)
    targets = np.repeat(np.arange(4), 6)
    inputs = torch.randn(24, 16)
    body = nn.Sequential(nn.Linear(16, 64), nn.Tanh(), nn.Linear(64, 8))
    rule = torch.optim.Adam(body.parameters(), lr=0.01)

    def move(value, number, total):
        rule.zero_grad()
        value.backward()
        rule.step()

    told = {}
    generator = np.random.default_rng(0)
    strategy = Contrastive(loss=loss, steps=150, batch_rows=16)
    some = Scene(
        targets=targets,
        form="class",
        vectors=lambda rows: body(inputs[rows]),
        move=move,
        advance=lambda number, loss: told.update({number: loss}),
        generator=generator,
    )
    strategy.prepare(body, [[body]])
    strategy.warm(some)
    assert list(told) == list(range(1, 151))
    assert told[150] < told[1]
    with torch.no_grad():
        unit = nn.functional.normalize(body(inputs), dim=1)
    similarity = unit @ unit.T
    pairs = same(targets.tolist())
    assert similarity[pairs].min() > similarity[~pairs].max()
    strategy.settle(body, [[body]])
    assert strategy.ever_moves(body, [[body]]) == []


def test_a_batch_has_as_many_rows_of_each_class_and_no_row_twice():
    targets = np.repeat(np.arange(10), 8)
    for batch in drawn(targets, steps=30, batch_rows=32):
        assert len(batch) == len(set(batch.tolist())) == 30
        assert np.bincount(targets[batch], minlength=10).tolist() == [3] * 10


def test_where_classes_are_many_each_batch_takes_two_rows_of_some():
    targets = np.repeat(np.arange(50), 5)
    batches = drawn(targets, steps=80, batch_rows=20)
    for batch in batches:
        counts = np.bincount(targets[batch])
        assert sorted(counts[counts > 0]) == [2] * 10
    seen = np.bincount(np.concatenate(batches), minlength=250)
    assert set(seen.tolist()) == {6, 7}, "1600 turns for 250 rows"


def test_a_small_class_gives_all_it_has_and_a_single_row_is_left_out():
    targets = np.array([7] * 20 + [3] * 3 + [5])
    for batch in drawn(targets, steps=10, batch_rows=16):
        assert np.bincount(targets[batch])[[3, 5, 7]].tolist() == [3, 0, 8]
        assert len(set(batch.tolist())) == 11


def test_the_same_generator_draws_the_same_rows():
    targets = np.repeat(np.arange(3), 9)
    pairs = zip(drawn(targets, steps=5), drawn(targets, steps=5), strict=True)
    assert all(first.tolist() == again.tolist() for first, again in pairs)


@pytest.mark.parametrize("targets", [[], [0, 0, 0], [0, 1, 2], [0, 0, 0, 1]])
def test_too_few_rows_of_a_class_are_told(targets):
    with pytest.raises(
        DataError, match=r"of \d classes have two training rows or more; label more rows, or use `strategy: he"
    ):
        drawn(np.array(targets, np.int64))


@pytest.mark.parametrize("form", ["classes", "value"])
def test_targets_without_one_class_each_are_refused(form):
    targets = np.ones((8, 2), np.float32) if form == "classes" else np.ones(8, np.float32)
    some, asked = scene(targets, constant, form)
    with pytest.raises(RecipeError, match=r"one class per row.*use `strategy: full`"):
        Contrastive().warm(some)
    assert asked == []


@pytest.mark.parametrize(
    ("rows", "fields", "steps"),
    [
        (1, {}, LEAST_STEPS),
        (16, {}, LEAST_STEPS),
        (1600, {}, 50),
        (1600, {"batch_rows": 100}, 32),
        (10**7, {}, MOST_STEPS),
        (16, {"steps": 3}, 3),
        (10**7, {"steps": 500}, 500),
    ],
)
def test_steps(rows, fields, steps):
    assert Contrastive(**fields).warm_steps(rows) == steps


@pytest.mark.parametrize(
    "fields", [{"batch_rows": 3}, {"temperature": 0.0}, {"steps": 0}, {"steps": "some"}, {"loss": "triplet"}]
)
def test_a_value_that_makes_no_sense_is_refused(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        Contrastive(**fields)


@pytest.mark.parametrize("classes", [2, 100, 20_000])
def test_many_rows_cost_no_more_than_a_batch_per_step(classes):
    rows = 200_000
    targets = np.random.default_rng(0).integers(0, classes, rows)
    before, grown, sizes = [0], [], []

    def vectors(positions):
        grown.append(tracemalloc.get_traced_memory()[1] - before[-1])
        sizes.append(len(positions))
        return constant(positions)

    def advance(number, loss):
        tracemalloc.reset_peak()
        before.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        generator = np.random.default_rng(0)
        Contrastive(steps=20).warm(Scene(targets, "class", vectors, lambda *step: None, advance, generator))
    finally:
        tracemalloc.stop()
    assert len(sizes) == 20
    assert max(sizes) <= 64
    assert max(grown[1:]) < rows, "a step must not even make one byte per row"
    assert grown[0] < 50 * rows, "sorting rows by class takes a few numbers per row, not per pair"
