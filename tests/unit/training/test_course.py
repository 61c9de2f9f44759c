"""From step to step: divergence, early stopping, the clock, signals, checkpoints."""

import math
import os
import shutil
import signal
import time
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest
import torch

from tunesmith.core.errors import InterruptedTrainingError, TrainingError
from tunesmith.training import course as course_module
from tunesmith.training import loop as loop_module
from tunesmith.training.checkpoint import Checkpoints
from tunesmith.training.course import Course
from tunesmith.training.resume import Keeper, adopt, capture
from unit.training.small import job, largest_gap, loop, said, steps, weights
from unit.training.test_loop import plant, plant_gradient

KEY = "k" * 16


def course(one, folder=None, seconds=None, every=0.0):
    store = None if folder is None else Checkpoints(folder, KEY)
    return Course(one, Keeper(store, every), lambda done, **fields: None, seconds)


@pytest.mark.parametrize("how", [plant, plant_gradient])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_three_bad_steps_are_overcome(how, value):
    of = job(epochs=4, patience=50)
    one = how(loop(of), value, {4, 5, 6})
    course(one).run_until(one.plan.total)
    assert one.progress.number == one.plan.total == 12
    assert one.progress.skipped == 3
    assert one.progress.rate_scale == 1 / 8
    warnings = [text for text in said(of, "warning") if "not finite" in text]
    assert [text.partition(":")[0] for text in warnings] == ["step 4", "step 5", "step 6"]
    one.settle()
    assert all(np.isfinite(value).all() for value in weights(one).values())


@pytest.mark.parametrize("how", [plant, plant_gradient])
def test_five_in_a_row_end_the_run_with_the_best_weights_kept(how, tmp_path):
    one = how(loop(job(epochs=4, average="none")), math.nan, range(5, 100))
    kept = {}
    offer = one.best.offer

    def offered(key, copied):
        found = offer(key, copied)
        if found:
            kept.update(weights(one))
        return found

    one.best = _Watched(one.best, offered)
    one_course = course(one, tmp_path, every=1e9)
    with one_course.keeper.store.hold(), pytest.raises(TrainingError) as caught:
        one_course.run_until(one.plan.total)
    message = str(caught.value)
    assert caught.value.exit_code == 4
    assert "training step 9" in message
    assert "5 steps in a row" in message
    assert "nothing was registered" in message
    assert "learning_rate" in message
    assert str(tmp_path) in message
    state = Checkpoints(tmp_path, KEY).latest().state
    assert state.step == 9
    for name in one.moving:
        assert np.array_equal(state.tensors[f"net/{name}"].numpy(), kept[name])


class _Watched:
    """The best weights, with a look at each offer."""

    def __init__(self, best, offer):
        self.best, self.offer = best, offer

    def __getattr__(self, name):
        return getattr(self.best, name)


def test_without_a_validation_before_no_weights_are_kept(tmp_path):
    one = plant(loop(job(count=100, validations=1)), math.nan, range(1, 100))
    with pytest.raises(TrainingError, match="no weights are kept"):
        course(one, tmp_path).run_until(one.plan.total)


def test_many_bad_steps_apart_end_the_run_too():
    one = plant(loop(job(epochs=40, patience=1000)), math.nan, range(2, 120, 2))
    with pytest.raises(TrainingError, match="25 in all"):
        course(one).run_until(one.plan.total)
    assert one.progress.number == 50


def test_patience_ends_training_and_says_so():
    of = job(epochs=30, patience=3, optimizer={"learning_rate": 1e-12})
    one = loop(of)
    one_course = course(one)
    one_course.run_until(one.plan.total)
    one_course.close()
    assert one.best.waited == 3
    assert one.progress.number < one.plan.total
    assert any("validation gains no more" in text for text in said(of, "note"))


class Clock:
    """Time that passes only where it is told to."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        for module in (loop_module, course_module):
            if hasattr(module, "time"):
                monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


def test_minutes_end_in_time_with_weights_that_were_validated(monkeypatch):
    clock = Clock(monkeypatch)
    of = job(epochs=30, patience=1000, validations=1)
    one = loop(of)
    accumulate = one.accumulate

    def slow(positions):
        clock.now += 2.0
        return accumulate(positions)

    one.accumulate = slow
    one_course = course(one, seconds=13.0)
    one_course.run_until(one.plan.total)
    one_course.close()
    assert one.progress.number == 7, "the seventh step passes the 13 seconds"
    assert one.progress.curve.validations[-1]["step"] == 7, "and is validated, between two marks"
    assert any("the minutes are over" in text for text in said(of, "note"))
    one.settle()


def test_time_spent_before_a_resume_counts(monkeypatch):
    clock = Clock(monkeypatch)
    one = loop(job(epochs=30, patience=1000))
    one.progress.seconds = 12.0
    clock.now += 500.0
    assert not course(one, seconds=13.0).is_over
    assert course(one, seconds=11.0).is_over


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_step_saves_and_stops(name, tmp_path):
    of = job(epochs=5)
    one = loop(of)
    one_course = course(one, tmp_path, every=1e9)

    def advance(done, **fields):
        if done == 4:
            os.kill(os.getpid(), getattr(signal, name))

    one_course.advance = advance
    before = signal.getsignal(getattr(signal, name))
    with pytest.raises(
        InterruptedTrainingError, match=rf"interrupted \({name}\) at step 4 of 15; nothing was registered"
    ) as caught:
        one_course.run_until(15)
    assert caught.value.exit_code == 130
    assert str(tmp_path) in str(caught.value)
    assert signal.getsignal(getattr(signal, name)) is before
    again = loop(job(epochs=5))
    adopt(again, Checkpoints(tmp_path, KEY).latest().state)
    assert again.progress.number == 4
    assert largest_gap(weights(again), weights(one)) == 0.0


def test_a_signal_where_nothing_can_be_saved_says_that():
    one = loop(job())
    one_course = course(one)
    one_course.advance = lambda done, **fields: os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(InterruptedTrainingError, match="its state could not be saved"):
        one_course.run_until(9)


def test_a_full_disk_warns_and_changes_nothing(tmp_path, monkeypatch):
    of, usage = job(dropout=0.3), namedtuple("usage", "total used free")
    one = loop(of)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 100, 0))
    course(one, tmp_path).run_until(one.plan.total)
    expected = loop(job(dropout=0.3))
    course(expected).run_until(expected.plan.total)
    assert largest_gap(weights(one), weights(expected)) == 0.0
    warnings = [text for text in said(of, "warning") if "MB are free" in text]
    assert len(warnings) == one.plan.total
    assert all("training goes on" in text for text in warnings)


def test_checkpoints_come_as_often_as_asked(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    saved = []
    one = loop(job())
    one_course = course(one, tmp_path, every=10.0)
    monkeypatch.setattr(one_course.keeper.store, "save", lambda state: saved.append(state.step))

    def advance(done, **fields):
        now[0] += 4.0

    one_course.advance, one_course.keeper.saved = advance, 0.0
    one_course.run_until(9)
    assert saved == [3, 6, 9]


def test_capturing_and_adopting_is_the_identity():
    one = loop(job(dropout=0.3, average="ema"))
    course(one).run_until(5)
    state = capture(one)
    kept = {name: value.clone() for name, value in state.tensors.items()}
    other = loop(job(dropout=0.3, average="ema"))
    adopt(other, state)
    again = capture(other)
    assert again.values == state.values
    assert again.tensors.keys() == kept.keys()
    assert all(torch.equal(again.tensors[name], value) for name, value in kept.items())


def test_a_resumed_training_keeps_the_plan_that_it_began_with():
    """Where the clock set the number of steps, a new measurement would set another, and another schedule with it."""
    one = loop(job())
    one.plan = replace(one.plan, total=7)
    steps(one, 3)
    state = capture(one)
    other = loop(job())
    other.plan = replace(other.plan, total=8)
    adopt(other, replace(state, tensors={name: value.clone() for name, value in state.tensors.items()}))
    assert other.plan.total == 7
    assert steps(other) == steps(one)


def test_two_trainings_by_turns_are_each_as_if_alone():
    """Drop-out is drawn from one stream per process; a race must not mix what its starts draw from it."""

    def alone(seed):
        one = loop(job(dropout=0.3, seed=seed))
        course(one).run_until(9)
        return one

    first, second = loop(job(dropout=0.3, seed=1)), loop(job(dropout=0.3, seed=2))
    courses = [course(first), course(second)]
    for step in (3, 5, 9):
        for one in courses:
            one.run_until(step)
    assert largest_gap(weights(first), weights(alone(1))) == 0.0
    assert largest_gap(weights(second), weights(alone(2))) == 0.0


def test_a_resumed_training_by_turns_goes_on_with_its_own_chance(tmp_path):
    expected = loop(job(dropout=0.3))
    course(expected, tmp_path).run_until(5)
    state = Checkpoints(tmp_path, KEY).latest().state
    course(expected).run_until(9)
    resumed = loop(job(dropout=0.3))
    adopt(resumed, state)
    other = loop(job(dropout=0.3, seed=2))
    course(other).run_until(4)
    course(resumed).run_until(9)
    assert largest_gap(weights(resumed), weights(expected)) == 0.0
