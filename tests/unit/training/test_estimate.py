"""What is said before the first step: it leaves no trace, and its counts are what happens."""

import math

import numpy as np
import pytest
import torch

from tunesmith.training import estimate as module
from tunesmith.training.course import Course
from tunesmith.training.estimate import Estimate, clock, estimate, steps_within
from tunesmith.training.memory import row_bytes, state_bytes
from tunesmith.training.resume import Keeper
from tunesmith.training.settings import LEAST_BATCH, Plan, Train
from unit.training.small import job, largest_gap, loop, steps, weights


@pytest.mark.parametrize("kind", ["text", "table"])
@pytest.mark.parametrize("strategy", ["full", "gradual"])
def test_nothing_is_moved(kind, strategy):
    one = loop(job(kind, dropout=0.4, average="ema", strategy=strategy))
    before, random = weights(one), torch.get_rng_state()
    is_free = {name: value.requires_grad for name, value in one.model.net.named_parameters()}
    estimate(one)
    assert largest_gap(weights(one), before) == 0.0
    assert torch.get_rng_state().equal(random)
    assert one.optimizer.state_dict()["state"] == {}
    assert one.progress.number == 0
    assert one.average.steps == 0
    assert all(value.grad is None for value in one.model.net.parameters())
    assert {name: value.requires_grad for name, value in one.model.net.named_parameters()} == is_free


def test_a_training_after_it_is_the_training_without_it():
    one = loop(job(dropout=0.4))
    estimate(one)
    found = steps(one)
    assert found == steps(loop(job(dropout=0.4)))


@pytest.mark.parametrize("how", [{"epochs": 2}, {"epochs": 5, "batch_size": 7}, {"validations": 4}])
def test_its_steps_are_those_that_are_taken(how):
    one = loop(job("table", patience=1000, **how))
    expected = estimate(one)
    Course(one, Keeper(None, 0.0), lambda done, **fields: None).run_until(10**9)
    assert one.progress.number == expected.steps
    assert len(one.progress.curve.steps) == expected.steps
    marks = [number for number in range(1, expected.steps + 1) if one.plan.is_mark(number)]
    assert [entry["step"] for entry in one.progress.curve.validations] == marks
    assert math.ceil(one.plan.total / one.plan.every) == len(marks)


def test_its_micro_batch_is_what_fits(monkeypatch):
    one = loop(job(batch_size=10))
    whole = estimate(one)
    assert whole.micro_batch == 10
    fixed = state_bytes(one.model, one.best.size)
    per_row = row_bytes(one, np.argsort(one.lengths, kind="stable")[-4:])
    for rows, expected in ((3.9, 2), (4.1, 4), (0.5, 1)):
        free = int((fixed + rows * per_row) / module.SHARE) + 1
        monkeypatch.setattr(module, "available_bytes", lambda device, neighbours, free=free: free)
        assert estimate(one).micro_batch == expected
        assert one.micro == expected


def test_a_micro_batch_that_is_given_is_kept(monkeypatch):
    monkeypatch.setattr(module, "available_bytes", lambda device, neighbours: 0)
    assert estimate(loop(job(micro_batch=3))).micro_batch == 3
    assert estimate(loop(job(micro_batch=300))).micro_batch == 10


def test_checkpointed_layers_are_expected_to_take_less_memory():
    plain, sparing = loop(job()), loop(job())
    sparing.model.net.encoders["body"].save_memory()
    rows = np.arange(4)
    assert row_bytes(sparing, rows) < row_bytes(plain, rows) / 2


def test_gradual_release_is_measured_as_if_all_was_free():
    """What fits while the head moves alone does not fit once every layer does."""
    gradual, full = (loop(job(strategy=one)) for one in ("gradual", "full"))
    one, other = estimate(gradual), estimate(full)
    assert one.memory_bytes == other.memory_bytes
    assert not any(value.requires_grad for value in gradual.model.net.encoders.parameters())


def found(step=0.1, validation=1.0):
    return Estimate(100, step, validation, 20.0, 1, 10)


def test_the_steps_that_fit_leave_room_for_validations():
    plan = Plan(10, 20, 1000, 10.0)  # a validation every tenth step
    assert steps_within(20.0, found(), plan) == int(0.93 * 20.0 / 0.2)
    assert steps_within(0.0, found(), plan) == 1


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (99, "99 s"), (600, "10 min"), (9000, "2.5 h")])
def test_time_is_said_as_people_do(seconds, said):
    assert clock(seconds) == said


def test_the_sentence_names_steps_time_and_memory():
    assert found().words() == "100 steps of about 0.1 s, with validations about 20 s; about 0.0 GB of memory"


@pytest.mark.parametrize(
    ("rows", "size"), [(10, 8), (100, 8), (255, 8), (256, 16), (511, 16), (512, 32), (100_000, 32)]
)
def test_the_batch_is_smaller_where_rows_are_few(rows, size):
    how = Train(batch_size="auto")
    assert how.rows_per_step(rows) == size
    assert size == LEAST_BATCH or math.ceil(rows / size) >= 16


def test_a_batch_that_is_given_is_kept():
    assert Train(batch_size=5).rows_per_step(3) == 5


@pytest.mark.parametrize(("per_epoch", "epochs"), [(1, 20), (30, 20), (100, 6), (150, 4), (100_000, 4)])
def test_epochs_follow_from_steps(per_epoch, epochs):
    assert Train().epochs_of(per_epoch, 20) == epochs
    assert Train(epochs=7).epochs_of(per_epoch, 20) == 7


def test_validation_comes_as_often_as_asked_and_forty_times_at_most():
    plan = Plan.of(job(epochs=2, batch_size=1, validations=4))
    marks = [number for number in range(1, plan.total + 1) if plan.is_mark(number)]
    assert len(marks) == 8
    assert set(np.diff(marks)) <= {6, 7}
    assert marks[-1] == plan.total
    many = Plan.of(job(epochs=500, validations=2))
    assert sum(many.is_mark(number) for number in range(1, many.total + 1)) == 40


def test_the_plan_ends_where_it_is_told_to_and_is_measured_there():
    plan = Plan.of(job(epochs=3), 7)
    assert plan.total == 7
    assert plan.is_mark(7)
    assert Plan.of(job(epochs=3), 70).total == 9
    assert Plan.of(job(epochs=3), 0).total == 1
