"""Scales, thinning, smoothing, and how numbers read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.pages.confusion import Confusion
from tunesmith.pages.curves import smoothed
from tunesmith.pages.drawing import Scale, thinned
from tunesmith.pages.markup import clipped, element, text
from tunesmith.pages.values import Reading, duration, falls, figure, number, odds, percent, plain, signed, spoken

reals = st.floats(-1e12, 1e12)


@given(st.lists(reals, max_size=6))
def test_a_scale_has_few_round_ticks_inside_it(values):
    scale = Scale.over(values, (0.0, 100.0))
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 7
    slack = (scale.high - scale.low) * 1e-3
    assert all(scale.low - slack <= at <= scale.high + slack for at, _ in ticks)
    assert all(-1e-6 <= scale(value) <= 100.000001 for value in values)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.0, 1000.0, ["0", "200", "400", "600", "800", "1,000"]),
        (-0.5, 0.5, ["−0.4", "−0.2", "0", "0.2", "0.4"]),
    ],
)
def test_ticks_read_as_a_person_would_write_them(low, high, labels):
    assert [words for _, words in Scale(low, high, 0.0, 1.0).ticks()] == labels


@given(st.lists(st.tuples(reals, reals), max_size=2000))
def test_thinning_keeps_few_points_and_the_range(points):
    kept = thinned(points, 50)
    assert len(kept) <= 50
    assert bool(kept) is bool(points)
    if points:
        heights = [height for _, height in points]
        assert all(min(heights) - 1e-3 <= height <= max(heights) + 1e-3 for _, height in kept)


def test_smoothing_of_a_constant_is_that_constant_from_the_first_step():
    assert [value for _, value in smoothed([(step, 2.0) for step in range(200)])] == pytest.approx([2.0] * 200)


def test_smoothing_lessens_the_noise_and_keeps_the_steps():
    noisy = [(float(step), float(step % 2)) for step in range(400)]
    result = smoothed(noisy)
    assert [step for step, _ in result] == [step for step, _ in noisy]
    assert all(0.3 < value < 0.7 for _, value in result[100:])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.912, "0.912"),
        (-3.25, "−3.250"),
        (12345.4, "12,345"),
        (0.0005, "0.0005"),
        (4.2e-5, "4.2e−05"),
        (0.0, "0.000"),
        (None, "—"),
    ],
)
def test_a_figure_has_few_digits(value, words):
    assert figure(value) == words


@pytest.mark.parametrize("value", [True, "0.9", None, float("nan"), float("inf"), [1], 10**400, 1e300])
def test_what_is_no_figure_is_none(value):
    assert number(value) is None


def test_readings_hold_what_is_there():
    assert str(Reading.of({"value": 0.912, "low": 0.89, "high": 0.931})) == "0.912 [0.890, 0.931]"
    assert str(Reading.of({"value": 0.9, "low": 0.8})) == "0.900"
    assert str(Reading.of(0.5)) == "0.500"
    assert Reading.of({"value": None, "reason": "no rows"}).reason == "no rows"
    assert Reading.of("broken").value is None


def test_words_for_numbers():
    assert [percent(share) for share in (0, 1, 0.5, 0.0941, 0.9999, 0.0001, None)] == [
        "0%", "100%", "50%", "9.4%", ">99.9%", "<0.1%", "—",
    ]  # fmt: skip
    assert [duration(seconds) for seconds in (3.24, 48, 93.1, 7500)] == ["3.2 s", "48 s", "1 min 33 s", "2 h 05 min"]
    assert [odds(p) for p in (0.0001, 0.0234, None)] == ["p < 0.001", "p = 0.023", ""]
    assert (signed(0.5), signed(-0.5), signed(None)) == ("+0.500", "−0.500", "—")
    assert (spoken("macro_f1"), spoken("linear_probe")) == ("macro F1", "linear probe")
    assert [plain(value) for value in (None, True, 19.9, ["a", 1], {"a": None}, [])] == [
        "—", "yes", "19.9", "a, 1", "a: —", "none",
    ]  # fmt: skip


def test_errors_fall_and_scores_rise():
    assert all(map(falls, ["mae", "RMSE", "log_loss", "hamming loss", "calibration_error"]))
    assert not any(map(falls, ["accuracy", "macro_f1", "r2", "auroc", "maestro"]))


def test_text_and_attributes_are_escaped():
    assert text("<a href='x'>&\x07") == "&lt;a href=&#x27;x&#x27;&gt;&amp;\ufffd"
    assert element("p", text("a"), class_='"><script>', title=None, x=2.50) == (
        '<p class="&quot;&gt;&lt;script&gt;" x="2.5">a</p>'
    )


def test_a_text_at_the_limit_is_not_clipped():
    assert "<details>" not in clipped("x" * 20, 20)
    assert "x" * 21 in clipped("x" * 21, 20)


@pytest.mark.parametrize(
    "broken",
    [None, {}, {"labels": ["a"], "counts": [[1, 2]]}, {"labels": ["a", "b"], "counts": [[1, 2]]}, {"labels": 3}],
)
def test_a_matrix_that_is_not_square_is_none(broken):
    assert Confusion.of(broken) is None


def test_confused_pairs_are_ranked_by_rows_then_share():
    matrix = Confusion.of({"labels": ["a", "b", "c"], "counts": [[90, 5, 0], [5, 10, 1], [0, 0, 7]]})
    assert matrix is not None
    assert matrix.pairs() == [(1, 0), (0, 1), (1, 2)]
    assert matrix.share(1, 0) == 5 / 16
