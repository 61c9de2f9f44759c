"""Each kind of remark: a curve that shows it, a near miss that must not, and healthy curves that say nothing."""

import json
import math

import numpy as np
import pytest

from tunesmith.core.errors import VerificationError
from tunesmith.training.monitor import Monitor

START = 1.1
RATE = 2e-4


def kinds(remarks):
    return [one.kind for one in remarks]


def steps(monitor, losses, *, norm=0.5, rate=RATE, first=1):
    return [one for at, loss in enumerate(losses, first) for one in monitor.step(at, loss, rate, norm)]


def begun(**known):
    """Return a monitor that heard ten steps at the start's loss."""
    monitor = Monitor(**known)
    steps(monitor, [START] * 10)
    return monitor


def validations(monitor, train, validation, merits=None):
    merits = merits or [0.5] * len(train)
    remarks = []
    for at, (low, high, merit) in enumerate(zip(train, validation, merits, strict=True), start=1):
        remarks += monitor.validation(100 * at, at / 2, low, high, merit, merit)
    return remarks


FALLING = [0.9, 0.6, 0.4, 0.3, 0.2]


def test_overfitting_is_told_once_at_the_second_rise():
    monitor = begun()
    remarks = validations(monitor, [*FALLING, 0.1, 0.05], [0.95, 0.7, 0.6, 0.68, 0.72, 0.8, 0.9])
    assert kinds(remarks) == ["overfitting"]
    assert remarks[0].step == 500
    assert "since step 300 (epoch 1.5)" in remarks[0].text
    assert "from 0.6 to 0.72" in remarks[0].text
    assert "l2_sp" in remarks[0].advice


def test_overfitting_tells_where_the_metric_gains_all_the_same():
    remarks = validations(begun(), FALLING, [0.95, 0.7, 0.6, 0.68, 0.72], [0.5, 0.6, 0.7, 0.75, 0.8])
    assert kinds(remarks) == ["overfitting"]
    assert "metric still gained, 0.7 to 0.8" in remarks[0].text


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (FALLING, [0.95, 0.7, 0.6, 0.62, 0.64]),  # a rise within the noise
        (FALLING, [0.95, 0.7, 0.6, 0.70, 0.61]),  # one rise alone
        ([0.9, 0.6, 0.4, 0.5, 0.6], [0.95, 0.7, 0.6, 0.7, 0.8]),  # training rises, too: that is another trouble
        (FALLING, [0.95, 0.8, 0.75, 0.72, 0.71]),  # a gap that grows while validation still gains
    ],
)
def test_what_is_no_overfitting(train, validation):
    assert validations(begun(), train, validation) == []


def test_overfitting_may_come_again_after_a_new_best():
    train = [*FALLING, 0.1, 0.08, 0.06, 0.04]
    remarks = validations(begun(), train, [0.95, 0.7, 0.6, 0.7, 0.8, 0.5, 0.7, 0.7, 0.7])
    assert kinds(remarks) == ["overfitting", "overfitting"]


def test_a_plateau_is_told_once():
    monitor = begun()
    remarks = validations(monitor, [0.9] + [0.6] * 9, [0.9] + [0.7] * 9)
    assert kinds(remarks) == ["plateau"]
    assert remarks[0].step == 700
    assert "since step 200, 5 validations ago" in remarks[0].text


@pytest.mark.parametrize(
    ("losses", "merits"),
    [
        ([0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.65], None),  # a gain just in time
        ([0.7] * 8, [0.5, 0.5, 0.5, 0.51, 0.51, 0.51, 0.51, 0.52]),  # the metric gains, the loss does not
        ([0.01] * 9, None),  # nothing is left to gain
        ([0.7 - 0.0009 * at for at in range(12)], None),  # each gain is small, yet they add up
    ],
)
def test_what_is_no_plateau(losses, merits):
    assert validations(begun(), [0.5] * len(losses), losses, merits) == []


def test_an_undefined_metric_is_no_gain_and_no_trouble():
    monitor = begun()
    remarks = validations(monitor, [0.6] * 7, [0.7] * 7, [math.nan, -math.inf] * 3 + [math.nan])
    assert kinds(remarks) == ["plateau"]
    json.dumps(monitor.state(), allow_nan=False)


def wobble(count, level=0.4, seed=0):
    return (level * np.random.default_rng(seed).lognormal(0.0, 0.2, count)).tolist()


def test_a_spike_is_told_with_its_figures():
    monitor = begun()
    assert steps(monitor, wobble(60), first=11) == []
    remarks = steps(monitor, [3.0], first=71)
    assert kinds(remarks) == ["loss_spike"]
    assert remarks[0].step == 71
    assert "jumped to 3" in remarks[0].text
    assert "0.0002" in remarks[0].advice


def test_a_spike_of_many_steps_is_one_and_a_later_one_another():
    monitor = begun()
    steps(monitor, wobble(60), first=11)
    assert kinds(steps(monitor, [3.0, 3.2, 2.5, *wobble(60)], first=71)) == ["loss_spike"]
    assert kinds(steps(monitor, [3.0], first=200)) == ["loss_spike"]


def test_a_spike_while_the_rate_rises_is_a_matter_of_warm_up():
    monitor = begun()
    for at, loss in enumerate(wobble(40), start=11):
        assert monitor.step(at, loss, RATE * (1 + at), 0.5) == []
    remarks = monitor.step(51, 3.0, RATE * 60, 0.5)
    assert "warm-up" in remarks[0].advice


@pytest.mark.parametrize(
    ("before", "loss"),
    [
        (wobble(60), 0.65),  # high, yet of the same height as the noise
        ([0.01, 0.011, 0.009] * 20, 0.2),  # many deviations, yet one hard row at the end of training can do that
        (wobble(5), 3.0),  # too few steps to know the noise
        (wobble(60), math.nan),  # the guards' part
    ],
)
def test_what_is_no_spike(before, loss):
    monitor = begun()
    steps(monitor, before, first=11)
    assert steps(monitor, [loss], first=11 + len(before)) == []


@pytest.mark.parametrize(("norm", "kind"), [(12.0, "exploding_gradient"), (1e-8, "vanishing_gradient")])
def test_a_bad_gradient_is_told_once(norm, kind):
    monitor = Monitor(clip=1.0)
    remarks = steps(monitor, [START] * 120, norm=norm)
    assert kinds(remarks) == [kind]
    assert remarks[0].step == 20
    steps(monitor, [START] * 60, first=121)
    assert kinds(steps(monitor, [START] * 60, norm=norm, first=181)) == [kind]


@pytest.mark.parametrize(("norm", "clip"), [(9.0, 1.0), (12.0, None), (1e-6, 1.0), (0.0, 1.0)])
def test_what_is_no_bad_gradient(norm, clip):
    monitor = Monitor(clip=clip)
    often = 0.8 if norm == 0.0 else 1.0  # a loss with a flat part has a gradient of nothing now and then
    norms = [norm if at % 10 < 10 * often else 1.0 for at in range(100)]
    assert [one for at, size in enumerate(norms, 1) for one in monitor.step(at, START, RATE, size)] == []


def test_a_gradient_that_is_not_finite_counts_as_exploding():
    assert kinds(steps(Monitor(clip=1.0), [START] * 30, norm=math.inf)) == ["exploding_gradient"]
    assert kinds(steps(Monitor(), [START] * 30, norm=math.nan)) == ["exploding_gradient"]


def answers(share, rows=100):
    """Return outputs (rows, 3), of which a share answers class 1."""
    noise = np.random.default_rng(0).normal(0, 0.1, (rows, 3))
    noise[np.arange(rows), [1 if at < share * rows else 2 * (at % 2) for at in range(rows)]] += 2.0
    return noise


def test_a_collapse_to_one_class_is_told_at_the_second_look():
    monitor = Monitor(majority_share=0.4)
    assert monitor.outputs(answers(1.0), "class") == []
    remarks = monitor.outputs(answers(1.0), "class")
    assert kinds(remarks) == ["collapse"]
    assert "100.0% of the 100 validation rows are given one class, number 1" in remarks[0].text
    assert "truly has 40.0%" in remarks[0].text
    assert monitor.outputs(answers(1.0), "class") == []


@pytest.mark.parametrize(
    ("outputs", "majority", "form"),
    [
        (answers(0.97), 0.4, "class"),
        (answers(1.0), 0.97, "class"),  # nearly all rows truly are of one class
        (answers(1.0), 0.4, "classes"),  # each column is a question of its own
        (answers(1.0, rows=15), 0.4, "class"),  # so few rows may be alike
        (answers(1.0)[:, :1], None, "value"),
        (np.full((100, 3), np.nan), 0.4, "class"),  # the guards' part
    ],
)
def test_what_is_no_collapse(outputs, majority, form):
    monitor = Monitor(majority_share=majority)
    assert [monitor.outputs(outputs, form) for _ in range(3)] == [[], [], []]


def test_a_collapse_that_goes_away_between_two_looks_is_none():
    monitor = Monitor()
    for share in (1.0, 0.5, 1.0, 0.5):
        assert monitor.outputs(answers(share), "class") == []


@pytest.mark.parametrize("form", ["class", "classes", "value"])
def test_outputs_without_spread_are_told(form):
    outputs = np.random.default_rng(0).normal(size=(50, 1 if form == "value" else 3))
    monitor = Monitor()
    assert monitor.outputs(outputs, form) + monitor.outputs(outputs, form) == []
    outputs[:, 0] = 0.3 + 1e-5 * np.arange(50)
    assert monitor.outputs(outputs, form) == []
    remarks = monitor.outputs(outputs, form)
    assert kinds(remarks) == ["dead_outputs"]
    assert f"1 of {outputs.shape[1]} outputs are the same for all 50 validation rows: 0" in remarks[0].text
    outputs[:, 0] *= 100
    assert monitor.outputs(outputs, form) == []


def test_many_outputs_without_spread_are_not_all_named():
    monitor = Monitor()
    monitor.outputs(np.zeros((50, 77)), "classes")
    assert monitor.outputs(np.zeros((50, 77)), "classes")[0].text.endswith("0, 1, 2, 3, 4, ...")


def test_outputs_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(30,\)"):
        Monitor().outputs(np.zeros(30), "value")


def test_a_training_that_stopped_on_the_way_down_is_told_at_the_end():
    monitor = begun()
    assert validations(monitor, [1.0, 0.9, 0.75, 0.6], [1.0, 0.9, 0.8, 0.7]) == []
    remarks = monitor.closing()
    assert kinds(remarks) == ["underfitting"]
    assert "by 0.15 to 0.6" in remarks[0].text
    assert "0.0002" in remarks[0].advice
    assert monitor.closing() == []


def test_a_training_that_learnt_next_to_nothing_is_told_at_the_end():
    monitor = begun(trivial_loss=1.0)
    validations(monitor, [1.0, 0.97], [1.0, 0.98])
    assert "an answer that ignores the rows has 1" in monitor.closing()[0].text
    monitor = begun()
    validations(monitor, [1.09], [1.0])
    assert "it began at 1.1" in monitor.closing()[0].text


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ([0.9, 0.5, 0.35, 0.3], [0.9, 0.6, 0.5, 0.45]),  # it has slowed down
        ([1.0, 0.9, 0.75, 0.6], [1.0, 0.9, 0.95, 0.92]),  # still falling, but validation follows no more
        ([1.0, 0.8, 0.5], [1.0, 0.9, 0.8]),  # too few validations to tell
    ],
)
def test_what_is_no_underfitting(train, validation):
    monitor = begun(trivial_loss=1.1)
    validations(monitor, train, validation)
    assert monitor.closing() == []


def test_nothing_heard_is_nothing_said():
    assert Monitor().closing() == []
    assert Monitor().validation(10, 1.0, 0.5, 0.4, 0.9, 0.9) == []
    assert Monitor().validation(10, 1.0, math.nan, 0.4, 0.9, 0.9) == []


def healthy(seed, monitor):
    """Train in thought: noisy exponential decay to a floor, twelve validations. Yield all that is said."""
    draw = np.random.default_rng(seed)
    floor, pace = START * draw.uniform(0.02, 0.3), draw.uniform(2.5, 6.0)
    total, marks = 600, 12
    curve = floor + (START - floor) * np.exp(-pace * np.arange(total) / total)
    losses = curve * draw.lognormal(0.0, 0.25, total)
    truth = draw.integers(0, 3, 200)
    for at in range(total):
        rate = RATE * min((at + 1) / 60, (total - at) / 540)
        yield from monitor.step(at + 1, losses[at], rate, draw.lognormal(0.5, 0.7))
        if (at + 1) % (total // marks) == 0:
            level = 1.05 * curve[at] * draw.normal(1.0, 0.02)
            right = 1 - 0.5 * level / START
            train = losses[at + 1 - total // marks : at + 1].mean()
            yield from monitor.validation(at + 1, 6 * (at + 1) / total, train, level, right, right)
            outputs = draw.normal(0, 1.0, (200, 3)) + right * np.eye(3)[truth]
            yield from monitor.outputs(outputs, "class")
    yield from monitor.closing()


def test_healthy_curves_are_left_alone():
    noisy = [kinds(healthy(seed, Monitor(1.0, START, 0.35))) for seed in range(100)]
    spoken = [one for one in noisy if one]
    assert len(spoken) <= 0.05 * len(noisy), spoken


def rough(monitor):
    """Feed one of everything, and yield what is said."""
    yield from steps(monitor, wobble(40, START), norm=12.0)
    yield from steps(monitor, [4.0], norm=12.0, first=41)
    yield from validations(monitor, [0.9, 0.6, 0.4], [0.95, 0.7, 0.6])
    yield from monitor.outputs(np.zeros((50, 3)), "class")


def finish(monitor):
    yield from steps(monitor, [4.0, *wobble(20)], norm=12.0, first=42)
    yield from validations(monitor, [0.3, 0.2, 0.1, 0.1, 0.1, 0.1], [0.7, 0.8, 0.9, 0.9, 0.9, 0.9])
    yield from monitor.outputs(np.zeros((50, 3)), "class")
    yield from monitor.closing()


def test_a_monitor_that_is_restored_goes_on_as_if_nothing_had_happened():
    straight, broken = Monitor(1.0, START, 0.4), Monitor(1.0, START, 0.4)
    assert list(rough(straight)) == list(rough(broken))
    again = Monitor.restore(json.loads(json.dumps(broken.state(), allow_nan=False)))
    expected = list(finish(straight))
    assert {"dead_outputs", "collapse", "overfitting"} <= set(kinds(expected))
    assert list(finish(again)) == expected
    assert again.state() == straight.state()


def test_the_state_does_not_grow_with_the_steps():
    monitor = Monitor()
    steps(monitor, wobble(200))
    size = len(json.dumps(monitor.state()))
    steps(monitor, wobble(800), first=201)
    assert len(json.dumps(monitor.state())) < 1.1 * size


@pytest.mark.parametrize("change", [{"recent": ["much"]}, {"mood": 1}, {"validations": [{"step": 1}]}, {"step": None}])
def test_a_state_that_is_none_is_refused_with_a_remedy(change):
    with pytest.raises(VerificationError, match=f"{next(iter(change))}.*resume from another checkpoint"):
        Monitor.restore(Monitor().state() | change)


def test_a_remark_is_json():
    monitor = Monitor()
    remarks = [*monitor.outputs(np.zeros((50, 3)), "class"), *monitor.outputs(np.zeros((50, 3)), "class")]
    shown = remarks[0].as_json()
    assert json.loads(json.dumps(shown)) == shown
    assert set(shown) == {"kind", "step", "text", "advice"}
    assert all(one.advice and "{" not in one.text + one.advice for one in remarks)
