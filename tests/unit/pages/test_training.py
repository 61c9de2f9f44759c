"""The section on training: curves, expectation beside outcome, the monitor's words; nothing for a fitted base."""

from __future__ import annotations

import copy
import re

import pytest

from tunesmith.pages import render, sentence
from tunesmith.pages.account import CALM
from tunesmith.pages.curves import Best, threshold_curve
from unit.pages.sample_reports import Page, classification

FITTED = classification() | {
    "training": {},
    "curves": {"steps": [], "validations": [{"step": 1, "epoch": 1.0, "loss": 0.4, "is_best": True}]},
}
HOW = {"seeds": 3, "average": "ema", "optimizer": {"learning_rate": "probe"}}


def changed(**happened):
    """Return the sample with these values of what happened."""
    report = copy.deepcopy(classification())
    report["training"]["happened"] |= happened
    return report


def section(report):
    """Return the page's text from the heading of the section to that of the next."""
    text = Page(render(report)).text
    return text[text.index("Training", text.index("Measured on the test rows")) : text.index("Precision, recall")]


def test_expectation_stands_beside_outcome():
    text = section(classification())
    assert (
        "40 of 60 steps in 2 min 5 s (1 min 3 s expected), best at step 40, 2 weights averaged, 1 step skipped." in text
    )
    assert "Steps 60 40 stopped early" in text
    assert "Time 1 min 3 s 2 min 5 s" in text
    assert "Memory 1.4 GB 2.3 GB" in text


def test_what_was_chosen_is_named():
    text = section(classification() | {"environment": {"device": "cpu", "precision": "bf16 (3.0x)", "threads": "2"}})
    chosen = ("Peak learning rate 2e−05", "Seed 7", "the average of 2 validations", "Steps skipped, not finite 1")
    assert all(words in text for words in chosen), text
    assert all(words in text for words in ("Device cpu", "Precision of training bf16 (3.0x)", "Threads 2"))
    assert "this process held" in text


def test_a_race_of_seeds_is_not_held_against_the_time_of_one_start():
    text = section(classification() | {"recipe": {"train": HOW}})
    assert "1 min 3 s expected for each of 3 starts" in text
    assert "1 min 3 s one start 2 min 5 s all 3 starts" in text
    assert "Seed 7 (the best of 3 starts by validation)" in text
    assert "Weights kept a running average" in text
    assert "2e−05 (found by the probe)" in text


def test_little_memory_is_not_told_as_none():
    report = classification()
    report["training"]["expected"]["memory_bytes"] = 5 << 20
    assert "Memory 5 MB 2.3 GB" in Page(render(report)).text


def test_the_best_points_label_stands_above_the_curve():
    points = [(0.0, 0.1), (0.5, 0.9), (1.0, 0.2)]
    drawn = threshold_curve("F1", "F1", points, Best(0.5, 0.9))
    peak = min(float(point.split(",")[1]) for point in re.search('points="([^"]+)"', drawn)[1].split())
    label = float(re.search(r'y="([\d.]+)"[^>]*>F1 0.900 from', drawn)[1])
    assert 8 < label < peak - 10


def test_memory_of_a_gpu_is_told_as_such():
    assert "the most that torch held on the device" in section(classification() | {"environment": {"device": "cuda:0"}})


def test_a_remark_is_a_sentence_with_its_step_and_its_advice():
    text = section(classification())
    assert "loss spike step 31 The loss jumped to 2.1; the median of the steps before was 0.4." in text
    assert "Lower the learning rate (here 2e-05), or look at this step's rows." in text
    assert CALM not in text


def test_nothing_to_say_is_said_in_words():
    report = classification()
    report["training"]["remarks"] = []
    assert CALM in section(report)


@pytest.mark.parametrize("broken", [None, "none", {"kind": "plateau"}])
def test_no_remarks_recorded_is_not_taken_for_a_calm_run(broken):
    report = classification()
    report["training"]["remarks"] = broken
    assert CALM not in section(report)


def test_many_remarks_are_cut():
    report = classification()
    report["training"]["remarks"] *= 25
    assert "and 5 more, not shown here" in section(report)


def test_the_best_step_is_marked_in_loss_and_metric_and_the_rate_has_a_curve():
    labels = Page(render(classification())).labels()
    assert "Best at step 40." in next(one for one in labels if one.startswith("Loss over the steps"))
    assert "Best 0.914 at step 40." in next(one for one in labels if one.startswith("Validation accuracy"))
    assert any(one.startswith("Learning rate over the steps") for one in labels)


def test_without_a_best_validation_nothing_is_ringed():
    report = classification() | {"decision": None}
    for one in report["curves"]["validations"]:
        one["is_best"] = False
    assert "ring" not in {attributes.get("class") for _, attributes in Page(render(report)).tags}
    assert "best at step" not in section(report)


def test_training_loss_and_key_of_a_validation_are_no_metric():
    report = classification() | {"primary": "missing"}
    report["curves"]["validations"] = [{"step": at, "train_loss": 0.3, "key": 1.0} for at in (1, 2)]
    assert not any(one.startswith("Validation") for one in Page(render(report)).labels())


def test_a_fitted_base_has_no_such_section():
    page = Page(render(FITTED))
    assert "training" not in page.anchors
    assert "Not recorded" not in page.text
    assert sentence(FITTED) == ""


def test_a_report_of_before_shows_its_curves_and_names_what_it_lacks():
    old = classification()
    del old["training"]
    page = Page(render(old))
    assert "training" in page.anchors
    assert any(one.startswith("Loss over the steps") for one in page.labels())
    assert "Not recorded, so not shown: what training was expected to take." in page.text
    assert "What the monitor saw" not in page.text
    assert sentence(old) == ""


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        ({"steps": 60, "averaged_weights": 1, "skipped_steps": 0}, "60 steps in 2 min 5 s (1 min 3 s expected), best"),
        ({"seconds": None}, "40 of 60 steps, best at step 40"),
        ({"seconds": -1}, "40 of 60 steps, best at step 40"),
        ({"skipped_steps": 3}, "3 steps skipped"),
        ({"steps": "many"}, ""),
    ],
)
def test_the_line_says_what_there_is(happened, words):
    line = sentence(changed(**happened))
    assert line.startswith(words) or line.endswith(words)
    assert bool(line) is bool(words)


@pytest.mark.parametrize("side", ["expected", "happened"])
@pytest.mark.parametrize("broken", [None, [], 3, {}, {"steps": None, "seconds": -1, "memory_bytes": "x", "seed": []}])
def test_a_broken_side_leaves_the_page(side, broken):
    report = classification()
    report["training"][side] = broken
    assert "Against baselines" in Page(render(report)).text
    sentence(report)
