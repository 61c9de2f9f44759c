"""Columns that give the answer away, and good ones that do not."""

import numpy as np
import polars as pl
import pytest

from tunesmith.core.part import resolve
from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks._telling import classes_told, values_told
from tunesmith.parts.checks.leakage import Leakage, is_copy

ROWS = 400
CHANCE = np.random.default_rng(0)
LABELS = CHANCE.choice(["late", "lost", "broken"], ROWS, p=[0.6, 0.3, 0.1])
PRICES = CHANCE.lognormal(4, 1, ROWS)
TEXTS = [f"parcel {number} was a {CHANCE.choice(['good', 'poor', 'fair'])} one" for number in range(ROWS)]


def find(column, target=LABELS, task="classification", kind="category", left_out=False, **fields):
    data = Dataset.of(pl.DataFrame({"column": column, "target": target}, strict=False), "rows.csv")
    names = ("column",)
    inputs, out = ((), names) if left_out else (names, ())
    return Leakage(**fields).find(Table(data, inputs, "target", task, out, {"column": kind}))


def coded(codes):
    return [codes[label] for label in LABELS]


CODES = {"late": 7, "lost": 3, "broken": 11}
NOISY = [("lost" if label == "late" else "late") if at % 50 == 0 else label for at, label in enumerate(LABELS)]
FILLED = [f"note {at}" if label == "lost" else None for at, label in enumerate(LABELS)]
LOST = ["lost" if label == "lost" else "fine" for label in LABELS]


@pytest.mark.parametrize("copy", [LABELS, coded(CODES), coded({"late": "Q1", "lost": "Z", "broken": "ä"})])
def test_a_copy_in_any_writing_is_an_error(copy):
    (finding,) = find(copy)
    assert (finding.severity, finding.column, finding.rows, finding.count) == ("error", "column", (), ROWS)
    assert "it is the target 'target' in another writing" in finding.advice
    assert "leave it out of `inputs`" in finding.advice


def test_a_copy_with_one_exception_is_a_warning():
    (finding,) = find(["lost", *LABELS[1:]] if LABELS[0] != "lost" else ["late", *LABELS[1:]])
    assert finding.severity == "warning"


def test_a_copy_with_noise_is_found():
    (finding,) = find(NOISY)
    assert finding.severity == "warning"
    assert "column 'column': its value predicts 'target' alone (9" in finding.advice
    assert "33% by chance" in finding.advice


def test_more_noise_is_but_a_good_column():
    assert find([CHANCE.choice(list(CODES)) if at % 5 == 0 else label for at, label in enumerate(LABELS)]) == []


def test_a_number_with_noise_on_classes_is_found():
    (finding,) = find(np.array(coded({"late": 0, "lost": 10, "broken": 20})) + CHANCE.normal(size=ROWS), kind="number")
    assert "its value predicts" in finding.advice


@pytest.mark.parametrize("kind", ["text", "category"])
def test_what_is_filled_in_for_one_class_is_found(kind):
    (finding,) = find(FILLED, LOST, kind=kind)
    assert "whether it is filled predicts 'target' alone (100.0%" in finding.advice


def test_a_standard_remark_for_one_class_is_found():
    (finding,) = find([one or "none" for one in FILLED], LOST)
    assert "its value predicts" in finding.advice


def test_a_number_filled_in_for_one_class_is_found():
    (finding,) = find([1.0 * at if label == "lost" else None for at, label in enumerate(LABELS)], LOST, kind="number")
    assert "whether it is filled" in finding.advice


@pytest.mark.parametrize("write", [int, "A-{:06}".format])
def test_an_id_in_the_order_of_the_classes_is_found(write):
    rank = pl.Series(LABELS).rank("ordinal").to_list()
    (finding,) = find([write(one + 1000) for one in rank])
    assert finding.severity == "warning"
    (finding,) = find([write(one + 1000) for one in rank], left_out=True)
    assert (finding.severity, "no input already" in finding.advice) == ("info", True)


@pytest.mark.parametrize(
    "write", ["{1} label={0}", "[{0}] {1}", "{1} (state: {0}), thanks", "{1} the {0} case of mine " + "x" * 3000]
)
def test_the_answer_in_the_text_is_found(write):
    texts = [write.format(label, text) for label, text in zip(LABELS, TEXTS, strict=True)]
    (finding,) = find(texts, kind="text")
    assert finding.severity == "warning"
    assert "column 'column': " in finding.advice


def test_a_word_that_only_one_class_has_is_found_by_name():
    marks = coded({"late": "zorn", "lost": "quaf", "broken": ""})
    (finding,) = find([f"{text[:12]} {mark} {text[12:]}" for text, mark in zip(TEXTS, marks, strict=True)], kind="text")
    assert "'zorn'" in finding.advice
    assert "'quaf'" in finding.advice


@pytest.mark.parametrize("kind", ["text", "category"])
def test_texts_that_differ_in_every_row_tell_nothing(kind):
    assert find(TEXTS, kind=kind) == []


def test_every_row_of_its_own_tells_nothing_of_two_classes():
    assert find(list(map(str, range(1000, 1000 + ROWS))), LOST) == []


@pytest.mark.parametrize("factor", [1, -0.001])
def test_a_number_in_another_unit_is_an_error(factor):
    (finding,) = find(PRICES * factor + 32, PRICES, "regression", "number")
    assert finding.severity == "error"


@pytest.mark.parametrize("change", [np.log, np.sqrt, lambda one: one + 0.05 * one.std() * CHANCE.normal(size=ROWS)])
def test_a_later_value_of_the_target_is_found(change):
    (finding,) = find(change(PRICES), PRICES, "regression", "number")
    assert finding.severity == "warning"
    assert "R2 0.9" in finding.advice


def test_a_good_number_is_left_alone():
    assert find(PRICES + 0.5 * PRICES.std() * CHANCE.normal(size=ROWS), PRICES, "regression", "number") == []


def test_one_far_row_does_not_make_a_leak():
    far = np.zeros(ROWS)
    far[7] = 1e9
    assert find(CHANCE.normal(size=ROWS) + far, CHANCE.normal(size=ROWS) + far, "regression", "number") == []


@pytest.mark.parametrize("values", [PRICES, np.arange(ROWS) * 13 % 997])
def test_the_number_asked_for_in_the_text_is_found(values):
    texts = [f"sold {text} for {value}" for text, value in zip(TEXTS, values.tolist(), strict=True)]
    (finding,) = find(texts, values, "regression", "text")
    assert "the very number that is asked for" in finding.advice


def test_small_numbers_stand_in_many_texts_by_chance():
    ratings = CHANCE.integers(1, 3, ROWS)
    assert find([f"{text} 1 or 2 of 5" for text in TEXTS], ratings, "regression", "text") == []


@pytest.mark.parametrize("as_text", [False, True])
def test_a_column_that_tells_one_of_several_labels_is_found(as_text):
    labels = [[name for name in ("a", "b") if CHANCE.random() < 0.5] for _ in range(ROWS)]
    flags = ["yes" if "b" in one else "no" for one in labels]
    target = [";".join(one) for one in labels] if as_text else labels
    (finding,) = find(flags, target, "multilabel")
    assert "the label 'b' of 'target' alone" in finding.advice
    texts = [f"{text} {'b' if 'b' in one else 'c'}" for text, one in zip(TEXTS, labels, strict=True)]
    assert find(texts, target, "multilabel", "text") == []


def test_rows_in_the_order_of_the_target_are_told():
    order = np.argsort(LABELS, kind="stable")
    (finding,) = find(np.array(TEXTS)[order], LABELS[order], kind="text")
    assert (finding.severity, finding.column) == ("info", "target")
    assert "the rows stand in the order of 'target'" in finding.advice


def test_few_rows_say_nothing():
    assert find(LABELS[:29], LABELS[:29]) == []
    assert find(LABELS[:29], LABELS[:29], rows=20) != []


def test_rows_without_a_target_and_tiny_classes_count_nothing():
    target = [None if at % 2 else label for at, label in enumerate(LABELS)]
    target[0] = "unheard of"
    (finding,) = find(["x" if label is None else label for label in target], target)
    assert finding.count < ROWS / 2


def test_many_rows_are_sampled():
    many = np.tile(LABELS, 10)
    (finding,) = find(np.tile(NOISY, 10), many, sample=1000)
    assert finding.count <= 1000


def test_images_are_not_read_by_their_path():
    assert find([f"{label}/{at}.png" for at, label in enumerate(LABELS)], kind="image") == []


def test_fields_are_read_from_the_recipe():
    check = resolve("parts.checks", {"kind": "leakage", "score": 0.8})
    assert isinstance(check, Leakage)
    data = Dataset.of(pl.DataFrame({"column": NOISY, "target": LABELS}), "rows.csv")
    assert check.find(Table(data, ("column",), "target", "classification"))
    assert not Leakage(score=0.999).find(Table(data, ("column",), "target", "classification"))


def test_classes_told_leaves_each_row_out():
    labels = np.array([0, 0, 1, 1, 1, 1])
    assert classes_told(labels, labels) == 1.0
    assert classes_told(np.arange(6), labels) == 0.5
    assert classes_told(np.zeros(6, np.int64), labels) == 0.5
    assert classes_told(np.array([0, 0, 0, 1, 1, 1]), labels) == pytest.approx((1 + 3 / 4) / 2)


def test_values_told_leaves_each_row_out():
    values = np.array([1.0, 1.0, 5.0, 5.0])
    assert values_told(np.array([0, 0, 1, 1]), values) == 1.0
    assert values_told(np.arange(4), values) == 0.0
    assert values_told(np.zeros(4, np.int64), values) == 0.0
    by_hand = 1 - (1 + 1 + (16 / 9) * (4 + 9)) / ((16 / 9) * (9 + 4 + 4 + 9))
    assert values_told(np.array([0, 0, 1, 2]), np.array([0.0, 1.0, 5.0, 6.0])) == pytest.approx(by_hand)


def test_copies_by_chance_are_none():
    assert not is_copy(pl.Series(range(20)), pl.Series(list("abcdefghijklmnopqrst")))
    assert not is_copy(pl.Series(["a"] * 20), pl.Series(["x"] * 20))
    assert not is_copy(pl.Series([1.0, None] * 10), pl.Series([1.0, 0.0] * 10))
